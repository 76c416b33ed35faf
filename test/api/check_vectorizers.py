# SPDX-License-Identifier: BSD-3-Clause
"""The sentence-transformers and onnx vectorizers over HTTP: tasks, dimensions, prefixes, the cache, errors."""
import json
import math
import os
import subprocess
import tempfile

from daemon import OURS, Daemon, vectors

TEXT = "The London Eye is a ferris wheel at the River Thames."
ST = {"USE_SENTENCE_TRANSFORMERS_VECTORIZER": "true"}


def beside(check, name):
    return os.path.join(os.path.dirname(os.path.abspath(check.model)), name)


def ask(d, text=TEXT, **config):
    return d.ask(vectors({"text": text, "config": config}))


def length(vector):
    return math.sqrt(sum(x * x for x in vector))


def check_sentence_transformers(check):
    with Daemon(check.binary, beside(check, "st-dense"), env=ST) as d:
        a = d.get("/meta")
        check("/meta names it", a.json.get("vectorizer") == "sentence-transformers" and a.json.get("dimensions") == 21, a)
        base = ask(d)
        check("a vector of length 1", base.status == 200 and base.json["dim"] == 21 and abs(length(base.json["vector"]) - 1) < 1e-5, base)
        check("task_type passage is as none", ask(d, task_type="passage").body == base.body)
        check("task_type of another name too", ask(d, task_type="Query").body == base.body)
        check("query is another", ask(d, task_type="query").json["vector"] != base.json["vector"])
        check("any pooling_strategy is taken", ask(d, pooling_strategy="nonsense").body == base.body)
        check("white space at the ends does not count", ask(d, "\u3000 " + TEXT + "\n").json["vector"] == base.json["vector"])
        for n, want in ((1, 1), (20, 20), (21, 21), (22, 21), (1 << 40, 21)):
            a = ask(d, dimensions=n)
            check(f"dimensions {n}", a.status == 200 and a.json["dim"] == len(a.json["vector"]) == want
                  and abs(length(a.json["vector"]) - 1) < 1e-5, a)
        for n in (0, -1, 1.5, "3"):
            a = ask(d, dimensions=n)
            check(f"dimensions {n!r} is 422", a.status == 422 and "dimensions" in a.json["error"], a)
        a = ask(d, dimensions=3).json["vector"]
        whole = base.json["vector"][:3]
        check("cut, then normalised", all(abs(x - y / length(whole)) < 1e-5 for x, y in zip(a, whole)), (a, whole))
        for text in ("", " \t\n"):
            a = ask(d, text)
            check(f"{text!r} is its special tokens", a.status == 200 and a.json["dim"] == 21 and a.json["text"] == text, a)
        a = d.ask(vectors({"texts": [TEXT, "", "x"], "config": {"task_type": "query", "dimensions": 5}}))
        alone = [ask(d, t, task_type="query", dimensions=5).json["vector"] for t in (TEXT, "", "x")]
        far = max(abs(x - y) for v, w in zip(a.json["vectors"], alone) for x, y in zip(v, w)) if a.status == 200 else 1
        check("texts", a.status == 200 and a.json["dim"] == 5 and far < 1e-5, a)


def check_prefixes(check):
    for env in (ST, {"ONNX_RUNTIME": "true"}, {}, {"T2V_TRANSFORMERS_DIRECT_TOKENIZE": "1"}):
        with Daemon(check.binary, check.model, env={**env, "USE_QUERY_PASSAGE_PREFIXES": "true"}) as d:
            want = ask(d, "query: " + TEXT).json["vector"]
            a = ask(d, task_type="query")
            check(f"{env}: the task before the text", a.json["vector"] == want and a.json["text"] == TEXT, a)
            check(f"{env}: none without a task", ask(d).json["vector"] != want)


def check_onnx(check):
    with Daemon(check.binary, check.model, env={"ONNX_RUNTIME": "true"}) as d:
        base = ask(d)
        check("a vector of length 1", base.status == 200 and abs(length(base.json["vector"]) - 1) < 1e-5, base)
        meta = d.get("/meta").json
        check("/meta names it", meta.get("vectorizer") == "onnx" and meta.get("precision") == "int8", meta)
        check("nothing in config counts", ask(d, pooling_strategy="cls", task_type="query", dimensions=3).body == base.body)
        check("an empty text is its special tokens", ask(d, "").status == 200)


