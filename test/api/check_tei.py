# SPDX-License-Identifier: BSD-3-Clause
"""text-embeddings-inference's API, and what Hugging Face's clients send to POST /: shapes, numbers, errors, and which body means what."""
import base64
import json
import math
import os
import re
import struct

from daemon import Daemon, request

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden")
TYPES = {400: "Empty", 401: "Validation", 404: "Backend", 422: "Validation", 424: "Backend"}


def post(path, body):
    return request("POST", path, body if isinstance(body, bytes) else json.dumps(body).encode(), [])


def unit(vector):
    return abs(math.hypot(*vector) - 1) < 1e-5


def near(a, b, limit=1e-6):
    return len(a) == len(b) and all(abs(x - y) <= limit for x, y in zip(a, b))


def openai(d, texts, **more):
    return [e["embedding"] for e in d.ask(post("/v1/embeddings", {"input": texts, **more})).json["data"]]


def is_error(answer, status, word, kind=None):
    return answer.status == status and set(answer.json) == {"error", "error_type"} and answer.json["error_type"] == (kind or TYPES[status]) and word in answer.json["error"]


def check_embed(check):
    texts = ["a small house", "two", ""]
    with Daemon(check.binary, check.model) as d:
        want = openai(d, texts)
        for path in ("/embed", "//embed", "/embed/", "/", "//"):
            a = d.ask(post(path, {"inputs": texts, "truncate": True, "normalize": None, "prompt_name": None, "dimensions": None, "truncation_direction": None}))
            check(f"{path}: the vectors of /v1/embeddings", a.status == 200 and a.json == want, a)
            check(f"{path}: a string is a list of one", d.ask(post(path, {"inputs": texts[0]})).json == want[:1])
        a = d.ask(post("/embed", {"inputs": texts, "dimensions": 3}))
        check("dimensions", a.json == openai(d, texts, dimensions=3) and all(unit(v) for v in a.json), a)
        raw = d.ask(post("/embed", {"inputs": texts, "normalize": False})).json
        check("normalize false: the same direction, another length", all(near([x / math.hypot(*r) for x in r], w, 1e-5) for r, w in zip(raw, want)) and not unit(raw[0]), raw)
        for path, body in (("/", {"options": {"use_cache": True}}), ("/", {"options": {}}), ("/pipeline/feature-extraction", {}), ("/pipeline/feature-extraction", {"options": {"use_gpu": True}})):
            check(f"{path} {body}: as the model gives them", d.ask(post(path, {"inputs": texts, **body})).json == raw)
        check("normalize has the last word", d.ask(post("/", {"inputs": texts, "options": {}, "normalize": True})).json == want)
        check("options null: as without", d.ask(post("/", {"inputs": texts, "options": None})).json == want)
        check("null is an empty text", d.ask(post("/embed", {"inputs": [None]})).json == want[2:] and d.ask(post("/", {"inputs": ""})).json == want[2:])
        check("unknown keys", d.ask(post("/embed", {"inputs": "two", "parameters": {"x": [1]}, "encoding_format": None, "model": "nobody"})).json == want[1:2])


def check_what_it_took(check):
    times = ("x-compute-time", "x-total-time", "x-tokenization-time", "x-queue-time", "x-inference-time")
    with Daemon(check.binary, check.model, "--model", os.path.join(GOLDEN, "heads", "cross-encoder"), env={"T2V_CORS_ORIGINS": "https://a.example"}) as d:
        for path, body, n_char in (("/embed", {"inputs": ["a small house", "Füße"]}, 17), ("/", {"inputs": "Füße"}, 4),
                                   ("/similarity", {"inputs": {"source_sentence": "a", "sentences": ["bc", ""]}}, 3),
                                   ("/rerank", {"query": "ab", "texts": ["c", "d"]}, 6)):
            a = d.ask(post(path, body))
            h = {name: value for name, value in a.headers.items() if name.startswith("x-")}
            check(f"{path}: what it took", a.status == 200 and h.get("x-compute-type") == "cpu" and h.get("x-compute-characters") == str(n_char), a)
            check(f"{path}: tokens", int(h.get("x-compute-tokens", 0)) >= 3, h)
            check(f"{path}: times", all(h.get(name, "").isdigit() for name in times) and len(h) == 8, h)
            check(f"{path}: none is longer than all", max(int(h.get(name, 0)) for name in times) <= int(h.get("x-total-time", -1)), h)
        for path, body, status in (("/embed", {"inputs": 1}, 422), ("/v1/embeddings", {"input": "a"}, 200), ("/tokenize", {"inputs": "a"}, 200)):
            a = d.ask(post(path, body))
            check(f"{path}: nothing of it", a.status == status and not any(name.startswith("x-") for name in a.headers), a)


