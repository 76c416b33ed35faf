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
