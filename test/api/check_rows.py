# SPDX-License-Identifier: BSD-3-Clause
"""A tokenizer with more ids than the embeddings have rows: the libraries run it until such an id occurs, and so do we."""
import json
import os
import shutil
import subprocess
import tempfile

from daemon import Daemon, vectors

WARNING = "the tokenizer's largest id is"


def golden(check, name):
    return os.path.join(os.path.dirname(os.path.abspath(check.model)), name)


def copy(check, name, to, without=()):
    folder = shutil.copytree(golden(check, name), os.path.join(to, name), ignore=shutil.ignore_patterns("expected.json", *without))
    return folder


def edit(folder, name, change):
    path = os.path.join(folder, name)
    with open(path, encoding="utf-8") as f:
        value = json.load(f)
    change(value)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(value, f)


def add_token(folder, content, number):
    """As tokenizer.add_tokens without resize_token_embeddings."""
    token = {"id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
    edit(folder, "tokenizer.json", lambda t: t["added_tokens"].append(token))


def run(check, command, folder, *texts, env=()):
    lines = "".join(json.dumps(t) + "\n" for t in texts)
    return subprocess.run([check.binary, command, "--model", folder], input=lines, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, env={**os.environ, **dict(env)})


def serves(check, folder, token, number, shown=None, env=None):
    """Texts without the token get their vector, one with it is 500 by name, alone and among others."""
    what = os.path.basename(folder)
    error = f"token {number} ('{shown or token}') has no row in the embeddings"
    with Daemon(check.binary, folder, env=env) as d:
        said = d.said()
        check(f"{what}: one warning at start", said.count(WARNING) == 1 and str(number) in said, said)
        good = d.ask(vectors({"text": "The river, the wheel."}))
        check(f"{what}: other texts are served", good.status == 200 and good.json["dim"] == len(good.json["vector"]), good)
        a = d.ask(vectors({"text": f"The river {token} wheel."}))
        check(f"{what}: a text with it is 500", a.status == 500 and a.json == {"error": error}, a)
        a = d.ask(vectors({"texts": ["The river, the wheel.", "Paris", f"x {token}"]}))
        check(f"{what}: among others with its index", a.status == 500 and a.json == {"error": "texts[2]: " + error}, a)
        check(f"{what}: served as before", d.ask(vectors({"text": "The river, the wheel."})).body == good.body)
    a = run(check, "tokens", folder, token)
    check(f"{what}: tokens shows it", a.returncode == 0 and number in json.loads(a.stdout), (a.stdout, a.stderr))
    a = run(check, "embed", folder, "The river, the wheel.", token, env=(env or {}).items())
    check(f"{what}: embed names line and token", a.returncode == 1 and len(a.stdout.splitlines()) == 1 and "line 2" in a.stderr
          and error in a.stderr, (a.returncode, a.stderr))


def check_rows_added_token(check):
    with tempfile.TemporaryDirectory() as tmp:
        for name in ("bert-uncased", "roberta", "mpnet", "embeddinggemma"):
            folder = copy(check, name, tmp)
            number = rows(folder)
            add_token(folder, "<extra>", number)
            serves(check, folder, "<extra>", number)
        folder = copy(check, "bge-cls", tmp)
        edit(folder, "tokenizer.json", lambda t: t["model"]["vocab"].update({"zzyzx": 1200}))
        serves(check, folder, "zzyzx", 1200)


def rows(folder):
    """How many the word embeddings have: of all tables with the hidden size of a token, the longest."""
    with open(os.path.join(folder, "model.safetensors"), "rb") as f:
        head = json.loads(f.read(int.from_bytes(f.read(8), "little")))
    return max(t["shape"][0] for name, t in head.items() if "embed" in name and len(t["shape"]) == 2)


def check_rows_static(check):
    with tempfile.TemporaryDirectory() as tmp:
        folder = copy(check, "model2vec", tmp)
        add_token(folder, "<extra>", 1200)
        serves(check, folder, "<extra>", 1200)


def check_rows_vocab_txt(check):
    """Blank lines at the end of vocab.txt; a [MASK] that the class adds."""
    with tempfile.TemporaryDirectory() as tmp:
        folder = copy(check, "bert-uncased", tmp, without=("tokenizer.json", "special_tokens_map.json", "tokenizer_config.json"))
        path = os.path.join(folder, "vocab.txt")
        with open(path, encoding="utf-8") as f:
            words = f.read()
        with open(path, "w", encoding="utf-8") as f:
            f.write(words + "\n\n\n")
        with Daemon(check.binary, folder) as d, Daemon(check.binary, check.model) as plain:
            said = d.said()
            check("blank lines: one warning", said.count(WARNING + " 1202") == 1, said)
            ask = vectors({"text": "The river, the wheel."})
            check("blank lines: the same vectors", d.ask(ask).body == plain.ask(ask).body)
        with open(path, "w", encoding="utf-8") as f:
            f.write(words.replace("[MASK]\n", "[M]\n"))
        serves(check, folder, "[MASK]", 1200)
