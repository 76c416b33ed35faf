# SPDX-License-Identifier: BSD-3-Clause
"""models/fetch against a hub that we play. Every run is of a copy of the scripts with manifests of its own."""
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from fakehub import COMMIT, Hub

MODELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "models")
sys.path.insert(0, MODELS)
import hub as client  # noqa: E402
import layout  # noqa: E402

TINY = {
    "config.json": b'{"model_type": "bert"}',
    "tokenizer.json": b'{"model": {}}',
    "tokenizer_config.json": b"{}",
    "model.safetensors": random.Random(1).randbytes(100_000),
}
UNNEEDED = {"README.md": b"# hello", ".gitattributes": b"*", "vocab.txt": b"[PAD]", "pytorch_model.bin": b"p" * 50, "tf_model.h5":
            b"t" * 50, "onnx/model.onnx": b"o" * 50, "openvino/openvino_model.bin": b"v", "rust_model.ot": b"r", "modeling.py": b"1"}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Place:
    """A folder with a copy of the scripts, where they may write."""

    def __init__(self, checks, hub=None):
        self.checks, self.hub = checks, hub
        self.root = tempfile.mkdtemp(prefix="t2v-fetch-")
        for name in ("fetch", "hub.py", "layout.py", "manifest.py"):
            shutil.copy(os.path.join(MODELS, name), self.root)
        self.write("families.json", {"bert": ["bert-uncased"]})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root, ignore_errors=True)

    def write(self, name, value):
        with open(self.path(name), "w", encoding="utf-8") as f:
            json.dump(value, f)

    def manifest(self, name="tiny", files=None, images=None, revision=COMMIT):
        images = images or [{"tag": "org-tiny", "vectorizer": "default", "precision": "f32", "args": {}}]
        self.write(name + ".json", {"model": "org/tiny", "revision": revision, "files": files, "images": images})

    def path(self, *names):
        return os.path.join(self.root, *names)

    def start(self, *args, limit=None, **env):
        """The script, running."""
        settings = {k: v for k, v in os.environ.items() if not k.upper().startswith("HF_") and not k.upper().endswith("_PROXY")}
        settings.update({"HF_ENDPOINT": self.hub.url} if self.hub else {}, **env)

        def small_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        return subprocess.Popen([sys.executable, self.path("fetch"), "--pause", "0.01", "--stall-timeout", "10", *args], env=settings,
                                cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                preexec_fn=small_files if limit else None)

    def run(self, *args, **env):
        p = self.start(*(args or ("org/tiny",)), **env)
        p.out, p.err = p.communicate(timeout=120)
        p.last = p.err.strip().rsplit("\n", 1)[-1]
        return p

    def good(self, what, *args, files=None, folder="tiny", **env):
        p = self.run(*args, **env)
        self.checks(f"{what}: ends well", p.returncode == 0 and p.out == folder + "\n", (p.returncode, p.out, p.err))
        for name, data in (TINY if files is None else files).items():
            self.checks(f"{what}: {name}", self.read(folder, name) == data)
        self.checks(f"{what}: nothing else lies about", not os.path.exists(self.path(".fetch")), os.listdir(self.root))
        return p

    def bad(self, what, words, *args, code=1, folder="tiny", **env):
        """One line says why, and the folder does not come to be."""
        p = self.run(*args, **env)
        self.checks(f"{what}: exit {code}", p.returncode == code, (p.returncode, p.err))
        self.checks(f"{what}: says why", p.last.startswith("models/fetch: ") and all(w in p.last for w in words.split("|")), p.err)
        self.checks(f"{what}: no traceback", "Traceback" not in p.err, p.err)
        self.checks(f"{what}: no folder", not os.path.exists(self.path(folder)))
        return p

    def read(self, *names):
        try:
            with open(self.path(*names), "rb") as f:
                return f.read()
        except OSError:
            return None


def found(folder):
    return sorted(os.path.relpath(os.path.join(at, f), folder) for at, _, files in os.walk(folder) for f in files)


def check_plain(checks):
    with Hub({**TINY, **UNNEEDED}) as hub, Place(checks, hub) as place:
        place.good("a model", "org/tiny")
        checks("only what is needed", found(place.path("tiny")) == sorted([*TINY, "fetched.json"]), found(place.path("tiny")))
        record = json.loads(place.read("tiny", "fetched.json"))
        checks("the record's model", (record["model"], record["revision"], record["commit"]) == ("org/tiny", "main", COMMIT), record)
        checks("the record's digests", record["files"]["model.safetensors"] ==
               {"size": 100_000, "sha256": sha256(TINY["model.safetensors"])}, record)
        checks("one request for each file", len(hub.log) == 1 + len(TINY) + 1, [e[:2] for e in hub.log])
        n = len(hub.log)
        place.good("again", "org/tiny")
        checks("again: nothing is asked", len(hub.log) == n)
        p = place.run("org/tiny", "--revision", COMMIT)
        checks("by the commit that it is", p.returncode == 0, p.err)
        p = place.run("org/tiny", "elsewhere/here", "--quiet")
        checks("another folder", p.returncode == 0 and p.out == "elsewhere/here\n" and p.err == "", p.err)
        checks("another folder: its files", place.read("elsewhere", "here", "config.json") == TINY["config.json"])


