# SPDX-License-Identifier: BSD-3-Clause
"""Settings of a model directory, against what sentence-transformers makes of them (test/golden/make-settings)."""
import json
import os
import shutil
import tempfile

from check_commands import run
from daemon import Daemon, vectors

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "st-settings")
ST = {"USE_SENTENCE_TRANSFORMERS_VECTORIZER": "true"}


def with_files(folder, files):
    """A copy of the model in which these files have these keys."""
    model = shutil.copytree(HERE, os.path.join(tempfile.mkdtemp(dir=folder), "model"))
    for name, keys in files.items():
        path = os.path.join(model, name)
        with open(path, encoding="utf-8") as f:
            old = json.load(f) if name.startswith("config") else {}
        with open(path, "w", encoding="utf-8") as f:
            json.dump({**old, **keys}, f)
    return model


def off(got, want):
    return max(abs(g - w) for g, w in zip(got, want)) if len(got) == len(want) else float("inf")


def check_settings(check):
    with open(os.path.join(HERE, "cases.json"), encoding="utf-8") as f:
        known = json.load(f)
    with tempfile.TemporaryDirectory() as folder:
        for case in known["cases"]:
            what = f"{case['version']} {json.dumps(case['files'])} {case['task']}"
            with Daemon(check.binary, with_files(folder, case["files"]), env=ST) as d:
                a = d.ask(vectors({"text": known["text"], "config": {"task_type": case["task"]}}))
                check(what, a.status == 200 and off(a.json["vector"], case["vector"]) < 1e-5, a)
                meta = d.get("/meta").json
                check(f"{what}: dimensions", a.json["dim"] == meta["dimensions"] == len(case["vector"]), (a.json["dim"], meta["dimensions"]))
                new = any(word in what for word in ("_args", "_kwargs", "_length\": 6", "_length\": 4", "truncate_dim\": 7}")) and "torch_dtype" not in what
                check(f"{what}: a warning", ("an earlier t2v filled" in d.said()) == new, d.said())


def check_truncate_dim(check):
    """A request's dimensions win; both cut before the vector is made one of length 1."""
    with tempfile.TemporaryDirectory() as folder:
        model = with_files(folder, {"config_sentence_transformers.json": {"truncate_dim": 7}})
        with Daemon(check.binary, model, env=ST) as d, Daemon(check.binary, HERE, env=ST) as whole:
            for n in (3, 7, 12, 32, 500):
                ask = vectors({"texts": ["a", "b c"], "config": {"dimensions": n}})
                a, b = d.ask(ask).json, whole.ask(ask).json
                check(f"{n} dimensions", a == b and a["dim"] == min(n, 32), (a, b))
            a = d.ask(vectors({"texts": ["a", "b c"]})).json
            check("none given", a["dim"] == 7 and all(abs(sum(x * x for x in v) - 1) < 1e-5 for v in a["vectors"]), a)


def check_refused(check):
    with tempfile.TemporaryDirectory() as folder:
        for keys, words in (({"nonsense": 1}, "sentence_bert_config.json: nonsense is not known"),
                            ({"modality_config": {"text": {}, "message": {"method": "forward"}}}, 'sentence_bert_config.json: modality_config has "message"')):
            model = with_files(folder, {"sentence_bert_config.json": keys})
            code, _, err = run(check, "inspect", "--model", model, **ST)
            check(f"{keys}", code == 1 and words in err, err)
            check(f"{keys}: the default vectorizer does not read it", run(check, "inspect", "--model", model)[0] == 0)
