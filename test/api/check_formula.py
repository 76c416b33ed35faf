# SPDX-License-Identifier: BSD-3-Clause
"""The settings of the routes for embeddings: whose vectors they give, and whether they take token ids."""
import json
import math
import os

from daemon import Daemon, request, vectors

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden")
TEXTS = ["The house is small. It has a garden! Who lives there?", "two"]


def post(path, body):
    return request("POST", path, json.dumps(body).encode(), [])


def unit(vector):
    length = math.hypot(*vector)
    return [x / length for x in vector]


def near(a, b, limit=1e-6):
    return len(a) == len(b) and all(abs(x - y) <= limit for x, y in zip(a, b))


def of_openai(d, inputs, **more):
    return [e["embedding"] for e in d.ask(post("/v1/embeddings", {"input": inputs, **more})).json["data"]]


def check_embeddings_formula(check):
    """bge-cls pools the first token by modules.json, which the default vectorizer of /vectors does not run."""
    model = os.path.join(GOLDEN, "bge-cls")
    with Daemon(check.binary, model) as d:
        theirs = [unit(v) for v in d.ask(vectors({"texts": TEXTS})).json["vectors"]]
        check("the default: others than those of /vectors", not near(of_openai(d, TEXTS)[0], theirs[0], 1e-2))
    with Daemon(check.binary, model, "--embeddings-formula", "vectors") as d:
        raw = d.ask(vectors({"texts": TEXTS})).json["vectors"]
        check("vectors: those of /vectors, of length 1", all(map(near, of_openai(d, TEXTS), theirs)))
        check("Ollama's, too", all(map(near, d.ask(post("/api/embed", {"input": TEXTS})).json["embeddings"], theirs)))
        for path, more, want in (("/embed", {}, theirs), ("/embed", {"normalize": False}, raw), ("/", {"options": {}}, raw), ("/pipeline/feature-extraction", {}, raw)):
            check(f"{path} {more}", all(map(near, d.ask(post(path, {"inputs": TEXTS, **more})).json, want)))
        check("an empty text has a vector", d.ask(post("/v1/embeddings", {"input": ""})).status == 200)
    with Daemon(check.binary, model, env={"T2V_EMBEDDINGS_FORMULA": "vectors"}) as d:
        check("by the environment", all(map(near, of_openai(d, TEXTS), theirs)))


def ids_of(d, texts, specials):
    return [[t["id"] for t in text] for text in d.ask(post("/tokenize", {"inputs": texts, "add_special_tokens": specials})).json]


def check_token_ids(check):
    with Daemon(check.binary, os.path.join(GOLDEN, "bert-uncased"), "--accept-token-ids") as d:
        bare, whole = (ids_of(d, TEXTS, specials) for specials in (False, True))
        want = of_openai(d, TEXTS)
        for name, ids in (("bare", bare), ("with special tokens", whole)):
            check(f"{name}: the texts' vectors", of_openai(d, ids) == want and of_openai(d, ids, encoding_format="float") == want)
            check(f"{name}: an array of ids is one text", of_openai(d, ids[0]) == want[:1])
            for path in ("/embed", "/"):
                check(f"{name}: {path}", d.ask(post(path, {"inputs": ids})).json == want)
            check(f"{name}: /api/embed", d.ask(post("/api/embed", {"input": ids})).json["embeddings"] == want)
            check(f"{name}: /embed_all", d.ask(post("/embed_all", {"inputs": ids})).body == d.ask(post("/embed_all", {"inputs": TEXTS})).body)
        check("one text in Ollama's older route", d.ask(post("/api/embeddings", {"prompt": bare[0]})).body == d.ask(post("/api/embeddings", {"prompt": TEXTS[0]})).body)
        check("a list without ids is an empty text", of_openai(d, [bare[0], []]) == of_openai(d, [TEXTS[0], ""]))
        check("texts as before", of_openai(d, TEXTS[0]) == want[:1] and d.ask(post("/embed", {"inputs": [None]})).status == 200)
        for name, ids, status, words in (("an id above all", [10 ** 12], 422, "vocabulary lacks"), ("one that the vocabulary lacks", [[2, 500000]], 422, "vocabulary lacks"), ("below 0", [-1], 422, "from 0"),
                                         ("a fraction", [1.5], 422, "from 0"), ("a text among ids", [1, "a"], 422, "from 0"), ("an id among texts", ["a", 1], 422, "token ids are not taken"), ("depths mixed", [[1], 2], 422, "array of ids"),
                                         ("three deep", [[[1]]], 422, "from 0"), ("a number", 1, 422, "token ids are not taken"), ("nothing", [], 400, "at least one"), ("too many", [1] * 1000001, 413, "1000000 ids")):
            a = d.ask(post("/embed", {"inputs": ids}))
            check(f"{name}", a.status == status and words in a.json["error"] and a.json["error"].startswith("inputs"), a)
    with Daemon(check.binary, os.path.join(GOLDEN, "bert-uncased")) as d:
        check("refused without the setting", d.ask(post("/embed", {"inputs": bare})).status == 422)