def check_folder_in_the_way(checks):
    with Hub(TINY) as hub, Place(checks, hub) as place:
        os.mkdir(place.path("tiny"))
        place.good("an empty folder")
        p = place.run("org/tiny", "--revision", "v2")
        checks("another revision is there", p.returncode == 1 and f"locked at {COMMIT} (main), not at v2: --update" in p.last, p.err)
        for name, data in (("config.json", b'{"model_type": "tree"}'), ("model.safetensors", b"")):
            with open(place.path("tiny", name), "wb") as f:
                f.write(data)
            p = place.run()
            checks(f"a changed {name}", p.returncode == 1 and name in p.last and "--update fetches it again" in p.last, p.err)
            with open(place.path("tiny", name), "wb") as f:
                f.write(TINY[name])
        os.unlink(place.path("tiny", "tokenizer.json"))
        p = place.run()
        checks("a lost file", p.returncode == 1 and "tokenizer.json: it is not there" in p.last, p.err)
        lock = json.loads(place.read("tiny", "fetched.json"))
        lock = {**lock, "files": {"config.json": {"size": 22, "sha256": sha256(b"")}}}
        for record in ("[]", "{}", "not JSON", {**lock, "files": {"../x": {"size": 1, "sha256": sha256(b"")}}}, {**lock, "markers": {"/x": "true"}},
                       {**lock, "files": {"config.json": {"size": 22, "sha256": ""}}}, {**lock, "commit": "main"}, {**lock, "revision": None}):
            with open(place.path("tiny", "fetched.json"), "w", encoding="utf-8") as f:
                f.write(record if isinstance(record, str) else json.dumps(record))
            p = place.run()
            checks(f"the record {record}", p.returncode == 1 and "not from this script" in p.last and "Trace" not in p.err, p.err)
        checks("a stranger's folder is left alone", place.read("tiny", "config.json") == TINY["config.json"])


MOVED = "fedcba9876543210fedcba9876543210fedcba98"


def check_lock(checks):
    """A branch that moves: nothing changes until --update."""
    moved = {**TINY, "config.json": b'{"model_type": "bert", "moved": 1}'}
    with Hub(TINY) as hub, Place(checks, hub) as place:
        place.good("at main")
        hub.move(MOVED, moved)
        n = len(hub.log)
        p = place.good("main has moved")
        checks("it says what is locked", f"tiny is locked at {COMMIT}; --update fetches what main is now" in p.last and len(hub.log) == n, p.err)
        checks("--quiet", place.run("org/tiny", "--quiet").err == "")
        p = place.run("org/tiny", "--revision", MOVED)
        checks("the new commit by name", p.returncode == 1 and f"locked at {COMMIT} (main), not at {MOVED}: --update" in p.last, p.err)
        p = place.good("--update", "org/tiny", "--update", files=moved)
        checks("its lock", json.loads(place.read("tiny", "fetched.json"))["commit"] == MOVED, place.read("tiny", "fetched.json"))
        checks("what is the same is not fetched again", len(hub.asked("model.safetensors")) == 2 and len(hub.asked("config.json")) == 2, hub.log)
        checks("then that is locked", f"locked at {MOVED}" in place.run().last)
        for name in ("model.safetensors", "tokenizer.json"):
            with open(place.path("tiny", name), "wb") as f:
                f.write(TINY[name][:-1] + b"?")
        p = place.run()
        checks("each damaged file is named", p.returncode == 1 and all(
            f"{name}: its sha256 is" in p.err for name in ("model.safetensors", "tokenizer.json")) and "--update fetches it again" in p.last, p.err)
        place.good("--update mends them", "org/tiny", "--update", files=moved)
        place.write("tiny/notes.json", 1)
        p = place.run("org/tiny", "--update")
        checks("a file of the user's own stays", p.returncode == 1 and "notes.json is not in fetched.json" in p.last and place.read("tiny", "notes.json"), p.err)
        os.unlink(place.path("tiny", "notes.json"))
        hub.plans["list"] = ["404:RepoNotFound"]
        p = place.run("org/tiny", "--update")
        checks("a hub that refuses", p.returncode == 1 and "does not know" in p.last and place.read("tiny", "config.json") == moved["config.json"], p.err)
        os.rename(place.path("tiny"), place.path("there"))
        os.symlink("there", place.path("tiny"))
        p = place.run("org/tiny", "--update")
        checks("a link", p.returncode == 1 and "is a link" in p.last, p.err)
        p = place.run("org/other", "there", "--update")
        checks("another model", p.returncode == 1 and "holds org/tiny: remove it" in p.last, p.err)
    with Hub(TINY) as hub, Place(checks, hub) as place:
        place.good("--update where nothing is", "org/tiny", "--update")
        os.unlink(place.path("tiny", "fetched.json"))
        p = place.run("org/tiny", "--update")
        checks("a stranger's folder", p.returncode == 1 and "not from this script" in p.last and place.read("tiny", "config.json"), p.err)
        hub.info["sha"] = MOVED
        place.bad("a hub with another commit than was asked for", f"commit {MOVED} instead of {COMMIT}", "org/tiny", "other", "--revision", COMMIT, folder="other")


