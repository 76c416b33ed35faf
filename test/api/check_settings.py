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
    """A copy of the model in which these files have these keys, or this text."""
    model = shutil.copytree(HERE, os.path.join(tempfile.mkdtemp(dir=folder), "model"))
    for name, keys in files.items():
        path = os.path.join(model, name)
        if isinstance(keys, str):
            with open(path, "w", encoding="utf-8") as f:
                f.write(keys)
            continue
        with open(path, encoding="utf-8") as f:
            old = json.load(f) if not name.startswith("sentence_bert") else {}
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
                new = any(word in what for word in ("_args", "or_kwargs", "config_kwargs", 's": {"text"', 's": {"common"', "query_length", "document_length", '"message"', "truncate_dim\": 7}")) and "torch_dtype" not in what
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


TEMPLATE = "{{ messages[0].content }}"


def message(form, template=None, **more):
    """The files of a model whose texts are messages."""
    one = {"method": "forward", "method_output_name": "last_hidden_state", "format": form}
    return {"sentence_bert_config.json": {**more, "modality_config": {"message": one}, "module_output_name": "token_embeddings"}, **({"chat_template.jinja": template} if template else {})}


def check_messages(check):
    """Texts as messages: a template may refuse one, and tells what it is."""
    with tempfile.TemporaryDirectory() as folder:
        model = with_files(folder, message("flat", "{% if 'bad' in messages[0].content %}{{ raise_exception('not this') }}{% endif %}{{ messages[0].content }}"))
        with Daemon(check.binary, model, env=ST) as d:
            good, bad = (d.ask(vectors({"text": text})) for text in ("a text", "a bad text"))
            check("refused by the template", good.status == 200 and bad.status in (400, 422) and "not this" in bad.body.decode(), (good, bad))
            check("an empty text", d.ask(vectors({"text": ""})).status == 200, d.ask(vectors({"text": ""})))
            check("its pipeline says so", "chat template" in run(check, "inspect", "--model", model, **ST)[1])


def check_refused(check):
    with tempfile.TemporaryDirectory() as folder:
        for keys, words in (({"nonsense": 1}, "sentence_bert_config.json: nonsense is not known"),
                            (message("flat"), "there is no chat template"), (message("auto", TEMPLATE), 'modality_config has "message" in a format'), (message("flat", "{% if %}"), "chat_template.jinja: line 1"),
                            (message("flat", TEMPLATE, do_lower_case=True), "do_lower_case"), (message("flat", TEMPLATE, processor_kwargs={"chat_template": "x"}), "processor_kwargs has"),
                            (message("flat", TEMPLATE, processing_kwargs={"text": {"add_special_tokens": False}}), "add_special_tokens"), (message("flat", TEMPLATE, processing_kwargs={"chat_template": {"max_length": 5}}), "processing_kwargs.chat_template has max_length"),
                            (message("flat", TEMPLATE, processing_kwargs={"chat_template": {"restore_suffix": 1}}), "restore_suffix")):
            model = with_files(folder, keys if "sentence_bert_config.json" in keys else {"sentence_bert_config.json": keys})
            code, _, err = run(check, "inspect", "--model", model, **ST)
            check(f"{keys}", code == 1 and words in err, err)
            check(f"{keys}: the default vectorizer does not read it", run(check, "inspect", "--model", model)[0] == 0)
