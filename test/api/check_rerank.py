# SPDX-License-Identifier: BSD-3-Clause
"""Rerankers: the scores of text-embeddings-inference, of Weaviate's container, and of Cohere's and Jina's API."""
import json
import math
import os

from daemon import Daemon, request

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden")
RERANKER = os.path.join(GOLDEN, "heads", "cross-encoder")  # no activation is named: sigmoid


def post(path, body):
    return request("POST", path, body if isinstance(body, bytes) else json.dumps(body).encode(), [])


def pairs():
    """[((query, text), logit)] of transformers."""
    with open(os.path.join(RERANKER, "expected.json")) as f:
        cases = json.load(f)["cases"]
    return [(c["texts"], c["logits"][0]) for c in cases if len(c["texts"]) == 2 and c["max_tok"] == 512]


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def close(a, b):
    return abs(a - b) <= 1e-5 * max(1, abs(b))


def check_tei(check):
    cases = pairs()
    check("cases", len(cases) >= 10, len(cases))
    with Daemon(check.binary, RERANKER) as d:
        for (query, text), logit in cases:
            a = d.ask(post("/rerank", {"query": query, "texts": [text]}))
            check("sigmoid", a.status == 200 and len(a.json) == 1 and set(a.json[0]) == {"index", "score"} and close(a.json[0]["score"], sigmoid(logit)), (a, logit))
            a = d.ask(post("/rerank", {"query": query, "texts": [text], "raw_scores": True, "return_text": True}))
            check("raw, with the text", a.json[0]["text"] == text and close(a.json[0]["score"], logit), (a, logit))
        query, texts = cases[0][0][0], [pair[1] for pair, _ in cases]
        a = d.ask(post("/rerank", {"query": query, "texts": texts, "truncate": None, "raw_scores": None, "other": 1}))
        scores = [r["score"] for r in a.json]
        check("all, best first", sorted(r["index"] for r in a.json) == list(range(len(texts))) and scores == sorted(scores, reverse=True), a)
        alone = d.ask(post("/rerank", {"query": query, "texts": [texts[3]]})).json[0]["score"]
        check("a pair alone has the same score", alone == next(r["score"] for r in a.json if r["index"] == 3))
        a = d.ask(post("/rerank/", {"query": query, "texts": ["same", "other words", "same", "same"]})).json
        check("equal scores in falling order", [r["index"] for r in a if r["index"] != 1] == [3, 2, 0], a)
        a = d.ask(post("/rerank", {"query": query, "texts": [None, ""]})).json
        check("null is an empty text", len(a) == 2 and a[0]["score"] == a[1]["score"], a)
        check("an empty query", d.ask(post("/rerank", {"query": "", "texts": ["a"]})).status == 200)
        long = {"query": "a", "texts": ["b", "many words " * 400]}
        check("cut", d.ask(post("/rerank", long)).status == 200)
        a = d.ask(post("/rerank", {**long, "truncate": False}))
        check("not cut", a.status == 422 and "truncate is false" in a.json["error"], a)