def check_embed_length(check):
    long = "word " * 3000
    with Daemon(check.binary, check.model) as d:
        cut = d.ask(post("/embed", {"inputs": ["x", long]}))
        check("a long text is cut", cut.status == 200 and d.ask(post("/embed", {"inputs": ["x", long], "truncate": None, "truncation_direction": "Right"})).json == cut.json, cut)
        left = [d.ask(post("/embed", {"inputs": "start " + long, "truncation_direction": side})).json for side in ("left", "Left", "right")]
        check("on the side that is asked for", left[0] == left[1] != left[2])
        for path in ("/embed", "/"):
            a = d.ask(post(path, {"inputs": ["x", long], "truncate": False}))
            check(f"{path}: or not", is_error(a, 422, "inputs[1]"), a)
        most = d.get("/info").json["max_input_length"]
        check("the message has the limit", str(most) in a.json["error"], a)
        check("what fits is not refused", d.ask(post("/embed", {"inputs": "word", "truncate": False})).status == 200)


def check_tei_errors(check):
    with Daemon(check.binary, check.model) as d:
        for name, body, status, word in (
                ("no inputs", {}, 422, "inputs: the field is missing"), ("an empty list", {"inputs": []}, 400, "at least one"), ("token ids", {"inputs": [1, 2]}, 422, "token ids are not taken"),
                ("lists of them", {"inputs": [[1, 2]]}, 422, "inputs[0]"), ("a number", {"inputs": 1}, 422, "token ids"), ("a word for normalize", {"inputs": "a", "normalize": "yes"}, 422, "normalize: true or false"),
                ("a number for truncate", {"inputs": "a", "truncate": 1}, 422, "truncate: true or false"), ("a side", {"inputs": "a", "truncation_direction": "up"}, 422, "left or right"),
                ("no such prompt", {"inputs": "a", "prompt_name": "nobody"}, 422, "prompt_name: "), ("dimensions", {"inputs": "a", "dimensions": 0}, 422, "dimensions: from 1"),
                ("too many", {"inputs": "a", "dimensions": 100000}, 422, "dimensions: from 1"), ("no JSON", b"{", 422, ""), ("no object", b"[]", 422, "a JSON object"), ("a model", {"inputs": "a", "model": 1}, 422, "model: a string")):
            for path in ("/embed", "/", "/pipeline/feature-extraction"):
                a = d.ask(post(path, body))
                check(f"{path}: {name}", is_error(a, status, word), a)
            check(f"{name}: nothing is quoted", "nobody" not in a.json["error"], a)
        a = d.ask(post("/embed", {"inputs": ""}))
        check("an empty text at /embed", is_error(a, 400, "inputs: the text is empty"), a)
        check("only as the one text", d.ask(post("/embed", {"inputs": ["", "a"]})).status == 200)
        a = d.get("/embed")
        check("another method", is_error(a, 405, "use POST", "Validation") and a.headers["allow"] == "POST", a)
        a = d.ask(request("PUT", "/", b"{}"))
        check("at the root", a.status == 405 and a.headers["allow"] == "GET, HEAD, POST", a)
        a = d.ask(post("/", {"inputs": {"sentence": "a"}}))
        check("an object of no kind", is_error(a, 422, "source_sentence"), a)
        check("counted", 't2v_requests_total{route="/embed",status="422"}' in d.get("/metrics").body.decode())
    with Daemon(check.binary, check.model, env={"AUTHENTICATION_ALLOWED_TOKENS": "t"}) as d:
        for path in ("/embed", "/", "/similarity"):
            check(f"{path}: 401", is_error(d.ask(post(path, {"inputs": "a"})), 401, "Unauthorized"))
        check("/info needs a token", d.get("/info").status == 401 and d.get("/info", ["Authorization: Bearer t"]).status == 200)
        check("health does not", [d.get(path).status for path in ("/", "/ping", "/health")] == [200] * 3)