def check_the_check(checks):
    """fetch --check DIR, which has no network."""
    def said(*args, folder="tiny"):
        return place.run("--check", folder, *args, HF_ENDPOINT="http://127.0.0.1:9")
    marked = [{"tag": "org-tiny", "vectorizer": "onnx", "precision": "int8", "args": {}}]
    with Hub(TINY) as hub, Place(checks, hub) as place:
        place.manifest(images=marked, revision=None)
        place.good("a model with a marker", "tiny")
        p = said()
        checks("as its lock says", p.returncode == 0 and p.out == f"tiny: org/tiny at {COMMIT}, 4 files, 0.1 MB\n" and not p.err, (p.out, p.err))
        with open(place.path("tiny", "golden.json"), "w", encoding="utf-8"):
            checks("a file that t2v does not read", said().returncode == 0)
        for name, text in (("config.json", b"{}"), ("onnx_runtime", b"trua"), ("model.safetensors", TINY["model.safetensors"][::-1])):
            was = place.read("tiny", name)
            with open(place.path("tiny", name), "wb") as f:
                f.write(text)
            p = said()
            checks(f"a changed {name}", p.returncode == 1 and p.out == "" and f"tiny/{name}: " in p.last and "should be" in p.last, p.err)
            with open(place.path("tiny", name), "wb") as f:
                f.write(was)
        for name, text in (("model_name", b"x"), ("added_tokens.json", b"{}"), ("modules.json", b"[]")):
            with open(place.path("tiny", name), "wb") as f:
                f.write(text)
            p = said()
            checks(f"an added {name}", p.returncode == 1 and f"tiny/{name}: t2v reads it, and fetched.json does not have it" in p.last, p.err)
            os.unlink(place.path("tiny", name))
        os.unlink(place.path("tiny", "tokenizer.json"))
        p = said()
        checks("a lost file", p.returncode == 1 and "tiny/tokenizer.json: it is not there" in p.last, p.err)
        for folder in ("nowhere", "."):
            p = said(folder=folder)
            checks(f"{folder}: no lock", p.returncode == 1 and "no fetched.json" in p.last, p.err)
        checks("with a NAME", said("org/tiny").returncode == 2)


def check_layouts(checks):
    rest = {k: v for k, v in TINY.items() if k != "model.safetensors"}
    index = json.dumps({"weight_map": {"a": "model-2.safetensors", "b": "model-1.safetensors", "c": "model-2.safetensors"}}).encode()
    shards = {"model.safetensors.index.json": index, "model-1.safetensors": b"1" * 50, "model-2.safetensors": b"2" * 60}
    pickles = {"pytorch_model.bin.index.json": index.replace(b"safetensors", b"bin"), "model-1.bin": b"1", "model-2.bin": b"2"}
    modules = [{"path": ""}, {"path": "1_Pooling"}, {"path": "2_Dense/"}, {"path": "3_Normalize"}]
    pipeline = {
        **TINY, "modules.json": json.dumps(modules).encode(), "sentence_bert_config.json": b"{}", "1_Pooling/config.json": b"{}",
        "config_sentence_transformers.json": b"{}", "2_Dense/config.json": b"{}", "2_Dense/model.safetensors": b"d" * 70,
    }
    older = {
        "modules.json": b'[{"path": "0_Transformer"}, {"path": "1_Pooling"}]', "1_Pooling/config.json": b"{}",
        "0_Transformer/config.json": b"{}", "0_Transformer/vocab.txt": b"[PAD]", "0_Transformer/pytorch_model.bin": b"p",
        "0_Transformer/sentence_bert_config.json": b"{}",
    }
    static = {**TINY, "modules.json": b'[{"path": "."}, {"path": "1_Normalize"}]'}
    no_fast = {k: v for k, v in TINY.items() if k != "tokenizer.json"}
    templates = {"chat_template.jinja": b"{{ messages }}", "additional_chat_templates/tools.jinja": b"{{ tools }}", "generation_config.json": b"{}"}
    for what, files, more in (
            ("shards", {**rest, **shards}, {"model-9.safetensors": b"9", "pytorch_model.bin": b"p"}),
            ("a pickle", {**rest, "pytorch_model.bin": b"p" * 90}, pickles),
            ("pickles in shards", {**rest, **pickles}, {}),
            ("a pipeline", pipeline, {"2_Dense/pytorch_model.bin": b"d", "1_Pooling/README.md": b"", "train.py": b""}),
            ("an older pipeline", older, {"0_Transformer/tf_model.h5": b""}),
            ("a static embedding", static, {}),
            ("a generator", {**TINY, **templates}, {"additional_chat_templates/README.md": b"", "more/tools.jinja": b""}),
            ("a generator with an older template", {**TINY, "chat_template.json": b"{}"}, {}),
            ("an embedder that could generate", static, templates),
            ("a ColBERT", {**TINY, "artifact.metadata": b"{}"}, {}),
            ("an older tokenizer", {**no_fast, "vocab.txt": b"[PAD]"}, {}),
            ("a byte-level tokenizer", {**no_fast, "vocab.json": b"{}", "merges.txt": b""}, {}),
            ("T5 with pieces that count", {**TINY, "tokenizer_config.json": b'{"add_prefix_space": true}', "spiece.model": b"s"}, {}),
            ("T5 whose pieces do not", {**TINY, "tokenizer_config.json": b'{"add_prefix_space": null}'}, {"spiece.model": b"s"}),
            ("a SentencePiece tokenizer", {**no_fast, "spiece.model": b"s", "special_tokens_map.json": b"{}"}, {})):
        with Hub({**files, **more}) as hub, Place(checks, hub) as place:
            place.good(what, files=files)
            checks(f"{what}: only what is needed", found(place.path("tiny")) == sorted([*files, "fetched.json"]),
                   found(place.path("tiny")))
    without = {k: v for k, v in TINY.items()}
    for what, files, words in (
            ("no config.json", {k: v for k, v in without.items() if k != "config.json"}, "no config.json"),
            ("no tokenizer", no_fast, "there is no tokenizer"),
            ("no weights", {**rest, "tf_model.h5": b"t"}, "no weights that t2v reads"),
            ("a lost shard", {**rest, **{k: v for k, v in shards.items() if "2" not in k}}, "model-2.safetensors|not there"),
            ("an index of nothing", {**rest, "model.safetensors.index.json": b"{}"}, "no weight_map"),
            ("an index that is none", {**rest, "model.safetensors.index.json": b"[" * 100_000}, "is not JSON"),
            ("modules that are none", {**TINY, "modules.json": b'{"path": 1}'}, "not a list of modules"),
            ("a module without path", {**TINY, "modules.json": b"[{}]"}, "not a list of modules")):
        with Hub(files) as hub, Place(checks, hub) as place:
            place.bad(what, words)


