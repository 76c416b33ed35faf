# SPDX-License-Identifier: BSD-3-Clause
"""Labels, answers and entities: text-embeddings-inference's /predict, Weaviate's /answers and /ner, Hugging Face's tasks at /.

The numbers are those of transformers' pipelines and of Weaviate's container (test/golden/make-answers, make-heads)."""
import json
import math
import os
import subprocess

from check_rerank import RERANKER, close, pairs, post, sigmoid
from daemon import Daemon

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden")
LABELS = os.path.join(GOLDEN, "heads", "sequence-distilbert")
READER = os.path.join(GOLDEN, "heads", "reader-roberta")
QNA = os.path.join(GOLDEN, "answers", "reader-bert")
TAGGER = os.path.join(GOLDEN, "heads", "ner-bert")


def golden(name):
    with open(os.path.join(GOLDEN, name)) as f:
        return json.load(f)["cases"]


def by_label(labels):
    return {x["label"]: x["score"] for x in labels}


def softmax(logits):
    exps = [math.exp(x - max(logits)) for x in logits]
    return [x / sum(exps) for x in exps]


def check_predict(check):
    cases = [c for c in golden("heads/sequence-distilbert/expected.json") if c["max_tok"] == 40]
    check("cases", len(cases) >= 2, len(cases))
    with Daemon(check.binary, LABELS) as d:
        batch = d.ask(post("/predict", {"inputs": [c["texts"] for c in cases]}))
        check("a batch is nested", batch.status == 200 and len(batch.json) == len(cases), batch)
        for c, one in zip(cases, batch.json):
            n, want = len(c["logits"]), softmax(c["logits"])
            a = d.ask(post("/predict", {"inputs": c["texts"] if len(c["texts"]) == 2 else c["texts"][0]}))
            check("alone it is flat, and the same", a.json == one, (a, one))
            check("all labels, best first", len(one) == n and [x["score"] for x in one] == sorted((x["score"] for x in one), reverse=True), one)
            check("their scores", all(close(by_label(one)[f"LABEL_{i}"], x) for i, x in enumerate(want)), (one, want))
            raw = d.ask(post("/predict", {"inputs": c["texts"], "raw_scores": True})).json
            check("raw", all(close(by_label(raw)[f"LABEL_{i}"], x) for i, x in enumerate(c["logits"])), (raw, c["logits"]))
        a = d.ask(post("/predict", {"inputs": ["a"]}))
        check("a list of one text is one input", a.json == d.ask(post("/predict", {"inputs": "a"})).json, a)
        for name, body, status, word in (("nothing", {}, 422, "inputs"), ("an empty list", {"inputs": []}, 400, "at least one"), ("three texts", {"inputs": ["a", "b", "c"]}, 422, "a pair"),
                                         ("an empty item", {"inputs": [["a"], []]}, 422, "inputs[1]"), ("a string among lists", {"inputs": [["a"], "b"]}, 422, "inputs[1]: an array of strings"),
                                         ("a number in the third item", {"inputs": [["a"], ["b", "c"], [1]]}, 422, "inputs[2]: a string is needed here, not a number"),
                                         ("a number as a second text", {"inputs": [["a"], ["b", 1]]}, 422, "inputs[1]: a string"), ("three texts of an item", {"inputs": [["a"], ["a", "b", "c"]]}, 422, "inputs[1]: a text, or a pair"),
                                         ("a long one among them", {"inputs": [["a"], ["many words " * 500]], "truncate": False}, 422, "truncate is false"),
                                         ("a number", {"inputs": 1}, 422, "inputs: a string is needed here, not a number"), ("too long", {"inputs": "many words " * 500, "truncate": False}, 422, "truncate is false")):
            a = d.ask(post("/predict", body))
            check(name, a.status == status and set(a.json) == {"error", "error_type"} and word in a.json["error"], a)
        a = d.ask(post("/predict", {"inputs": [["a", ""], ["a"], [None], [""], ["d\u00e9j\u00e0 \U0001f600"]]})).json
        check("an empty second text makes a pair, null is an empty text", len(a) == 5 and a[0] != a[1] and a[2] == a[3], a)
        check("escapes", a[4] == d.ask(post("/predict", {"inputs": "d\u00e9j\u00e0 \U0001f600"})).json, a[4])
        a = d.ask(post("/", {"inputs": "a", "parameters": {}})).json
        check("at /, one text is nested", len(a) == 1 and by_label(a[0]) == by_label(d.ask(post("/predict", {"inputs": "a"})).json), a)
        a = d.ask(post("/", {"inputs": ["a", "b c"], "parameters": {"top_k": 1, "function_to_apply": "none"}})).json
        check("top_k, function_to_apply", [len(x) for x in a] == [1, 1] and a[0][0] == d.ask(post("/predict", {"inputs": "a", "raw_scores": True})).json[0], a)
        a = d.ask(post("/", {"inputs": "a", "parameters": {"function_to_apply": "relu"}}))
        check("another function", a.status == 422 and "parameters.function_to_apply" in a.json["error"], a)
        a = d.ask(post("/rerank", {"query": "a", "texts": ["a"]}))
        check("no reranker", a.status == 424 and "classification" in a.json["error"], a)
    with Daemon(check.binary, RERANKER) as d:
        (query, text), logit = pairs()[0]
        a = d.ask(post("/predict", {"inputs": [query, text]})).json
        check("a reranker has one label", len(a) == 1 and close(a[0]["score"], sigmoid(logit)), a)
    with Daemon(check.binary, check.model) as d:
        a = d.ask(post("/predict", {"inputs": "a"}))
        check("an embedder", a.status == 424 and a.json["error_type"] == "Backend", a)


