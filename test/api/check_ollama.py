# SPDX-License-Identifier: BSD-3-Clause
"""Ollama's API, as far as it is about vectors: shapes, numbers, errors."""
import json
import math
import os

from daemon import Daemon, request


def post(path, body):
    return request("POST", path, body if isinstance(body, bytes) else json.dumps(body).encode(), [])


def unit(vector):
    return abs(math.hypot(*vector) - 1) < 1e-5


def check_ollama_embed(check):
    texts = ["a small house", "two", ""]
    with Daemon(check.binary, check.model) as d:
        name = d.get("/v1/models").json["data"][0]["id"]
        a = d.ask(post("/v1/embeddings", {"input": texts}))
        want, tokens = [e["embedding"] for e in a.json["data"]], a.json["usage"]["prompt_tokens"]
        for model in ("nomic-embed-text", name, name + ":latest", None):
            a = d.ask(post("/api/embed", {"model": model, "input": texts, "truncate": None, "options": {"num_ctx": 1}, "keep_alive": "5m", "dimensions": None}))
            check(f"{model}: its keys", a.status == 200 and list(a.json) == ["model", "embeddings", "total_duration", "load_duration", "prompt_eval_count"], a)
            check(f"{model}: the vectors of /v1/embeddings", a.json["embeddings"] == want, a)
            check(f"{model}: the rest", a.json["model"] == name and a.json["prompt_eval_count"] == tokens and a.json["total_duration"] > 0 and a.json["load_duration"] == 0, a)
        check("a string is a list of one", d.ask(post("/api/embed/", {"model": "m", "input": texts[0]})).json["embeddings"] == want[:1])
        check("empty texts", d.ask(post("/api/embed", {"input": ""})).json["embeddings"] == d.ask(post("/api/embed", {"input": [None]})).json["embeddings"] == want[2:])
        a = d.ask(post("/api/embed", {"model": "m", "input": texts, "dimensions": 3}))
        check("dimensions", all(len(v) == 3 and unit(v) for v in a.json["embeddings"]), a)
        raw = d.ask(post("/", {"inputs": texts, "options": {}})).json
        a = d.ask(post("/api/embeddings", {"model": "m", "prompt": texts[0]}))
        check("the older route", a.status == 200 and a.json == {"embedding": raw[0]}, a)


def check_ollama_errors(check):
    long = "word " * 3000
    with Daemon(check.binary, check.model) as d:
        for path, body, status, word in (
                ("/api/embed", {"model": "m"}, 400, "input: the field is missing"), ("/api/embed", {"input": []}, 400, "at least one"), ("/api/embed", {"input": [1]}, 400, "token ids"), ("/api/embed", {"input": {}}, 400, "a string"),
                ("/api/embed", {"input": "a", "truncate": 1}, 400, "truncate"), ("/api/embed", {"input": "a", "dimensions": 0}, 400, "dimensions: from 1"), ("/api/embed", {"input": "a", "model": 1}, 400, "model: a string"),
                ("/api/embed", {"input": ["a", long], "truncate": False}, 400, "input[1]"), ("/api/embed", b"{", 400, ""), ("/api/embeddings", {"prompt": ["a"]}, 400, "prompt: a string"), ("/api/embeddings", {}, 400, "prompt: the field is missing")):
            a = d.ask(post(path, body))
            check(f"{path} {str(body)[:50]}", a.status == status and list(a.json) == ["error"] and word in a.json["error"], a)
        a = d.get("/api/embed")
        check("another method", a.status == 405 and a.json["error"] == "method not allowed, use POST", a)
    with Daemon(check.binary, check.model, env={"AUTHENTICATION_ALLOWED_TOKENS": "t"}) as d:
        check("401", [d.get("/api/tags").status, d.get("/api/version").status, d.ask(post("/api/embed", {"input": "a"})).json] == [401, 401, {"error": "Unauthorized"}])


def check_ollama_tags(check):
    with Daemon(check.binary, check.model) as d:
        a = d.get("/api/tags")
        model = a.json["models"][0]
        check("the models", set(model) == {"name", "model", "modified_at", "size", "digest", "details"} and model["name"] == model["model"] == d.get("/v1/models").json["data"][0]["id"], a)
        check("their details", set(model["details"]) == {"parent_model", "format", "family", "families", "parameter_size", "quantization_level"} and model["details"]["family"] == "bert" and model["details"]["quantization_level"] == "F32", a)
        check("their size", model["size"] > 0, a)
        check("the version", d.get("/api/version").json == {"version": d.get("/meta").json["version"]})


def check_ollama_ps(check):
    with Daemon(check.binary, check.model) as d:
        a = d.get("/api/ps")
        model, tag = a.json["models"][0], d.get("/api/tags").json["models"][0]
        check("its keys", list(model) == ["name", "model", "size", "digest", "details", "expires_at", "size_vram", "context_length"] and len(a.json["models"]) == 1, a)
        check("what /api/tags has", all(model[key] == tag[key] for key in ("name", "model", "size", "digest", "details")), (model, tag))
        check("it stays loaded", model["expires_at"] > "2100" and model["size_vram"] == 0 and model["context_length"] == 500, a)
        check("its errors", d.ask(post("/api/ps", {})).json == {"error": "method not allowed, use GET"})


def check_ollama_show(check):
    with Daemon(check.binary, check.model) as d:
        name = d.get("/v1/models").json["data"][0]["id"]
        a = d.ask(post("/api/show", {"model": name}))
        check("an embedder", a.status == 200 and a.json["capabilities"] == ["embedding"] and a.json["details"] == d.get("/api/tags").json["models"][0]["details"], a)
        check("its sizes", a.json["model_info"] == {"general.architecture": "bert", "bert.context_length": 500, "bert.embedding_length": 32}, a)
        for body in ({"name": name + ":latest"}, {"model": "other", "verbose": True}, {"model": None}, {}):
            check(f"the same: {body}", d.ask(post("/api/show", body)).json == a.json)
        for body, word in (({"model": 1}, "model"), ({"model": name, "name": {}}, "name")):
            a = d.ask(post("/api/show", body))
            check(f"no name: {body}", a.status == 400 and word in a.json["error"], a)
    generator = os.path.join(os.path.dirname(check.model), "generators", "marked")
    with Daemon(check.binary, "e=" + check.model, "--model", "g=" + generator) as d:
        for model, want in (("e", "bert"), ("g", "qwen3"), ("x", "qwen3")):
            a = d.ask(post("/api/show", {"model": model}))
            check(f"of several: {model}", a.json["model_info"]["general.architecture"] == want, a)
        check("all are loaded", [m["name"] for m in d.get("/api/ps").json["models"]] == ["e", "g"])