def check_cache_of_tasks(check):
    """What decides the vector is part of the question that is kept."""
    with Daemon(check.binary, beside(check, "st-dense"), env={**ST, "ENABLE_CACHE": "1"}) as d:
        configs = [{}, {"task_type": "query"}, {"task_type": "passage"}, {"dimensions": 4}, {"dimensions": 5}, {"task_type": "query", "dimensions": 4}]
        first = [ask(d, **c).body for c in configs]
        hits = d.metric("t2v_cache_hits_total")
        again = [ask(d, **c).body for c in configs]
        check("the same answers", first == again)
        check("from the cache", d.metric("t2v_cache_hits_total") == hits + len(configs), (hits, d.metric("t2v_cache_hits_total")))
        check("each its own", len(set(first)) == len(configs) - 1)  # passage is as none


def check_embed(check):
    def embed(*args):
        run = subprocess.run([check.binary, "embed", "--model", beside(check, "st-dense"), "--vectorizer", "sentence-transformers", *args],
                             input=b'"one"\n"two"\n', stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return run.returncode, run.stdout.decode().splitlines()

    code, lines = embed()
    check("embed", code == 0 and [s.count(",") for s in lines] == [20, 20], (code, lines))
    code, short = embed("--dimensions", "4", "--task", "query")
    check("embed --dimensions --task", code == 0 and [s.count(",") for s in short] == [3, 3], (code, short))


def check_against(check):
    """How far int8 is from f32, on a user's own texts."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as corpus:
        json.dump({"one": ["A text."], "many": [f"Text number {i}, with a word or {i * i}." for i in range(30)]}, corpus)
        corpus.flush()
        run = subprocess.run([check.binary, "bench", "--model", check.model, "--corpus", corpus.name, "--precision", "int8", "--against", "f32"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    check("bench --against", run.returncode == 0, run.stderr)
    sets = [json.loads(line) for line in run.stdout.splitlines()]
    check("its sets", [(s["set"], s["texts"], s.get("neighbours")) for s in sets] == [("one", 1, None), ("many", 30, 10)], sets)
    check("int8 is near f32, and not it", all(0.999 < s["least_cosine"] <= s["mean_cosine"] < 0.9999999 for s in sets), sets)
    check("and keeps most neighbours", 0 <= sets[1]["neighbours_lost"] < 0.3, sets)


def check_dpr(check):
    with Daemon(check.binary, beside(check, "dpr")) as d:
        check("it warns at start", "first of every 25" in d.said(), d.said())
        a = ask(d, pooling_strategy="nonsense")
        check("any pooling_strategy is taken", a.status == 200 and a.json["dim"] == 9, a)
        check("a text without a sentence is 422", ask(d, " ").status == 422)
    with Daemon(check.binary, beside(check, "dpr"), env={"T2V_TRANSFORMERS_DIRECT_TOKENIZE": "1"}) as d:
        check("no warning with direct tokenisation", "first of every 25" not in d.said(), d.said())


def check_bidirectional(check):
    """EmbeddingGemma as transformers 4.56.1 computes it, which ignores the key in config.json: see make-bidirectional."""
    golden = os.path.dirname(check.model)
    model = os.path.join(golden, "embeddinggemma")
    with open(os.path.join(golden, "embeddinggemma-causal.json"), encoding="utf-8") as f:
        causal = json.load(f)
    lines = "".join(json.dumps(t) + "\n" for t in causal["texts"])

    def embed(**env):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
        p = subprocess.run([check.binary, "embed", "--model", model, "--sentence-transformers"], input=lines, env={**clean, **env},
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        return [json.loads(line) for line in p.stdout.splitlines()]

    def off(got):
        return max((abs(a - b) for v, w in zip(got, causal["vectors"]) for a, b in zip(v, w)), default=9)

    got = embed(T2V_BIDIRECTIONAL_ATTENTION="false")
    check("false is what 4.56.1 gives", len(got) == len(causal["texts"]) and off(got) < 1e-5, off(got))
    auto = embed()
    check("auto is as the model says", auto == embed(T2V_BIDIRECTIONAL_ATTENTION="true") and off(auto) > 0.1, off(auto))
    check("auto by name", auto == embed(T2V_BIDIRECTIONAL_ATTENTION="auto"))
    check("another word is refused", embed(T2V_BIDIRECTIONAL_ATTENTION="maybe") == [])