def check_no_way_out(checks):
    """Names that would lead out of the folder; each is tried on layout.py itself, one of a kind on the whole."""
    def refused(files):
        try:
            layout.needed(files, lambda name: files[name])
        except layout.Refused as e:
            return "is refused" in str(e)
    for path in ("../out", "/etc", "a/../../out", "..", "a\\b", "\x1b[2J", "a\0b", "x" * 300):
        files = {**TINY, "modules.json": json.dumps([{"path": ""}, {"path": path}]).encode(), path + "/config.json": b"out"}
        checks(f"the module {path!r}", refused(files))
    for path in ("../../out", "/var/out", "a/./b", "a//b", "", 7, None):
        index = {"weight_map": {"a": path}}
        files = {**TINY, "model.safetensors.index.json": json.dumps(index).encode(), str(path): b"out"}
        del files["model.safetensors"]
        checks(f"the shard {path!r}", refused(files))
    files = {**TINY, "modules.json": b'[{"path": ""}, {"path": "../out"}]', "../out/config.json": b"out"}
    with Hub(files) as hub, Place(checks, hub) as place:
        place.bad("a module outside", "is refused")
        checks("nothing came out", not os.path.exists(place.path("out")), os.listdir(place.root))
        checks("it is not asked for", not hub.asked("out/config.json"))
    with Hub({**TINY, "../../out": b"x", "/out": b"y"}) as hub, Place(checks, hub) as place:
        place.good("names that nobody asked for")
        checks("they stay away", not os.path.exists(place.path("..", "out")) and len(found(place.path("tiny"))) == len(TINY) + 1)
    with Place(checks) as place:
        for name in ("../x", "a/b/c", "a b", "..", "a/..", "x?y", ""):
            p = place.run("--", name)
            checks(f"the name {name!r}", p.returncode in (1, 2) and "Traceback" not in p.err and "fetch: " in p.last, p.err)


def check_redirects(checks):
    with Hub(TINY, token="hf_secret") as hub, Place(checks, hub) as place:
        place.good("with a token", "org/tiny", HF_TOKEN="hf_secret")
        checks("the token goes to the hub", all(h.get("authorization") == "Bearer hf_secret" for w, _, h in hub.log if w == "hub"))
        away = [h for w, _, h in hub.log if w == "store"]
        checks("and nowhere else", away and not any("authorization" in h for h in away), away)
    with Hub(TINY, token="hf_secret") as hub, Place(checks, hub) as place:
        hub.plans["config.json"] = ["moved", ""]
        place.good("moved within the hub", "org/tiny", HF_TOKEN="hf_secret")
        checks("the token goes along", len(hub.asked("config.json")) == 2, hub.asked("config.json"))
    for target in ("file:///etc/passwd", "ftp://127.0.0.1/x", "http://[::1", "gopher:x", "http://127.0.0.1:99999/"):
        with Hub(TINY) as hub, Place(checks, hub) as place:
            hub.plans["config.json"] = ["goto:" + target]
            place.bad(f"a redirect to {target}", "where we do not go")
    with Hub(TINY) as hub, Place(checks, hub) as place:
        hub.plans["config.json"], hub.forever = ["goto:?again"], True
        place.bad("a circle", "round in circles")
        hub.plans = {"list": ["goto:" + hub.store + "/x y"]}
        place.bad("a URL with a blank", "control characters")


def check_https_stays_https(checks):
    class Stub(client.Hub):
        def ask(self, url, headers):
            self.urls = getattr(self, "urls", []) + [url]
            answer = type("Answer", (), {"status": 302, "headers": {"Location": "http://example.com/x"}, "close": lambda _: None})
            return answer()
    stub = Stub("https://hub.example", "hf_x", print)
    try:
        stub.open("/x", "m", "x")
        checks("from https to http", False)
    except client.Failed as e:
        checks("from https to http", "where we do not go" in str(e) and stub.urls == ["https://hub.example/x"], e)


