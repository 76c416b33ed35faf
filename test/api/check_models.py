# SPDX-License-Identifier: BSD-3-Clause
"""Several models in one process: which of them answers, what says so, and what is refused."""
import os
import subprocess

from check_openai import embeddings
from daemon import Daemon, vectors

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden")


def check_several_models(check):
    other = os.path.join(GOLDEN, "roberta")
    with Daemon(check.binary, check.model, "--model", f"second={other}") as d:
        first = os.path.basename(check.model)
        check("their names", [m["id"] for m in d.get("/v1/models").json["data"]] == [first, "second"])
        a, b = (d.ask(embeddings({"input": "a small house", "model": name})).json for name in (first, "second"))
        check("each by its name", (a["model"], b["model"]) == (first, "second") and a["data"] != b["data"], (a["model"], b["model"]))
        for name in ("nobody", "", None):
            check(f"the first for {name!r}", d.ask(embeddings({"input": "a small house", "model": name})).json == a)
        v = d.ask(vectors({"text": "a small house"})).json
    with Daemon(check.binary, check.model) as d:
        check("/vectors is the first's", d.ask(vectors({"text": "a small house"})).json == v)
        check("as it is alone", d.ask(embeddings({"input": "a small house"})).json == a)
    with Daemon(check.binary, other) as d:
        check("so is the second", d.ask(embeddings({"input": "a small house"})).json["data"] == b["data"])


def check_metrics_by_model(check):
    with Daemon(check.binary, check.model, "--model", f'a "b"={os.path.join(GOLDEN, "roberta")}') as d:
        first = os.path.basename(check.model)
        lines = lambda: [x for x in d.get("/metrics").body.decode().splitlines() if x.startswith("t2v_model_")]
        infos = [x for x in lines() if x.startswith("t2v_model_info")]
        check("each is listed", len(infos) == 2 and f'name="{first}"}} 1' in infos[0] and 'name="a \\"b\\""} 1' in infos[1], infos)
        for n, name in ((3, first), (2, 'a "b"')):
            for _ in range(n):
                d.ask(embeddings({"input": ["a small house", "two"], "model": name}))
        d.ask(vectors({"text": "a small house"}))
        counts = dict(x.rsplit(" ", 1) for x in lines())
        for name, works, seqs in ((first, 4, 7), ('a \\"b\\"', 2, 4)):
            of = {kind: int(counts[f't2v_model_{kind}_total{{model="{name}"}}']) for kind in ("works", "tokens", "sequences", "batches")}
            check(f"{name}: counted", of["works"] == works and of["sequences"] == seqs and of["tokens"] > 3 * seqs and 0 < of["batches"] <= seqs, of)
        sums = [sum(int(v) for k, v in counts.items() if f"_{kind}_total" in k) for kind in ("tokens", "sequences", "batches")]
        check("together all", sums == [d.metric(f"t2v_{kind}_total") for kind in ("tokens", "sequences", "batches")], sums)
        check("memory is stated at start", len([x for x in d.said().splitlines() if " open path=" in x and " mb=" in x]) == 2, d.said())


def check_names(check):
    run = lambda *args: subprocess.run([check.binary, *args], capture_output=True, text=True)
    a = run("serve", "--listen", "127.0.0.1:0", "--model", f"x={check.model}", "--model", f"x={check.model}")
    check("one name for two", a.returncode == 2 and "two models are called x" in a.stderr, a.stderr)
    a = run("embed", "--model", check.model, "--model", check.model)
    check("only serve takes several", a.returncode == 2 and "only serve" in a.stderr, a.stderr)
    a = run("serve", *["--model", check.model] * 9)
    check("not more than eight", a.returncode == 2 and "at most 8" in a.stderr, a.stderr)
    a = run("inspect", "--short", "--model", f"x={check.model}")
    check("others take a name, too", a.returncode == 0, a.stderr)