def same_answer(got, want):
    text, score, begin, end = want
    return got["answer"] == text and close(got["score"], score) and (got["start"], got["end"]) == (begin, end)


def check_answers(check):
    cases = [c for c in golden("answers/read.json") if c["model"] == "heads/reader-roberta"]
    check("cases", len(cases) >= 5, len(cases))
    with Daemon(check.binary, READER) as d:
        for c in cases:
            for ask in c["asks"]:
                a = d.ask(post("/", {"inputs": {"question": c["question"], "context": c["context"]}, "parameters": ask["params"]}))
                got = a.json if isinstance(a.json, list) else [a.json]
                check(f"{ask['params']}", a.status == 200 and len(got) == len(ask["answers"]) and all(same_answer(x, y) for x, y in zip(got, ask["answers"])), (a, ask))
            want = next(ask["answers"][0] for ask in c["asks"] if ask["params"] == {})
            a = d.ask(post("/answers/", {"text": c["context"], "question": c["question"]}))
            check("Weaviate's shape", set(a.json) == {"text", "question", "answer", "certainty"} and a.json["text"] == c["context"] and a.json["question"] == c["question"], a)
            check("the pipeline's answer", a.json["answer"] == want[0] and close(a.json["certainty"], want[1]) and want[0] in c["context"], (a, want))
        for body in ({"text": "", "question": "who?"}, {"text": "a", "question": None}):
            a = d.ask(post("/answers", body))
            check("without a text or question", a.status == 200 and a.json["answer"] is a.json["certainty"] is None and a.json["text"] == body["text"], a)
        a = d.ask(post("/answers", {"question": "who?"}))
        check("no text", a.status == 422 and "text: the field is missing" == a.json["error"], a)
        for name, body, word in (("no context", {"inputs": {"question": "a"}}, "context"), ("neither", {"inputs": {"a": "b"}}, "question and context"),
                                 ("top_k", {"inputs": {"question": "a", "context": "b"}, "parameters": {"top_k": 0}}, "parameters.top_k"),
                                 ("parameters", {"inputs": {"question": "a", "context": "b"}, "parameters": []}, "an object")):
            a = d.ask(post("/", body))
            check(name, a.status == 422 and word in a.json["error"], a)
        a = d.ask(post("/", {"inputs": "a"}))
        check("a text alone", a.status == 424 and "question answering" in a.json["error"], a)
    with Daemon(check.binary, check.model) as d:
        a = d.ask(post("/answers/", {"text": "a", "question": "b"}))
        check("an embedder", a.status == 404 and isinstance(a.json["error"], str), a)
        a = d.ask(post("/", {"inputs": {"question": "a", "context": "b"}}))
        check("an embedder at /", a.status == 424, a)


def check_container_answers(check):
    cases = golden("answers/qna.json")
    check("cases", any(c["answer"] for c in cases) and not all(c["answer"] for c in cases))
    with Daemon(check.binary, QNA, "--answers-formula", "container") as d:
        for c in cases:
            a = d.ask(post("/answers", {"text": c["context"], "question": c["question"]}))
            check("the container's answer", a.status == 200 and a.json["answer"] == c["answer"], (a, c["answer"]))
            check("its certainty", a.json["certainty"] is None if c["certainty"] is None else close(a.json["certainty"], c["certainty"]), (a, c["certainty"]))


def same_entity(got, want, group):
    label, score, word, begin, end = want[:5]
    return got["entity_group" if group else "entity"] == label and close(got["score"], score) and got["word"] == word and (got["start"], got["end"]) == (begin, end)


