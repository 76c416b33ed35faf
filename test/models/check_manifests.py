# SPDX-License-Identifier: BSD-3-Clause
"""The manifests are as doc/models.md says, say of each family what t2v says, and that page's table is theirs."""
import base64
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "models"))
import fakehub  # noqa: E402
import hub  # noqa: E402
import layout  # noqa: E402
import manifest  # noqa: E402

KEYS = ["model", "revision", "revision_from", "license", "gated", "family", "dimensions", "max_tokens", "pooling", "prompts", "images", "files",
        "golden"]
ARGS = {"MODEL_NAME", "ONNX_RUNTIME", "USE_SENTENCE_TRANSFORMERS_VECTORIZER", "USE_QUERY_PASSAGE_PREFIXES", "USE_QUERY_PROMPT",
        "TRUST_REMOTE_CODE", "T2V_VECTORIZER"}


def number(value):
    return type(value) is int and 0 < value < 1 << 50


def text(value, pattern=".+"):
    return isinstance(value, str) and re.fullmatch(pattern, value, re.S) is not None


def looks_made_up(digest):
    """Whether a text of hex digits is a filler: a digest of nothing, with a run, or of fewer than 8 different digits. By chance one
    digest in 100,000 is."""
    runs = ("0123456789", "abcdef", "fedcba", "9876543210", "deadbeef")
    of_nothing = [hashlib.new(kind, data).hexdigest() for kind in ("sha1", "sha256") for data in (b"", b"blob 0\0")]
    return digest in of_nothing or any(run in digest for run in runs) or len(set(digest)) < 8


def check_sources(checks):
    """No revision or digest is a guess, so far as that can be seen: each has a source, none is a filler, none is of two things."""
    for filler in ("0" * 40, "0123456789abcdef" * 4, "ab12" * 10, "deadbeef" * 5, hashlib.sha256(b"").hexdigest(), fakehub.COMMIT):
        checks(f"{filler} is a filler", looks_made_up(filler))
    models, sizes, revisions = manifest.all_models(), {}, []
    for name, model in models.items():
        revision, source = model["revision"], model["revision_from"]
        checks(f"{name}: a revision, and where it was read; or neither", (revision is None) == (source is None) and (source is None or text(source)), source)
        checks(f"{name}: its revision is no filler", revision is None or not looks_made_up(revision), revision)
        revisions += [revision] if revision else []
        for path, entry in (model["files"] or {}).items():
            checks(f"{name}: {path}: its sha256 is no filler", not looks_made_up(entry["sha256"]), entry)
            checks(f"{name}: {path}: of one size", sizes.setdefault(entry["sha256"], entry["size"]) == entry["size"], entry)
    checks("no revision of two models", len(set(revisions)) == len(revisions), sorted(revisions))


def check_schema(checks):
    names = manifest.all_models()
    checks("there are some", len(names) > 0)
    for name, model in names.items():
        checks(f"{name}: its keys", list(model) == KEYS, list(model))
        checks(f"{name}: named like its model", text(model["model"], r"([\w.-]+/)?" + re.escape(name)), model["model"])
        for key, fits in (
                ("revision", lambda v: v is None or text(v, "[0-9a-f]{40}")), ("license", lambda v: v is None or text(v, "[a-z0-9.-]+")),
                ("gated", lambda v: isinstance(v, bool)), ("family", lambda v: text(v, "[a-z0-9_-]+")),
                ("dimensions", lambda v: v is None or number(v)), ("max_tokens", lambda v: v is None or number(v)),
                ("pooling", lambda v: v in (None, "cls", "mean", "lasttoken")),
                ("prompts", lambda v: isinstance(v, dict) and all(text(p) and k in ("query", "document", "passage") for k, p in v.items())),
                ("golden", lambda v: v is None or text(v, r"test/golden/[\w.-]+")),
                ("images", lambda v: isinstance(v, list) and v)):
            checks(f"{name}: {key}", fits(model[key]), model[key])
    tags = [image["tag"] for model in names.values() for image in model["images"]]
    checks("no tag twice", len(set(tags)) == len(tags), sorted(tags))


def expected_vectorizer(family, args):
    """As the Python server's images choose, see doc/api.md."""
    if "T2V_VECTORIZER" in args:
        return args["T2V_VECTORIZER"]
    if args.get("ONNX_RUNTIME") == "true":
        return "onnx"
    pipeline = args.get("USE_SENTENCE_TRANSFORMERS_VECTORIZER") == "true" or family in ("t5", "model2vec")
    return "sentence-transformers" if pipeline else "default"