def check_errors(check):
    with Daemon(check.binary, RERANKER) as d:
        for name, body, status, kind, word in (
                ("no query", {"texts": ["a"]}, 422, "Validation", "query: the field is missing"), ("no texts", {"query": "a"}, 422, "Validation", "texts"),
                ("both", {"query": "a", "texts": ["a"], "documents": ["a"]}, 422, "Validation", "either texts"),
                ("both, documents empty", {"query": "a", "texts": ["a"], "documents": []}, 422, "Validation", "either texts"),
                ("texts and property", {"query": "a", "texts": ["a"], "property": ""}, 422, "Validation", "either texts"),
                ("an empty list", {"query": "a", "texts": []}, 400, "Empty", "at least one"), ("a string", {"query": "a", "texts": "b"}, 422, "Validation", "an array"),
                ("a number among texts", {"query": "a", "texts": ["a", 1]}, 422, "Validation", "texts[1]"),
                ("an object among texts", {"query": "a", "texts": [{"text": "a"}]}, 422, "Validation", "texts[0]"),
                ("a query that is a list", {"query": ["a"], "texts": ["a"]}, 422, "Validation", "query"),
                ("raw_scores", {"query": "a", "texts": ["a"], "raw_scores": "yes"}, 422, "Validation", "raw_scores"),
                ("the left side", {"query": "a", "texts": ["a"], "truncation_direction": "Left"}, 422, "Validation", "only right"), ("no JSON", b"[", 422, "Validation", "")):
            a = d.ask(post("/rerank", body))
            check(name, a.status == status and set(a.json) == {"error", "error_type"} and a.json["error_type"] == kind and word in a.json["error"], a)
        for name, wrong in (("property", 1), ("property", ["a"]), ("return_text", "yes"), ("raw_scores", 0), ("truncate", {}), ("truncation_direction", "Left")):
            a = d.ask(post("/rerank", {"query": "a", "documents": ["a"], name: wrong}))
            check(f"documents, with {name} {wrong}", a.status == 422 and name in a.json["error"], a)
        for more in ({"truncate": False}, {"return_text": False, "raw_scores": True}, {"property": "other", "truncation_direction": None}):
            a = d.ask(post("/rerank", {"query": "a", "documents": ["many words " * 400], **more}))
            check(f"documents, with {more}: ignored", a.status == 200 and a.json == d.ask(post("/rerank", {"query": "a", "documents": ["many words " * 400]})).json, a.status)
        a = d.get("/rerank")
        check("another method", a.status == 405 and a.json["error_type"] == "Validation", a)
        for what, documents, top_n, said in (
                ("an object without text", ["a", {"title": "a"}], 1, "documents[1]: a string or an object with text is needed here, not an object without"),
                ("a text that is an array", [{"text": ["a"]}], 1, "documents[0]: a string as text is needed here, not an array"),
                ("a text that is an object", [{"text": {"text": "a"}}], 1, "documents[0]: a string as text is needed here, not an object"),
                ("a number", ["a", "b", 3], 1, "documents[2]: a string or an object with text is needed here, not a number"),
                ("a huge number", ["a"], 1e300, "top_n: a whole number is needed here, not another number"),
                ("a small number", ["a"], 1e-5, "top_n: a whole number is needed here, not another number"),
                ("a word", ["a"], "1", "top_n: a whole number is needed here, not a string")):
            a = d.ask(post("/v2/rerank", {"query": "a", "documents": documents, "top_n": top_n}))
            check(f"{what}, Cohere", a.status == 422 and a.json["message"] == said, a)
        for what, body, said in (("texts", {"query": "a", "texts": ["a", 1]}, "texts[1]: a string is needed here, not a number"), ("an array", {"query": "a", "texts": [["a"]]}, "texts[0]: a string is needed here, not an array"),
                                 ("Weaviate's documents", {"query": "a", "documents": [{"text": "a"}]}, "documents[0]: a string is needed here, not an object")):
            a = d.ask(post("/rerank", body))
            check(what, a.status == 422 and a.json["error"] == said, a)
    with Daemon(check.binary, check.model) as d:
        a = d.ask(post("/rerank", {"query": "a", "texts": ["a"]}))
        check("an embedder, TEI", a.status == 424 and a.json["error_type"] == "Backend" and "embeddings" in a.json["error"], a)
        a = d.ask(post("/rerank", {"query": "a", "documents": ["a"], "property": ""}))
        check("an embedder, Weaviate", a.status == 404 and "embeddings" in a.json["error"], a)
        a = d.ask(post("/v2/rerank", {"query": "a", "documents": ["a"]}))
        check("an embedder, Cohere", a.status == 404 and "embeddings" in a.json["message"], a)
        check("424 is counted", 't2v_requests_total{route="/rerank",status="424"} 1' in d.get("/metrics").body.decode(), d.get("/metrics"))


