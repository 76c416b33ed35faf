# SPDX-License-Identifier: BSD-3-Clause
"""OpenAI's API: the shapes of its answers and errors, its two encodings, its names of models."""
import base64
import json
import math
import struct

from daemon import Daemon, request


def embeddings(body, path="/v1/embeddings"):
    return request("POST", path, json.dumps(body).encode() if not isinstance(body, bytes) else body, [])


def check_embeddings(check):
    with Daemon(check.binary, check.model) as d:
        a = d.ask(embeddings({"input": ["a small house", "two"], "model": "text-embedding-3-small", "user": None}))
        check("200", a.status == 200, a)
        check("the shape", a.json["object"] == "list" and [e["object"] for e in a.json["data"]] == ["embedding"] * 2 and [e["index"] for e in a.json["data"]] == [0, 1], a)
        check("the model's own name", a.json["model"] == d.get("/v1/models").json["data"][0]["id"], a.json["model"])
        check("usage", a.json["usage"]["prompt_tokens"] == a.json["usage"]["total_tokens"] > 4, a.json["usage"])
        vectors = [e["embedding"] for e in a.json["data"]]
        check("of length 1", all(abs(math.hypot(*v) - 1) < 1e-5 for v in vectors))
        for path in ("/embeddings", "/v1/embeddings/", "//v1/embeddings"):
            check(path, d.ask(embeddings({"input": "two"}, path)).json["data"][0]["embedding"] == vectors[1])
        a = d.ask(embeddings({"input": ["a small house", "two"], "encoding_format": "base64"}))
        packed = [struct.unpack(f"<{len(vectors[0])}f", base64.b64decode(e["embedding"])) for e in a.json["data"]]
        check("base64 has the same floats", [[struct.pack("<f", x) for x in v] for v in vectors] == [[struct.pack("<f", x) for x in v] for v in packed])
        empty = [d.ask(embeddings({"input": x})) for x in ("", None, [""], [None])]
        check("an empty text has a vector", all(a.status == 200 for a in empty) and len({a.body for a in empty}) == 1, empty)
        a = d.ask(embeddings({"input": "two", "dimensions": 3}))
        v = a.json["data"][0]["embedding"]
        check("dimensions: cut, then of length 1", len(v) == 3 and abs(math.hypot(*v) - 1) < 1e-5 and abs(v[0] * vectors[1][1] - v[1] * vectors[1][0]) < 1e-6, v)


def check_embeddings_errors(check):
    with Daemon(check.binary, check.model) as d:
        for name, body, param, word in (("no input", {}, "input", "missing"), ("an empty list", {"input": []}, "input", "at least one"),
                                        ("token ids", {"input": [1, 2]}, "input", "check_embedding_ctx_length=False"),
                                        ("lists of them", {"input": [[1, 2]]}, "input", "check_embedding_ctx_length=False"), ("an object", {"input": {}}, "input", "a string"),
                                        ("a number among texts", {"input": ["a", 1]}, "input", "input[1]"), ("dimensions", {"input": "a", "dimensions": 0}, "dimensions", "from 1 to"),
                                        ("too many dimensions", {"input": "a", "dimensions": 100000}, "dimensions", "from 1 to"),
                                        ("half a dimension", {"input": "a", "dimensions": 1.5}, "dimensions", "a whole number is needed here, not another number"),
                                        ("a format", {"input": "a", "encoding_format": "hex"}, "encoding_format", "float or base64"),
                                        ("a model that is no string", {"input": "a", "model": 1}, "model", "a string"), ("no JSON", b"{", None, "")):
            a = d.ask(embeddings(body))
            e = a.json["error"]
            check(name, a.status == 400 and set(e) == {"message", "type", "param", "code"} and e["type"] == "invalid_request_error" and e["param"] == param and word in e["message"], a)
        a = d.get("/v1/nope")
        check("an unknown path", a.status == 404 and a.json["error"]["message"] == "no such path", a)
        a = d.get("/v1/embeddings")
        check("another method", a.status == 405 and a.json["error"]["type"] == "invalid_request_error" and a.headers["allow"] == "POST", a)
    with Daemon(check.binary, check.model, env={"AUTHENTICATION_ALLOWED_TOKENS": "t"}) as d:
        a = d.ask(embeddings({"input": "a"}))
        check("401 in OpenAI's shape", a.status == 401 and a.json["error"]["type"] == "authentication_error", a)


def check_models(check):
    with Daemon(check.binary, check.model) as d:
        for path in ("/v1/models", "/v1/models/"):
            a = d.get(path)
            check("a list", a.status == 200 and a.json["object"] == "list" and set(a.json["data"][0]) == {"id", "object", "created", "owned_by"}, a)
        name = a.json["data"][0]["id"]
        check("one", d.get(f"/v1/models/{name}").json == a.json["data"][0])
        a = d.get("/v1/models/nobody")
        check("none", a.status == 404 and a.json["error"]["code"] == "model_not_found", a)
        check("what /meta lists", d.get("/meta").json["models"] == [{"name": name, "tasks": ["embeddings"]}], d.get("/meta").json["models"])