def check_entities(check):
    cases = [c for c in golden("answers/tag.json") if c["model"] == "heads/ner-bert"]
    check("cases", len(cases) >= 5, len(cases))
    with Daemon(check.binary, TAGGER) as d:
        most = d.get("/info").json["max_input_length"]
        whole = [c for c in cases if len(d.ask(post("/", {"inputs": c["text"], "parameters": {"ignore_labels": []}})).json) <= 58]  # not cut there
        check("cases that are not cut", len(whole) >= 8, len(whole))
        for c in whole:
            for ask in (ask for ask in c["asks"] if "stride" not in ask["params"]):
                a = d.ask(post("/", {"inputs": c["text"], "parameters": ask["params"]}))
                group = ask["params"]["aggregation_strategy"] != "none"
                check(f"{ask['params']}", a.status == 200 and len(a.json) == len(ask["entities"]) and all(same_entity(x, y, group) for x, y in zip(a.json, ask["entities"])), (a, ask))
        long, every = "some words " * 600, {"ignore_labels": []}
        whole = d.ask(post("/", {"inputs": long, "parameters": {**every, "stride": 20}})).json
        check("a long text is cut, with stride it is not", len(d.ask(post("/", {"inputs": long, "parameters": every})).json) == most - 2 and whole[-1]["end"] == len(long) - 1, whole[-1])
        texts = [c["text"] for c in cases][:4]
        a = d.ask(post("/", {"inputs": texts}))
        check("a list of texts: a list of lists", a.json == [d.ask(post("/", {"inputs": t})).json for t in texts], a)
        for text in texts:
            a, hub = d.ask(post("/ner/", {"text": text})), d.ask(post("/", {"inputs": text})).json
            check("Weaviate's shape", a.status == 200 and a.json["text"] == text and all(set(t) == {"entity", "word", "certainty", "startPosition", "endPosition"} for t in a.json["tokens"]), a)
            check("the same entities", [(t["entity"], t["word"], t["certainty"], t["startPosition"], t["endPosition"]) for t in a.json["tokens"]]
                  == [(t["entity"], t["word"], t["score"], t["start"], t["end"]) for t in hub], (a, hub))
        for empty in ("", None):
            a = d.ask(post("/ner", {"text": empty}))
            check("an empty text", a.status == 200 and a.json["tokens"] is None, a)
        for name, path, body, word in (("no text", "/ner", {}, "text"), ("a list", "/ner", {"text": ["a"]}, "a string"), ("a strategy", "/", {"inputs": "a", "parameters": {"aggregation_strategy": "most"}}, "simple"),
                                       ("a stride", "/", {"inputs": "a", "parameters": {"stride": -1}}, "parameters.stride"),
                                       ("labels", "/", {"inputs": "a", "parameters": {"ignore_labels": "O"}}, "parameters.ignore_labels"),
                                       ("a label", "/", {"inputs": "a", "parameters": {"ignore_labels": ["O", 1]}}, "parameters.ignore_labels: a string is needed here, not a number"),
                                       ("an input", "/", {"inputs": ["a", 1]}, "inputs[1]: a string is needed here, not a number"),
                                       ("a huge stride", "/", {"inputs": "a", "parameters": {"stride": 1e300}}, "parameters.stride: a whole number of at least 0 is needed here, not another number"),
                                       ("1,001 labels", "/", {"inputs": "a", "parameters": {"ignore_labels": ["O"] * 1001}}, "at most 1000 labels")):
            a = d.ask(post(path, body))
            check(name, a.status == 422 and word in a.json["error"], a)
    with Daemon(check.binary, check.model) as d:
        a = d.ask(post("/ner/", {"text": "a"}))
        check("an embedder", a.status == 404 and isinstance(a.json["error"], str), a)


def check_several_kinds(check):
    with Daemon(check.binary, f"e={check.model}", "--model", f"r={RERANKER}", "--model", f"q={READER}", "--model", f"t={TAGGER}", "--model", f"c={LABELS}") as d:
        ok = [d.ask(post(path, body)).status for path, body in (
            ("/rerank", {"query": "a", "texts": ["b"]}), ("/answers", {"text": "a", "question": "b"}), ("/ner", {"text": "a"}), ("/predict", {"inputs": "a"}),
            ("/", {"inputs": "a"}), ("/", {"query": "a", "texts": ["b"]}), ("/", {"inputs": {"question": "a", "context": "b"}}), ("/v2/rerank", {"query": "a", "documents": ["b"]}))]
        check("each route has its model", ok == [200] * len(ok), ok)
        check("a text at / is for the first model that takes one", isinstance(d.ask(post("/", {"inputs": "a"})).json[0][0], float))
        check("or for that of its name", set(d.ask(post("/", {"inputs": "a", "model": "c"})).json[0][0]) == {"label", "score"})
        a = d.ask(post("/", {"inputs": "Hamburg", "model": "t", "parameters": {"ignore_labels": []}})).json
        check("a tagger's, too", a and "entity" in a[0], a)


def check_inspect(check):
    for folder, kind, routes in ((RERANKER, "reranker", "/rerank, /v1/rerank, /v2/rerank, /predict, /"), (LABELS, "text classifier", "/predict, /"), (READER, "question answering model", "/answers, /"),
                                 (TAGGER, "token classifier", "/ner, /"), (check.model, "embedder", "/vectors, /v1/embeddings, /embed, /similarity, /api/embed, /, /embed_all")):
        out = [subprocess.run([check.binary, "inspect", "--model", folder, "--short", *more], capture_output=True, text=True).stdout for more in ([], ["--json"])]
        check(f"{kind}: the routes", f"serves      {routes}\n" in out[0] and json.loads(out[1])["serves"] == routes, out)
        check(f"{kind}: its kind", f"kind        {kind}\n" in out[0] and json.loads(out[1])["kind"] == kind, out)