def check_similarity(check):
    body = {"inputs": {"source_sentence": "a small house", "sentences": ["a cottage", "", None, "a small house"]}}
    with Daemon(check.binary, check.model) as d:
        v = openai(d, ["a small house", "a cottage", "", "", "a small house"])
        want = [sum(x * y for x, y in zip(v[0], w)) for w in v[1:]]
        for path in ("/similarity", "/", "/similarity/"):
            for more in ({}, {"parameters": {}}, {"parameters": None}, {"parameters": {"truncate": True, "prompt_name": None}}):
                a = d.ask(post(path, {**body, **more}))
                check(f"{path} {more}: cosines", a.status == 200 and near(a.json, want), (a, want))
        check("of a text with itself", abs(a.json[3] - 1) < 1e-6)
        long = "word " * 3000
        for name, inputs, more, status, word in (
                ("no sentences", {"source_sentence": "a", "sentences": []}, {}, 400, "inputs.sentences"), ("none at all", {"source_sentence": "a"}, {}, 422, "inputs.sentences"),
                ("no source", {"sentences": ["a"]}, {}, 422, "inputs.source_sentence"), ("a list as source", {"source_sentence": ["a"], "sentences": ["a"]}, {}, 422, "inputs.source_sentence"),
                ("a string as sentences", {"source_sentence": "a", "sentences": "a"}, {}, 422, "an array of strings"), ("parameters", {"source_sentence": "a", "sentences": ["a"]}, {"parameters": []}, 422, "parameters: an object"),
                ("a long sentence", {"source_sentence": "a", "sentences": [long]}, {"parameters": {"truncate": False}}, 422, "inputs.sentences"),
                ("a long source", {"source_sentence": long, "sentences": ["a"]}, {"parameters": {"truncate": False}}, 422, "inputs.source_sentence")):
            for path in ("/similarity", "/"):
                a = d.ask(post(path, {"inputs": inputs, **more}))
                check(f"{path}: {name}", is_error(a, status, word), a)
        a = d.ask(post("/similarity", {"inputs": "a"}))
        check("a string at /similarity", is_error(a, 422, "an object with source_sentence"), a)


def check_info(check):
    with Daemon(check.binary, check.model) as d:
        info = d.get("/info").json
        check("its keys, in their order", list(info) == ["model_id", "model_sha", "model_dtype", "served_model_name", "model_type", "max_concurrent_requests", "max_input_length", "max_batch_tokens", "max_batch_requests",
                                                       "max_client_batch_size", "auto_truncate", "tokenization_workers", "version", "sha", "docker_label"], info)
        check("their values", info["model_type"] == {"embedding": {"pooling": "mean"}} and info["model_dtype"] == "float32" and info["auto_truncate"] is True and info["served_model_name"] == d.get("/v1/models").json["data"][0]["id"], info)
        for path in ("/", "/ping", "/ping/"):
            a = d.get(path)
            check(f"{path}: an empty 200", a.status == 200 and a.body == b"", a)


def check_encode(check):
    """The vectors of sentence-transformers, with its prompts."""
    golden = os.path.dirname(check.model)
    with open(os.path.join(golden, "encode", "expected.json")) as f:
        cases = [c for c in json.load(f)["cases"] if c["model"] == "st-max-last" and c["max_tok"] is None]
    with Daemon(check.binary, os.path.join(golden, "st-max-last"), env={"USE_SENTENCE_TRANSFORMERS_VECTORIZER": "true"}) as d:
        check("there are prompts", {c["prompt_name"] for c in cases} == {None, "query", "document"})
        for c in cases:
            body = {"inputs": c["texts"], "prompt_name": c["prompt_name"], "dimensions": c["dimensions"], **({} if c["norm"] == "model" else {"normalize": c["norm"] == "yes"})}
            want = [list(struct.unpack(f"<{len(b) // 4}f", b)) for b in map(base64.b64decode, c["vectors"])]
            a = d.ask(post("/", {**body, **({"options": {}} if c["norm"] == "model" else {})}))
            check(f"{body}", a.status == 200 and len(a.json) == len(want) and all(near(v, w, 1e-5) for v, w in zip(a.json, want)), a)


