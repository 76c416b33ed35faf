# SPDX-License-Identifier: BSD-3-Clause
"""Static embeddings under both vectorizers, against their libraries (test/golden/make-static)."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

from check_commands import run
from daemon import Daemon, vectors

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden")
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(GOLDEN, "static"))
from recipes import edit, vary  # noqa: E402

SETTINGS = {"sentence-transformers 5.1.0": {}, "model2vec 0.10.0": {"T2V_VECTORIZER": "model2vec"},
            "model2vec 0.8.1": {"T2V_VECTORIZER": "model2vec", "T2V_MODEL2VEC_CHAR_CUT": "true"}}


def far(got, want):
    return max(abs(g - w) for a, b in zip(got, want) for g, w in zip(a, b)) if [len(v) for v in got] == [len(v) for v in want] else float("inf")


def check_static(check):
    with open(os.path.join(GOLDEN, "static", "cases.json"), encoding="utf-8") as f:
        known = json.load(f)
    with tempfile.TemporaryDirectory() as folder:
        for i, case in enumerate(known["cases"]):
            what = f"{case['library']}, {case['recipe']}"
            model = vary(GOLDEN, case["recipe"], os.path.join(folder, str(i)))
            with Daemon(check.binary, model, env=SETTINGS[case["library"]]) as d:
                a = d.ask(vectors({"texts": known["texts"]}))
                check(what, a.status == 200 and far(a.json["vectors"], case["vectors"]) < 1e-5, a)
                check(f"{what}: one by one", all(d.ask(vectors({"text": t})).json["vector"] == v for t, v in zip(known["texts"], a.json["vectors"])))
                said = "an earlier t2v filled: it ignored tokenizer.json: truncation" in d.said()
                check(f"{what}: a warning", said == (case["recipe"] == "truncation" and "sentence" in case["library"]), d.said())


def check_tokenizer_alone(check):
    """No rule of a class is laid over tokenizer.json, and no other file counts."""
    with tempfile.TemporaryDirectory() as folder:
        model = vary(GOLDEN, "nothing", os.path.join(folder, "model"))
        with open(os.path.join(GOLDEN, "roberta", "tokenizer.json"), encoding="utf-8") as f, open(os.path.join(model, "tokenizer.json"), "w", encoding="utf-8") as to:
            to.write(f.read())
        edit(model, "tokenizer.json", lambda t: t["pre_tokenizer"].update(add_prefix_space=True))
        with open(os.path.join(model, "tokenizer_config.json"), "w", encoding="utf-8") as f:
            json.dump({"tokenizer_class": "RobertaTokenizer", "add_prefix_space": False}, f)
        p = subprocess.run([check.binary, "tokens", "--model", model], input=b'"hello"\n', stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check("ids", p.stdout.split() == b"[1089, 80, 80, 83]".split(), p)


def check_places(check):
    """modules.json says what a folder is, whatever config.json does not say."""
    settings = os.path.join(GOLDEN, "st-settings")
    with tempfile.TemporaryDirectory() as folder:
        for i, root in enumerate((None, "{}", '{"__version__": {"sentence_transformers": "2.0.0"}}')):
            model = os.path.join(folder, str(i))
            os.mkdir(model)
            shutil.copytree(settings, os.path.join(model, "0_Transformer"))
            os.rename(os.path.join(model, "0_Transformer", "1_Pooling"), os.path.join(model, "1_Pooling"))
            for name in ("modules.json", "config_sentence_transformers.json"):
                os.rename(os.path.join(model, "0_Transformer", name), os.path.join(model, name))
            edit(model, "modules.json", lambda m: m[0].update(path="0_Transformer"))
            if root is not None:
                with open(os.path.join(model, "config.json"), "w", encoding="utf-8") as f:
                    f.write(root)
            ask = vectors({"text": "hello there"})
            with Daemon(check.binary, model, "--sentence-transformers") as d, Daemon(check.binary, settings, "--sentence-transformers") as flat:
                check(f"the old layout, config.json {root}", d.ask(ask).body == flat.ask(ask).body, d.said())
            edit(model, "modules.json", lambda m: m[0].update(type="sentence_transformers.models.Router", path=""))
            code, _, err = run(check, "inspect", "--model", model)
            check(f"a Router, config.json {root}", code == 1 and "modules.json: module 'Router' is not supported" in err, err)