def check_resume(checks):
    data = TINY["model.safetensors"]
    with Hub(TINY) as hub, Place(checks, hub) as place:
        hub.plans["model.safetensors"] = ["break:30000", "break:20000", "hang up", "500", ""]
        p = place.good("a broken connection")
        ranges = [h.get("range") for w, h in hub.asked("model.safetensors") if w == "store"]
        checks("it goes on where it was", ranges == [None] + [f"bytes={n}-" for n in (30000, 50000, 50000, 50000)], ranges)
        checks("and says so", "broke at 30000 of 100000 bytes; again in" in p.err, p.err)
    with Hub(TINY) as hub, Place(checks, hub) as place:
        hub.plans["model.safetensors"] = [f"break:{10_000}"] * 9 + [""]
        place.good("more breaks than tries, with progress between them")
    with Hub(TINY) as hub, Place(checks, hub) as place:
        hub.plans["model.safetensors"] = ["slow:0.3"]
        p = place.start("org/tiny")
        part = place.path(".fetch", "tiny", "model.safetensors")
        give_up = time.monotonic() + 20
        while time.monotonic() < give_up and not (os.path.exists(part) and os.path.getsize(part) > 8000):
            time.sleep(0.02)
        p.send_signal(signal.SIGKILL)
        p.communicate()
        size = os.path.getsize(part)
        checks("killed midway", 8000 < size < 100_000 and not os.path.exists(place.path("tiny")), size)
        place.good("run again after that")
        checks("the second run goes on", hub.asked("model.safetensors")[-1][1].get("range") == f"bytes={size}-",
               hub.asked("model.safetensors"))
        checks("what was whole is not asked for again", len(hub.asked("config.json")) == 1)
    for plan in ("no range", "wrong range", "416"):
        with Hub(TINY) as hub, Place(checks, hub) as place:
            hub.plans["model.safetensors"] = ["break:30000", plan, ""]
            place.good(f"resume: {plan}")
    for what, left in (("other bytes", b"x" * 40_000), ("too many bytes", data + b"x"), ("whole, but wrong", b"x" * len(data))):
        with Hub(TINY) as hub, Place(checks, hub) as place:
            os.makedirs(place.path(".fetch", "tiny", "old"))
            for name in ("model.safetensors", "old/file"):
                with open(place.path(".fetch", "tiny", name), "wb") as f:
                    f.write(left)
            place.good(f"an earlier run left {what}")
            checks(f"{what}: strangers go", not os.path.exists(place.path("tiny", "old")))
    with Hub(TINY) as hub, Place(checks, hub) as place:
        hub.plans["model.safetensors"] = ["slow:0.3"]
        p = place.start("org/tiny")
        while not os.path.exists(place.path(".fetch", "tiny", "model.safetensors")) and p.poll() is None:
            time.sleep(0.02)
        p.send_signal(signal.SIGINT)
        _, err = p.communicate(timeout=20)
        checks("interrupted", p.returncode == 130 and err.strip().endswith("interrupted; run this again to go on"), err)


def check_slow(checks):
    with Hub(TINY) as hub, Place(checks, hub) as place:
        hub.plans["model.safetensors"] = ["slow:0.16"]
        p = place.good("slow, but alive", "org/tiny", "--stall-timeout", "3")
        checks("slow: longer than the time-out, and none", "again in" not in p.err, p.err)
    with Hub(TINY) as hub, Place(checks, hub) as place:
        hub.plans["model.safetensors"] = ["stall:20000", ""]
        p = place.good("a stall", "org/tiny", "--stall-timeout", "0.5")
        checks("a stall is said", "timed out" in p.err, p.err)


def check_total_time(checks):
    """A hub that is never silent and never done: each byte comes within --stall-timeout, and --timeout ends it."""
    for what, plan in (("the list", {"list": ["drip:0.2"]}), ("the list's header", {"list": ["drip head:0.2"]}),
                       ("a file", {"model.safetensors": ["drip:0.05"]}), ("a file's header", {"config.json": ["drip head:0.2"]}),
                       ("the pause before a try", {"list": ["503:,50"]})):
        with Hub(TINY) as hub, Place(checks, hub) as place:
            hub.plans = plan
            begin = time.monotonic()
            place.bad(f"{what} drips", "org/tiny: not done within 1.5 s (--timeout)|is kept", "org/tiny", "--timeout", "1.5")
            checks(f"{what} drips: it ends in time", time.monotonic() - begin < 20, time.monotonic() - begin)
            size = len(place.read(".fetch", "tiny", "model.safetensors") or b"")
            checks(f"{what} drips: what came is kept", (0 < size < 100) == (what == "a file"), size)
            place.good(f"{what} drips: the next run goes on")
            if size:
                checks("within the file", hub.asked("model.safetensors")[-1][1].get("range") == f"bytes={size}-", hub.asked("model.safetensors"))
    with Hub(TINY) as hub, Place(checks, hub) as place:
        for value in ("0", "-1", "nan", "inf", "soon"):
            p = place.run("org/tiny", "--timeout", value)
            checks(f"--timeout {value}", p.returncode == 2 and "--timeout" in p.last and value in p.last, p.err)
        hub.plans = {"list": ["drip:0.2"]}
        p = place.run("org/tiny", "--probe", "--timeout", "0.5")
        checks("--probe", p.returncode == 1 and "not done within 0.5 s" in p.last, p.err)