def check_tokenize(check):
    """Tokens and texts as the tokenizers library gives them, in text-embeddings-inference's shape."""
    golden = os.path.dirname(check.model)
    with open(os.path.join(golden, "tei.json")) as f:
        want = json.load(f)
    for model in ("bert-uncased", "roberta"):
        with Daemon(check.binary, os.path.join(golden, model)) as d:
            for c in (c for c in want["cases"] if c["model"] == model):
                a = d.ask(post("/tokenize", {"inputs": c["texts"], "add_special_tokens": c["special"]}))
                wrong = [(x, y) for x, y in zip(a.json, c["tokens"]) if x != y]
                check(f"{model}, special tokens {c['special']}", a.status == 200 and len(a.json) == len(c["tokens"]) and not wrong, wrong or a)
                check("one text", d.ask(post("/tokenize/", {"inputs": c["texts"][0], "add_special_tokens": c["special"]})).json == c["tokens"][:1])
            for c in (c for c in want["decoded"] if c["model"] == model):
                a = d.ask(post("/decode", {"ids": c["ids"], "skip_special_tokens": c["skip"]}))
                check(f"{model}: decoded, skipping {c['skip']}", a.status == 200 and a.json == c["texts"], (a, c["texts"]))
                check("one list", d.ask(post("/decode", {"ids": c["ids"][0], "skip_special_tokens": c["skip"], "model": None})).json == c["texts"][:1])
            check("special tokens by default", d.ask(post("/tokenize", {"inputs": "a", "add_special_tokens": None})).json[0][0]["special"] is True)


def check_tokenize_more(check):
    golden = os.path.dirname(check.model)
    with Daemon(check.binary, check.model) as d:
        many = d.ask(post("/tokenize", {"inputs": ["word " * 5000] * 2}))
        check("nothing is cut", many.status == 200 and [len(t) for t in many.json] == [len(many.json[0])] * 2 and len(many.json[0]) > 5000, many)
        ids = [t["id"] for t in many.json[0]]
        check("and back", d.ask(post("/decode", {"ids": [ids] * 2})).json == [d.ask(post("/decode", {"ids": ids})).json[0]] * 2)
        check("ids of none", d.ask(post("/decode", {"ids": [[], [10**12, 2**31]]})).json == ["", ""])
        a = d.ask(post("/tokenize", {"inputs": "x" * 2000001}))
        check("a limit of bytes", is_error(a, 413, "the limit is 2000000", "Validation"), a)
        a = d.ask(post("/decode", {"ids": [1] * 1000001}))
        check("a limit of ids", is_error(a, 413, "more than 1000000 ids", "Validation"), a)
        for path, body, status, word in (
                ("/tokenize", {}, 422, "inputs: the field is missing"), ("/tokenize", {"inputs": []}, 400, "at least one"), ("/tokenize", {"inputs": [1]}, 422, "token ids"), ("/tokenize", {"inputs": "a", "add_special_tokens": 1}, 422, "add_special_tokens"),
                ("/tokenize", {"inputs": "a", "prompt_name": "nobody"}, 422, "prompt_name"), ("/tokenize", {"inputs": "a", "model": 1}, 422, "model"), ("/tokenize", b"{", 422, ""), ("/decode", {}, 422, "ids: "), ("/decode", {"ids": []}, 400, "at least one"),
                ("/decode", {"ids": 1}, 422, "an array of ids"), ("/decode", {"ids": [-1]}, 422, "a whole number"), ("/decode", {"ids": [1.5]}, 422, "a whole number"), ("/decode", {"ids": ["a"]}, 422, "a whole number"), ("/decode", {"ids": [[1], 2]}, 422, "an array of"),
                ("/decode", {"ids": [1, [2]]}, 422, "a whole number"), ("/decode", {"ids": [1], "skip_special_tokens": "no"}, 422, "skip_special_tokens")):
            a = d.ask(post(path, body))
            check(f"{path} {str(body)[:40]}", is_error(a, status, word), a)
    with Daemon(check.binary, os.path.join(golden, "st-max-last"), env={"USE_SENTENCE_TRANSFORMERS_VECTORIZER": "true"}) as d:
        plain, query = (d.ask(post("/tokenize", {"inputs": "a", "prompt_name": name, "add_special_tokens": False})).json[0] for name in (None, "query"))
        check("a prompt comes before the text", len(query) > len(plain) and query[-1]["id"] == plain[-1]["id"] and query[-1]["start"] > plain[-1]["start"], (plain, query))