def check_image_entries(checks):
    for name, model in manifest.all_models().items():
        for image in model["images"]:
            where, args = f"{name} {image['tag']}", image["args"]
            checks(f"{where}: keys", list(image) == ["tag", "vectorizer", "precision", "args"], list(image))
            checks(f"{where}: the tag", text(image["tag"], r"[\w][\w.-]{0,127}"))
            checks(f"{where}: arguments", set(args) <= ARGS and args["MODEL_NAME"] == model["model"], args)
            checks(f"{where}: switches are true", all(v == "true" for k, v in args.items() if k not in ("MODEL_NAME", "T2V_VECTORIZER")), args)
            checks(f"{where}: vectorizer", image["vectorizer"] == expected_vectorizer(model["family"], args), image)
            onnx = image["vectorizer"] == "onnx"
            checks(f"{where}: precision", image["precision"] == ("int8" if onnx else "f32"), image)
            checks(f"{where}: -onnx", image["tag"].endswith("-onnx") == onnx, image)


def check_file_lists(checks):
    """Sizes and digests are well-formed, are of a set of files that t2v can run, and fit the model where it lies here."""
    for name, model in manifest.all_models().items():
        files = model["files"]
        if files is None:
            continue
        checks(f"{name}: files of a known revision", model["revision"] is not None)
        for path, entry in files.items():
            checks(f"{name}: {path}", layout.check_path(path) and list(entry) == ["size", "sha256"] and number(entry["size"])
                   and text(entry["sha256"], "[0-9a-f]{64}"), entry)
        checks(f"{name}: what is needed", {"config.json", "tokenizer.json"} <= set(files) and set(files) & set(layout.WEIGHTS), files)
        folder = os.path.join(ROOT, "models", name)
        if not os.path.isdir(folder):
            print(f"SKIPPED: models/{name} is not here to be compared with its manifest")
            continue
        for path, entry in files.items():
            file = hub.File(entry["size"])
            file.add(entry["sha256"], "the manifest")
            wrong = hub.wrong(os.path.join(folder, path), file)
            checks(f"{name}: {path} is what lies here", wrong is None, wrong)
        found = [os.path.relpath(os.path.join(at, f), folder) for at, _, entries in os.walk(folder) for f in entries]

        def text_of(path):
            with open(os.path.join(folder, path), "rb") as f:
                return f.read()
        checks(f"{name}: the list is what layout.py picks", sorted(layout.needed(found, text_of)) == sorted(files), files)


def check_golden(checks):
    for name, model in manifest.all_models().items():
        if model["golden"] is None:
            continue
        with open(os.path.join(ROOT, model["golden"]), encoding="utf-8") as f:
            golden = json.load(f)
        checks(f"{name}: golden answers of this model", golden["model"] == model["model"], golden["model"])
        sizes = {len(base64.b64decode(vector)) // 4 for case in golden["cases"] for vector in case["vectors"]}
        checks(f"{name}: of its size", sizes == {model["dimensions"]}, sizes)


def says_unsupported(binary, family):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as f:
            json.dump({"model_type": family}, f)
        p = subprocess.run([binary, "inspect", "--model", folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return p.returncode, f"'{family}' is not supported" in p.stdout, p.stdout


def check_families(checks):
    families, models = manifest.families(), manifest.all_models()
    used = {model["family"] for model in models.values()}
    checks("families.json has the manifests' families", set(families) == used, set(families) ^ used)
    for family, fixtures in families.items():
        for fixture in fixtures or []:
            folder = os.path.join(ROOT, "test", "golden", fixture)
            checks(f"{family}: test/golden/{fixture} is there", os.path.isdir(folder))
        checks(f"{family}: null, or a list of fixtures", fixtures is None or fixtures, fixtures)
        if checks.binary is None:
            continue
        code, unsupported, out = says_unsupported(checks.binary, family)
        checks(f"{family}: a model without weights is refused", code == 1, out)
        checks(f"{family}: t2v {'does not run' if unsupported else 'runs'} it, so change its entry in models/families.json, then "
               "models/table --write", unsupported == (fixtures is None), out)


def check_table(checks):
    loader = importlib.machinery.SourceFileLoader("table", os.path.join(ROOT, "models", "table"))
    table = importlib.util.module_from_spec(importlib.util.spec_from_loader("table", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(table)
    with open(table.PAGE, encoding="utf-8") as f:
        page = f.read()
    checks("the table of doc/models.md is the manifests' (models/table --write)", table.written(page) == page)
    with open(os.path.join(ROOT, "models", "fetch-default"), encoding="utf-8") as f:
        checks("fetch-default brings a model that has a manifest", "model=all-MiniLM-L6-v2 " in f.read()
               and "all-MiniLM-L6-v2" in manifest.all_models())