def check_digests(checks):
    for name, kind in (("model.safetensors", "sha256"), ("config.json", "git-sha1")):
        with Hub(TINY) as hub, Place(checks, hub) as place:
            hub.plans[name] = ["wrong bytes", ""]
            p = place.good(f"{name} came wrong once")
            checks(f"{name}: says so", f"{name}: its {kind} is" in p.err and "once more from the start" in p.err, p.err)
        with Hub(TINY) as hub, Place(checks, hub) as place:
            hub.plans[name], hub.forever = ["wrong bytes"], True
            place.bad(f"{name} is wrong for ever", f"{name}: its {kind} is|should be")
    with Hub(TINY) as hub, Place(checks, hub) as place:
        hub.entries["model.safetensors"]["lfs"]["sha256"] = sha256(b"other")
        place.bad("the hub's list and its bytes differ", "model.safetensors: its sha256 is|by the hub's list")
    with Hub(TINY) as hub, Place(checks, hub) as place:
        hub.entries = {name: {"rfilename": name} for name in TINY}
        place.good("digests in headers alone")
        shutil.rmtree(place.path("tiny"))
        hub.plans["model.safetensors"], hub.forever = ["wrong bytes"], True
        place.bad("wrong by the header's digest", "by the hub's header")
        hub.plans, hub.headers = {}, False
        place.bad("no digest at all", "gives a digest|--unverified")
        place.good("no digest, taken anyway", "org/tiny", "--unverified")
    with Hub(TINY) as hub, Place(checks, hub) as place:
        hub.plans["config.json"] = ["other commit"]
        place.bad("another commit", "instead of " + COMMIT)


def check_sizes(checks):
    with Hub(TINY) as hub, Place(checks, hub) as place:
        hub.plans["model.safetensors"] = ["promise:50000", "no length:7", "no length:0"]
        p = place.good("wrong sizes, then right")
        checks("too short is said", "50000 bytes promised, should be 100000" in p.err, p.err)
        checks("too long is said", "more than 100000 bytes came" in p.err, p.err)
    with Hub(TINY) as hub, Place(checks, hub) as place:
        hub.plans["model.safetensors"], hub.forever = ["promise:50000"], True
        place.bad("too short for ever", "gave up after 6 tries|run this again to go on")
    with Hub(TINY) as hub, Place(checks, hub) as place:
        hub.entries["model.safetensors"]["lfs"]["size"] = 1 << 49
        place.bad("no space", "no space: |MB are to come")
        checks("no space: nothing large is asked for", not hub.asked("model.safetensors"))
    with Hub(TINY) as hub, Place(checks, hub) as place:
        place.bad("the disk says no", "File too large|run this again", "org/tiny", limit=50_000)
        place.good("and with room it goes on")
    with Hub({**TINY, "modules.json": b"[]" + b" " * 100}) as hub, Place(checks, hub) as place:
        hub.entries["modules.json"]["size"] = 17 << 20
        place.bad("a text that is too long", "modules.json|are more than")


def check_manifest_digests(checks):
    files = {name: {"size": len(data), "sha256": sha256(data)} for name, data in TINY.items()}
    with Hub(TINY) as hub, Place(checks, hub) as place:
        place.manifest(files=files)
        p = place.good("as the manifest has it", "tiny")
        checks("at its revision", COMMIT in p.err and any(path.endswith(COMMIT) for _, path, _ in hub.log), hub.log)
    with Hub(TINY) as hub, Place(checks, hub) as place:
        place.manifest(files={**files, "model.safetensors": {"size": 100_000, "sha256": sha256(b"other")}})
        place.bad("other bytes than the manifest's", "model.safetensors|by the manifest", "tiny")
        place.good("the manifest is for its own revision", "tiny", "--revision", "main")
    with Hub(TINY) as hub, Place(checks, hub) as place:
        place.manifest(files={**files, "config.json": {"size": 5, "sha256": sha256(b"12345")}})
        place.bad("another size than the manifest's", "config.json|by the manifest", "tiny")
        place.manifest(files={**files, "vocab.txt": {"size": 5, "sha256": sha256(b"12345")}})
        place.bad("a file that the hub lacks", "vocab.txt is in the manifest", "tiny")
    with Place(checks) as place:
        place.manifest(files=files)
        os.mkdir(place.path("tiny"))
        for name, data in TINY.items():
            with open(place.path("tiny", name), "wb") as f:
                f.write(data)
        p = place.run("tiny", HF_ENDPOINT="http://127.0.0.1:9")
        checks("a folder from elsewhere that is as the manifest says", p.returncode == 0 and p.out == "tiny\n", p.err)
        os.unlink(place.path("tiny", "config.json"))
        p = place.run("tiny")
        checks("and one that is not", p.returncode == 1 and "config.json: it is not there" in p.last, p.err)