def check_sentences(check):
    """NLTK's sentences of each text, as /vectors reads it: white space is single there, and as it was in the answer."""
    with open(os.path.join(GOLDEN, "sentences.txt"), encoding="utf-8") as f:
        marked = [line.rstrip("\n") for line in f]
    plain = lambda text: re.sub(r"\\{([0-9A-F]+)}", lambda m: chr(int(m[1], 16)), text)
    lists = [[plain(sentence) for sentence in re.findall(r"\\\[(.*?)\\\]", line)] for line in marked]
    texts = [plain(re.sub(r"\\[\[\]]", "", line)) for line in marked]
    single = lambda sentences: [" ".join(s["text"].split()) for s in sentences]
    cut = lambda text, spans: [text.encode()[s["start"]:s["stop"]].decode() for s in spans]
    with Daemon(check.binary, check.model) as d:
        a, b = (d.ask(post("/sentences", {"inputs": some})) for some in (texts, [" ".join(t.split()) for t in texts]))
        got = {t: [s["text"] for s in x] for t, x in zip(texts, b.json) if " ".join(t.split()) == t}
        wrong = [(got[t], x) for t, x in zip(texts, lists) if got.get(t, x) != x]
        check("there are many", len(got) > 50 and sum(len(x) > 1 for x in got.values()) > 20, len(got))
        check("as NLTK has them", b.status == 200 and not wrong, wrong[:2] or b.status)
        check("other white space is as spaces", [single(x) for x in a.json] == [single(x) for x in b.json])
        check("start and stop are bytes of the text", all(cut(t, x) == [s["text"] for s in x] for t, x in zip(texts, a.json)))
        check("one text", d.ask(post("/sentences/", {"inputs": "One. Two."})).json == [[{"text": "One.", "start": 0, "stop": 4}, {"text": "Two.", "start": 5, "stop": 9}]])
        check("no text", d.ask(post("/sentences", {"inputs": ["", " \n", None]})).json == [[], [], []])
        a = d.ask(post("/sentences", {"inputs": ["A. " * 60000]}))
        check("a long one", a.status == 200 and a.json[0][-1]["stop"] == 179999, a.status)
        for body, status, word in (({}, 422, "inputs: the field is missing"), ({"inputs": []}, 400, "at least one"), ({"inputs": 1}, 422, "inputs"), ({"inputs": "a", "model": 1}, 422, "model"), (b"{", 422, ""),
                                   ({"inputs": "x" * 2000001}, 413, "the limit is 2000000")):
            a = d.ask(post("/sentences", body))
            check(f"{str(body)[:40]}", is_error(a, status, word, "Validation" if status == 413 else None), a)
    whole = [[{"text": " One. Two.", "start": 0, "stop": 10}], [{"text": "", "start": 0, "stop": 0}]]
    for env in ({"T2V_TRANSFORMERS_DIRECT_TOKENIZE": "true"}, {"USE_SENTENCE_TRANSFORMERS_VECTORIZER": "true"}):
        with Daemon(check.binary, check.model, env=env) as d:
            check(f"{env}: a text is one", d.ask(post("/sentences", {"inputs": [" One. Two.", ""]})).json == whole)
    with Daemon(check.binary, os.path.join(GOLDEN, "heads", "cross-encoder")) as d:
        check("a model without vectors", is_error(d.ask(post("/sentences", {"inputs": "a"})), 424, "embeddings is needed"))