def check_weaviate(check):
    cases = pairs()
    with Daemon(check.binary, RERANKER) as d:
        for (query, text), logit in cases[:10]:
            sent = [f" {text}\n", "other", text]
            a = d.ask(post("/rerank", {"query": query, "documents": sent, "property": ""}))
            check("the shape, in the order sent", a.status == 200 and set(a.json) == {"query", "scores", "property", "score"} and a.json["query"] == query
                  and a.json["property"] is a.json["score"] is None and [s["document"] for s in a.json["scores"]] == sent, a)
            scores = [s["score"] for s in a.json["scores"]]
            check("its number; white space around does not count", close(scores[2], sigmoid(logit)) and scores[0] == scores[2], (scores, logit))
        a = d.ask(post("/rerank", {"query": "a", "documents": [], "property": ""}))
        check("no documents", a.status == 200 and a.json["scores"] == [] and a.json["query"] == "a", a)
        a = d.ask(post("/rerank", {"query": "a", "documents": ["", None]}))
        check("empty documents", len(a.json["scores"]) == 2 and a.json["scores"][0] == a.json["scores"][1], a)
        a = d.ask(post("/rerank", {"query": cases[0][0][0], "property": cases[0][0][1]}))
        check("property alone", set(a.json) == {"query", "property", "score", "scores"} and a.json["scores"] is None and close(a.json["score"], sigmoid(cases[0][1])), a)


def check_white_query(check):
    """A query of white space is stripped once, not for each document: the loop is free for probes meanwhile."""
    with Daemon(check.binary, RERANKER) as d:
        body, answers = json.dumps({"query": " " * 30000, "documents": [""] * 10000}, separators=(",", ":")).encode(), []
        check("small enough to be read by the loop", len(body) <= 64 * 1024, len(body))
        slowest = d.slowest_probe(lambda: answers.append(d.ask(post("/rerank", body))))
        a = answers[0]
        check("it is answered", a.status == 200 and len(a.json["scores"]) == 10000 and len({s["score"] for s in a.json["scores"]}) == 1, a.status)
        check("probes meanwhile", slowest < 0.5 * check.slack, slowest)


def check_cohere(check):
    cases = pairs()
    query, texts = cases[0][0][0], [pair[1] for pair, _ in cases]
    with Daemon(check.binary, RERANKER) as d:
        want = {r["index"]: r["score"] for r in d.ask(post("/rerank", {"query": query, "texts": texts})).json}
        for path in ("/v1/rerank", "/v2/rerank", "/v2/rerank/"):
            a = d.ask(post(path, {"query": query, "documents": texts, "model": "rerank-v3.5", "return_documents": False}))
            got = [(r["index"], r["relevance_score"]) for r in a.json["results"]]
            check(f"{path}: TEI's scores", a.status == 200 and dict(got) == want and [s for _, s in got] == sorted(want.values(), reverse=True), a)
            check("no documents, the model's name, usage", all(set(r) == {"index", "relevance_score"} for r in a.json["results"])
                  and a.json["model"] == "cross-encoder" and a.json["usage"]["total_tokens"] == a.json["usage"]["prompt_tokens"] > 0, a)
        a = d.ask(post("/v2/rerank", {"query": query, "documents": [{"text": texts[0]}, texts[1], None, {"text": None}], "top_n": 2, "return_documents": True}))
        check("top_n", len(a.json["results"]) == 2, a)
        a = d.ask(post("/v2/rerank", {"query": query, "documents": [{"text": texts[0], "id": 1}, texts[1], None, {"text": None}, ""], "return_documents": True}))
        by_index = {r["index"]: r for r in a.json["results"]}
        check("objects", by_index[0]["relevance_score"] == want[0] and by_index[1]["relevance_score"] == want[1], a)
        check("empty ones are scored", by_index[2]["relevance_score"] == by_index[3]["relevance_score"] == by_index[4]["relevance_score"], a)
        check("with the documents", by_index[0]["document"] == {"text": texts[0]} and by_index[3]["document"] == {"text": ""}, a)
        for name, body, status, param in (("no documents", {"query": "a"}, 422, "documents"), ("null", {"query": "a", "documents": None}, 422, "documents"),
                                          ("an empty list", {"query": "a", "documents": []}, 400, "documents"), ("no query", {"documents": ["a"]}, 422, "query"),
                                          ("an object without text", {"query": "a", "documents": [{"title": "a"}]}, 422, "documents"),
                                          ("top_n", {"query": "a", "documents": ["a"], "top_n": 0}, 422, "top_n"),
                                          ("half a result", {"query": "a", "documents": ["a"], "top_n": 1.5}, 422, "top_n")):
            a = d.ask(post("/v1/rerank", body))
            e = a.json["error"]
            check(name, a.status == status and a.json["message"] == a.json["detail"] == e["message"] and e["param"] == param and e["type"] == "invalid_request_error", a)
