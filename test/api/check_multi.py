# SPDX-License-Identifier: BSD-3-Clause
"""POST /v1/multi-vector: a vector for each token, against MultiVectorEncoder of sentence-transformers (test/golden/multi)."""
import base64
import json
import os
import struct

from daemon import Daemon, request

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden")


def multi_vector(body):
    return request("POST", "/v1/multi-vector", json.dumps(body).encode())


def floats(text):
    raw = base64.b64decode(text)
    return struct.unpack(f"<{len(raw) // 4}f", raw)


def check_multi_vectors(check):
    with open(os.path.join(GOLDEN, "multi", "expected.json"), encoding="utf-8") as f:
        cases = json.load(f)["cases"]
    for folder in sorted({c["model"] for c in cases}):
        with Daemon(check.binary, os.path.join(GOLDEN, folder)) as d:
            check(f"{folder}: /meta says so", "multi-vector" in d.get("/meta").json["models"][0]["tasks"], d.get("/meta").json["models"])
            for c in [c for c in cases if c["model"] == folder and set(c) <= {"model", "query", "texts", "vectors"}]:
                more = {"task": "retrieval.query"} if c["query"] else {}
                a = d.ask(multi_vector({"input": c["texts"], "model": "x", "embedding_type": "float", **more}))
                got = [[x for v in e["embeddings"] for x in v] for e in a.json["data"]]
                want = [floats(v) for v in c["vectors"]]
                far = max((abs(x - y) for g, w in zip(got, want) for x, y in zip(g, w)), default=1)
                check(f"{folder}, query {c['query']}", a.status == 200 and [len(g) for g in got] == [len(w) for w in want] and far < 1e-5, far)
                check("their order", [e["index"] for e in a.json["data"]] == list(range(len(want))))
                check("tokens", a.json["usage"]["total_tokens"] > 0)


def check_multi_errors(check):
    with Daemon(check.binary, os.path.join(GOLDEN, "multi", "stanford")) as d:
        for name, body, param in (("nothing", {"input": []}, "input"), ("ids", {"input": [1]}, "input"), ("another type", {"input": "a", "embedding_type": "base64"}, "embedding_type"),
                                  ("too many dimensions", {"input": "a", "dimensions": 100000}, "dimensions")):
            a = d.ask(multi_vector(body))
            check(name, a.status == 400 and a.json["error"]["param"] == param and a.json["detail"] == a.json["error"]["message"], a)
        a = d.ask(multi_vector({"input": ["a word"] * 150000}))
        check("an answer that would be too large", a.status == 413 and "the limit is" in a.json["detail"], a)
        a = d.ask(multi_vector({"input": "a", "dimensions": 2, "input_type": "query"}))
        check("dimensions", all(len(v) == 2 for v in a.json["data"][0]["embeddings"]), a)
    with Daemon(check.binary, check.model) as d:
        a = d.ask(multi_vector({"input": "a"}))
        check("an embedder cannot", a.status == 404 and "multi-vector is needed here" in a.json["detail"], a)