def check_embed_all(check):
    """Token embeddings of sentence-transformers, special tokens included."""
    golden = os.path.dirname(check.model)
    with open(os.path.join(golden, "encode", "tokens.json")) as f:
        cases = json.load(f)["cases"]
    for c in cases:
        with Daemon(check.binary, os.path.join(golden, c["model"])) as d:
            a = d.ask(post("/embed_all", {"inputs": c["texts"], "prompt_name": c["prompt_name"], "normalize": True}))
            want = [list(struct.unpack(f"<{len(b) // 4}f", b)) for b in map(base64.b64decode, c["vectors"])]
            check(f"{c['model']}: the hidden states", a.status == 200 and len(a.json) == len(want) and all(near([x for v in t for x in v], w, 1e-5) for t, w in zip(a.json, want)), a)
            one = d.ask(post("/embed_all/", {"inputs": c["texts"][1], "prompt_name": c["prompt_name"]})).json
            check("one text is a list of one", one == a.json[1:2], one)
            tokens = d.ask(post("/tokenize", {"inputs": c["texts"][1], "prompt_name": c["prompt_name"]})).json[0]
            check("a vector for each token", len(one[0]) == len(tokens), (len(one[0]), tokens))
            a = d.ask(post("/embed_all", {"inputs": ["word " * 3000]}))
            check("a long text is cut", a.status == 200 and len(a.json[0]) == d.get("/info").json["max_input_length"], a)
            check("or not", is_error(d.ask(post("/embed_all", {"inputs": ["a", "word " * 3000], "truncate": False})), 422, "inputs[1]"))
            check("empty texts", d.ask(post("/embed_all", {"inputs": ["", None]})).status == 200)
            for name, body, status, word in (("no inputs", {}, 422, "inputs: "), ("an empty list", {"inputs": []}, 400, "at least one"), ("a prompt", {"inputs": "a", "prompt_name": "x"}, 422, "prompt_name"),
                                             ("too much", {"inputs": ["word " * 100] * 20000}, 413, "numbers, the limit")):
                a = d.ask(post("/embed_all", body))
                check(name, is_error(a, status, word, None if status != 413 else "Validation"), a)


def check_embed_all_as_text(check):
    """Whatever the vectorizer is: one sequence a text, cut at its limit."""
    model = os.path.join(os.path.dirname(check.model), "st-max-last")
    texts = ["One. And two! A third?", "word " * 3000]
    with Daemon(check.binary, model) as d:
        want = d.ask(post("/embed_all", {"inputs": texts}))
        check("the texts' tokens", want.status == 200 and len(want.json[1]) == d.get("/info").json["max_input_length"], want)
    with Daemon(check.binary, model, "--embeddings-formula", "vectors") as d:
        check("the same beside vectors of sentences", d.ask(post("/embed_all", {"inputs": texts})).body == want.body)
        check("or not", is_error(d.ask(post("/embed_all", {"inputs": texts, "truncate": False})), 422, "inputs[1]"))
        check("many long ones", d.ask(post("/embed_all", {"inputs": texts * 20})).status == 200)


def check_embed_sparse(check):
    """Sparse vectors as SparseEncoder's; a model without the head is refused."""
    golden = os.path.dirname(check.model)
    with open(os.path.join(golden, "sparse", "expected.json")) as f:
        cases = [c for c in json.load(f)["cases"] if c["model"] in ("bert-cased-mlm-gamma", "sparse/splade")]
    for model in sorted({c["model"] for c in cases}):
        with Daemon(check.binary, os.path.join(golden, model)) as d:
            for c in (c for c in cases if c["model"] == model):
                a = d.ask(post("/embed_sparse", {"inputs": c["texts"], "prompt_name": c["prompt_name"]}))
                got = [{e["index"]: e["value"] for e in row} for row in a.json]
                want = [dict(zip(r["ids"], r["values"])) for r in c["rows"]]
                check(f"{model} {c['prompt_name']}: entries and weights", a.status == 200 and len(got) == len(want) and all(abs(g.get(i, 0) - w.get(i, 0)) < 2e-5 for g, w in zip(got, want) for i in {*g, *w}), a)
                check("in rising order, without zeros", all([e["index"] for e in row] == sorted({e["index"] for e in row}) and all(e["value"] > 0 for e in row) for row in a.json))
            check("one text is a list of one", d.ask(post("/embed_sparse", {"inputs": c["texts"][0], "prompt_name": c["prompt_name"]})).json == a.json[:1])
            root = d.ask(post("/", {"inputs": c["texts"], "prompt_name": c["prompt_name"]}))
            check("the root: sparse where modules.json has SpladePooling, else dense", root.body == a.body if model == "sparse/splade" else len(root.json[0]) == d.get("/meta").json["dimensions"], root)
            check("an empty list", is_error(d.ask(post("/embed_sparse", {"inputs": []})), 400, "at least one"))
            check("listed", "sparse embeddings" in d.get("/meta").json["models"][0]["tasks"])
    with Daemon(check.binary, os.path.join(golden, "bge-cls")) as d:
        a = d.ask(post("/embed_sparse", {"inputs": "a"}))
        check("no such head", is_error(a, 424, "sparse embeddings"), a)