def check_images(checks):
    plain = {"tag": "org-tiny", "vectorizer": "default", "precision": "f32", "args": {}}
    onnx = {"tag": "org-tiny-onnx", "vectorizer": "onnx", "precision": "int8", "args": {"ONNX_RUNTIME": "true"}}
    pipeline = {"tag": "org-tiny", "vectorizer": "sentence-transformers", "precision": "f32", "args":
                {"USE_SENTENCE_TRANSFORMERS_VECTORIZER": "true", "USE_QUERY_PASSAGE_PREFIXES": "true"}}
    with Hub(TINY) as hub, Place(checks, hub) as place:
        place.manifest(images=[plain, onnx])
        for word, folder, marker in (("org-tiny", "tiny", None), ("org-tiny-onnx", "tiny-onnx", b"true")):
            place.good(f"by the tag {word}", word, folder=folder)
            checks(f"{word}: its marker", place.read(folder, "onnx_runtime") == marker)
        p = place.run("org-tiny-onnx", "tiny")
        checks("the other image's folder", p.returncode == 1 and "another vectorizer" in p.last, p.err)
        p = place.run("--list")
        checks("the list", p.returncode == 0 and [line.split() for line in p.out.splitlines()] ==
               [["tiny", "org-tiny"], ["tiny", "org-tiny-onnx"]], p.out)
    with Hub(TINY) as hub, Place(checks, hub) as place:
        place.manifest(images=[pipeline], revision=None)
        place.good("by the hub name", "org/tiny")
        checks("the pipeline's markers", (place.read("tiny", "model_name"), place.read("tiny", "use_query_passage_prefixes")) ==
               (b"org/tiny", b"true"))
        place.good("again, with markers", "tiny")
        shutil.rmtree(place.path("tiny"))
        place.good("plain", "tiny", "--plain")
        checks("plain: no markers", place.read("tiny", "model_name") is None)


def check_refusals(checks):
    cases = (
        ("401", "", "org/tiny|HF_TOKEN is not set"), ("401:GatedRepo", "", "gated: accept its terms"),
        ("401:RepoNotFound", "hf_x", "HF_TOKEN is refused"), ("403:GatedRepo", "hf_x", "gated|has not been let in"),
        ("403", "hf_x", "does not let us have|HF_TOKEN may not read it"), ("404:RepoNotFound", "", "does not know org/tiny"),
        ("404:RevisionNotFound", "", "no such revision: org/tiny at main"), ("404", "", "does not know org/tiny"), ("418", "", "says 418"),
        ("204", "", "says 204"), ("500", "", "the hub says 500; gave up after 6 tries"), ("429", "", "the hub says 429; gave up"),
        ("hang up", "", "gave up after 6 tries"))
    for plan, token, words in cases:
        with Hub(TINY) as hub, Place(checks, hub) as place:
            hub.plans["list"], hub.forever = [plan], True
            place.bad(f"the list: {plan}", words, HF_TOKEN=token)
            checks(f"{plan}: tried as often as it may help", len(hub.log) == (6 if "gave up" in words else 1), len(hub.log))
    with Hub(TINY) as hub, Place(checks, hub) as place:
        place.bad("no such revision", "no such revision: org/tiny at v9", "org/tiny", "--revision", "v9")
        checks("the revision is quoted", place.run("org/tiny", "--revision", "a/../b?c").returncode == 1
               and hub.log[-1][1].endswith("/revision/a/../b?c"), hub.log[-1])
        place.bad("no such model", "does not know org/none", "org/none", folder="none")
        for plan, words in (("404:EntryNotFound", "org/tiny does not have model.safetensors"), ("401:GatedRepo", "is gated"),
                            ("403", "does not let us have model.safetensors")):
            hub.plans["model.safetensors"] = [plan]
            place.bad(f"a file: {plan}", words)
        checks("it is said at once", len(hub.asked("model.safetensors")) == 6)
        hub.plans["model.safetensors"], hub.forever = ["503"], True
        place.bad("a file that is not to be had", "model.safetensors: the hub says 503; gave up after 6 tries")
    with Hub(TINY) as hub, Place(checks, hub) as place:
        hub.plans["list"] = ["429:,1", "503", "short", ""]
        begin = time.monotonic()
        p = place.good("too many requests, and then not")
        checks("Retry-After is heeded", time.monotonic() - begin >= 1 and "the hub says 429; again in 1 s" in p.err, p.err)
        checks("a short list is told", "bytes came" in p.err, p.err)


def check_answers_that_are_none(checks):
    good = {"rfilename": "config.json", "size": 2}
    for what, body in (("no JSON", "<html>"), ("a list", "[]"), ("null", "null"), ("deep", "[" * 100_000), ("no siblings", {"sha": COMMIT}),
                       ("a short commit", {"sha": "abc", "siblings": []}), ("a commit with a path", {"sha": "../" * 13 + "a", "siblings": []}),
                       ("a number of siblings", {"sha": COMMIT, "siblings": 3}), ("a sibling that is text", {"sha": COMMIT, "siblings": ["x"]}),
                       ("a file without a name", {"sha": COMMIT, "siblings": [{"size": 1}]}),
                       ("a name that is a number", {"sha": COMMIT, "siblings": [{"rfilename": 1}]}),
                       *((f"the size {size!r}", {"sha": COMMIT, "siblings": [{**good, "size": size}]})
                         for size in (-1, True, "2", 1.5, 1 << 60))):
        with Hub(TINY) as hub:
            hub.plans["list"] = ["body:" + (body if isinstance(body, str) else json.dumps(body))]
            try:
                client.Hub(hub.url, None, print).snapshot("org/tiny", "main")
                checks(f"the list is {what}", False)
            except client.Failed as e:
                checks(f"the list is {what}", "not as its API has it" in str(e), e)


def check_settings(checks):
    with Place(checks) as place:
        place.bad("nobody listens", "Connection refused; gave up after 6 tries", HF_ENDPOINT="http://127.0.0.1:9")
        place.bad("an unknown host", "HF_ENDPOINT can name a mirror", HF_ENDPOINT="http://no.such.invalid")
        for url in ("hub.example", "ftp://hub.example", "http://", "http://[x"):
            place.bad(f"the endpoint {url}", "HF_ENDPOINT should be like", HF_ENDPOINT=url)
        place.bad("a token with a line break", "HF_TOKEN has characters", HF_ENDPOINT="http://127.0.0.1:9", HF_TOKEN="a\nb")
        p = place.run("--quiet")
        checks("no name", p.returncode == 2 and "NAME is missing" in p.last, p.err)
        p = place.run("org/tiny", "--bogus")
        checks("an unknown flag", p.returncode == 2 and "--bogus" in p.last, p.err)
        p = place.run("--help")
        checks("help", p.returncode == 0 and "HF_ENDPOINT" in p.out)
    with Hub(TINY) as hub, Place(checks, hub) as place:
        place.good("an endpoint with a slash", "org/tiny", HF_ENDPOINT=hub.url + "/")


def check_two_at_once(checks):
    with Hub(TINY) as hub, Place(checks, hub) as place:
        hub.plans["model.safetensors"] = ["slow:0.16"]
        runs = [place.start("org/tiny") for _ in range(3)]
        ends = [p.communicate(timeout=60) for p in runs]
        checks("all end well", all(p.returncode == 0 for p in runs) and all(out == "tiny\n" for out, _ in ends), ends)
        checks("one of them fetched", len(hub.asked("model.safetensors")) == 2, hub.log)
        checks("the others said that they wait", sum("waiting for another" in err for _, err in ends) >= 1, ends)
        place.good("and all is there")


def contents(folder):
    files = {}
    for name in found(folder):
        with open(os.path.join(folder, name), "rb") as f:
            files[name] = f.read()
    return files


def embed(checks, folder, *flags):
    """What t2v makes of a text by the model in a folder: a vector, or the line that says why not."""
    p = subprocess.run([checks.binary, "embed", "--model", folder, "--threads", "1", *flags], input='"Two words. And three more."\n',
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return p.stdout or p.stderr.splitlines()[-1]


def check_what_is_brought_is_enough(checks):
    """The files that layout.py picks of each model of test/golden/ give the vectors that all of them give."""
    golden = os.path.join(MODELS, "..", "test", "golden")
    folders = [name for name in sorted(os.listdir(golden)) if os.path.exists(os.path.join(golden, name, "config.json"))]
    checks("there are models", len(folders) > 5, folders)
    for name in folders if checks.binary else ():
        whole = os.path.join(golden, name)
        files = contents(whole)
        with Place(checks) as place:
            for path in layout.needed(files, lambda path: files[path]):
                os.makedirs(os.path.dirname(place.path(path)), exist_ok=True)
                shutil.copy(os.path.join(whole, path), place.path(path))
            for vectorizer in ("default", "sentence-transformers"):
                want, got = (embed(checks, at, "--vectorizer", vectorizer).replace(at, "DIR") for at in (whole, place.root))
                checks(f"{name}, {vectorizer}: the same vectors", got == want, (got[:100], want[:100]))


def check_setting_is_said(checks):
    """A vectorizer that no file of the folder can say is said to whoever fetches."""
    with Hub(TINY) as hub, Place(checks, hub) as place:
        place.manifest(images=[{"tag": "org-tiny", "vectorizer": "model2vec", "precision": "f32", "args": {"T2V_VECTORIZER": "model2vec"}}])
        p = place.run("org/tiny")
        checks("said", p.returncode == 0 and "serve it with T2V_VECTORIZER=model2vec" in p.err, p.err)


def check_images_run_as_they_should(checks):
    """A model fetched by an image's tag runs under that image's vectorizer."""
    if not checks.binary:
        return
    whole = os.path.join(MODELS, "..", "test", "golden", "st-dense")
    files = contents(whole)
    pipeline = {"USE_SENTENCE_TRANSFORMERS_VECTORIZER": "true", "USE_QUERY_PASSAGE_PREFIXES": "true"}
    images = [{"tag": "a", "vectorizer": "sentence-transformers", "precision": "f32", "args": pipeline},
              {"tag": "a-onnx", "vectorizer": "onnx", "precision": "int8", "args": {"ONNX_RUNTIME": "true"}}]
    large = [name for name in files if name.endswith((".safetensors", ".bin"))]
    with Hub(files, large) as hub, Place(checks, hub) as place:
        place.manifest(images=images)
        for tag, folder, vectorizer in (("a", "tiny", "sentence-transformers"), ("a-onnx", "tiny-onnx", "onnx")):
            place.good(f"by the tag {tag}", tag, folder=folder, files={k: files[k] for k in large})
            p = subprocess.run([checks.binary, "inspect", "--model", place.path(folder)], stdout=subprocess.PIPE, text=True)
            checks(f"{tag}: inspect says {vectorizer}", f"vectorizer  {vectorizer}\n" in p.stdout, p.stdout[:400])
            want, got = embed(checks, whole, "--vectorizer", vectorizer), embed(checks, place.path(folder))
            checks(f"{tag}: vectors as from where it came", got == want and got.startswith("["), (got[:100], want[:100]))
        want = embed(checks, whole, "--vectorizer", "sentence-transformers", "--task", "query", "--query-passage-prefixes")
        checks("a: with prefixes", embed(checks, place.path("tiny"), "--task", "query") == want and want.startswith("["), want[:100])
