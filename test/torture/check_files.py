# SPDX-License-Identifier: BSD-3-Clause
"""Model directories that are broken, or that others change under the service."""
import contextlib
import io
import json
import os
import pickle
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import zipfile

from check_memory import TEXT, near
from daemon import Daemon, vectors

WEIGHTS = "model.safetensors"


@contextlib.contextmanager
def copy_of(model):
    with tempfile.TemporaryDirectory() as folder:
        yield shutil.copytree(model, os.path.join(folder, "model"))


def write(path, data):
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else json.dumps(data).encode())


def ask(d):
    """Its answer, or None; then the service has ended, or ends now."""
    try:
        a = d.ask(vectors({"text": TEXT}))
    except OSError:
        return None
    return None if a.status == 500 and a.json["error"] == "a file of the model changed while it was in use" else a


def ended_well(d, name):
    d.wait()
    said = d.said()
    return d.process.returncode == 1 and name in said, (d.process.returncode, said[-400:])


# ---- while it serves ----

def cut(keep):
    def do(path):
        os.truncate(path, max(0, keep(os.path.getsize(path))))
    return do


def cut_and_grown(path):
    size = os.path.getsize(path)
    os.truncate(path, 0)
    os.truncate(path, size)


def written_over(path):
    with open(path, "r+b") as f:
        f.seek(-4000, os.SEEK_END)
        f.write(b"\0" * 4000)


CHANGES = {
    "cut to nothing": cut(lambda n: 0),
    "cut to one byte": cut(lambda n: 1),
    "cut in the middle": cut(lambda n: n // 2),
    "cut in the middle of a page": cut(lambda n: n // 2 // 4096 * 4096 + 1000),
    "a byte less": cut(lambda n: n - 1),
    "a page less": cut(lambda n: n - 4096),
    "cut and grown again": cut_and_grown,
    "written over": written_over,
    "grown": cut(lambda n: n + 1),
}


def check_changed_while_served(check):
    for model in check.models:
        name = WEIGHTS if os.path.exists(os.path.join(model, WEIGHTS)) else "pytorch_model.bin"
        if not os.path.exists(os.path.join(model, name)):
            continue
        for what, change in CHANGES.items():
            with copy_of(model) as folder, Daemon(check.binary, folder) as d:
                right = ask(d).json["vector"]
                change(os.path.join(folder, name))
                a = ask(d)
                if a is None:
                    check(f"{what}: exit 1 with the file's name", *ended_well(d, name))
                else:
                    check(f"{what}: the answer is unharmed", a.status == 200 and near(a.json["vector"], right), a)
    with copy_of(check.models[0]) as folder, Daemon(check.binary, folder) as d:
        right = ask(d).json["vector"]
        write(os.path.join(folder, "new"), b"another file")
        os.rename(os.path.join(folder, "new"), os.path.join(folder, WEIGHTS))
        check("one that is replaced by renaming does no harm", near(ask(d).json["vector"], right))
        os.unlink(os.path.join(folder, WEIGHTS))
        check("nor one that is removed", near(ask(d).json["vector"], right))


def check_changed_at_start(check):
    """Cut at some moment while the model is opened."""
    model, outcomes = check.models[0], {"refused": 0, "ended": 0, "unharmed": 0}
    with Daemon(check.binary, model) as d:
        right = ask(d).json["vector"]
    for i in range(200 if check.all else 24):
        with copy_of(model) as folder:
            path = os.path.join(folder, WEIGHTS)
            size, delay = os.path.getsize(path), i * (0.00025 if check.all else 0.002)
            cutter = subprocess.Popen(["python3", "-c", f"import os,time; print(flush=True); time.sleep({delay}); os.truncate({path!r}, {size * (i % 7) // 7})"],
                                      stdout=subprocess.PIPE)
            cutter.stdout.readline()
            try:
                with Daemon(check.binary, folder) as d:
                    cutter.wait()
                    a = ask(d)
                    if a is None:
                        outcomes["ended"] += 1
                        check("exit 1 with the file's name", *ended_well(d, WEIGHTS))
                    else:
                        outcomes["unharmed"] += 1
                        check("the answer is unharmed", a.status == 200 and near(a.json["vector"], right), a)
            except RuntimeError as e:  # it did not start
                outcomes["refused"] += 1
                check("a reason with the file's name", "did not start" in str(e) and folder in str(e), e)
            cutter.wait()
            cutter.stdout.close()
    print(f"cut while it started: {outcomes}")


# ---- broken from the beginning ----

def tensors(path):
    data = open(path, "rb").read()
    n = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8:8 + n]), data[8 + n:]


def safetensors(header, data=b""):
    text = json.dumps(header).encode() if not isinstance(header, bytes) else header
    return struct.pack("<Q", len(text)) + text + data


def edit_header(change):
    def do(folder):
        path = os.path.join(folder, WEIGHTS)
        header, data = tensors(path)
        change(header)
        write(path, safetensors(header, data))
    return do


def first(header):
    return next(v for k, v in header.items() if k != "__metadata__")


def edit_json(name, change):
    def do(folder):
        path = os.path.join(folder, name)
        value = json.load(open(path))
        value = change(value) or value
        write(path, value)
    return do


def put(name, data):
    return lambda folder: write(os.path.join(folder, name), data)


def append(name, data):
    def do(folder):
        with open(os.path.join(folder, name), "ab") as f:
            f.write(data)
    return do


def remove(*names):
    return lambda folder: [os.unlink(os.path.join(folder, n)) for n in names if os.path.exists(os.path.join(folder, n))]


def half(name):
    return lambda folder: cut(lambda n: n // 2)(os.path.join(folder, name))


def instead(name, make):
    def do(folder):
        os.unlink(os.path.join(folder, name))
        make(os.path.join(folder, name))
    return do


class Evil:
    def __reduce__(self):
        return os.system, ("touch pwned",)


def evil_zip(folder):
    os.unlink(os.path.join(folder, WEIGHTS))
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as z:
        z.writestr("archive/data.pkl", pickle.dumps(Evil(), 2))
        z.writestr("archive/version", "3\n")
    write(os.path.join(folder, "pytorch_model.bin"), data.getvalue())


def spm(data):
    def do(folder):
        remove("tokenizer.json", "vocab.txt")(folder)
        write(os.path.join(folder, "tokenizer_config.json"), {"tokenizer_class": "XLMRobertaTokenizer"})
        write(os.path.join(folder, "sentencepiece.bpe.model"), data)
    return do


def setting(key, value):
    return edit_json("config.json", lambda c: c.update({key: value}))


def model_of(key, value):
    return edit_json("tokenizer.json", lambda t: t["model"].update({key: value}))


def all_but(folder):
    for name in os.listdir(folder):
        os.unlink(os.path.join(folder, name))


def only(name):
    def do(folder):
        all_but(folder)
        write(os.path.join(folder, name), b"x")
    return do


def down(path, *beside):
    """Moves the model to a folder below, beside other folders."""
    def do(folder):
        names = os.listdir(folder)
        os.makedirs(os.path.join(folder, path))
        for name in beside:
            os.mkdir(os.path.join(folder, name))
        for name in names:
            os.rename(os.path.join(folder, name), os.path.join(folder, path, name))
    return do


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
DEEP = b'{"a":' * 100000 + b"1" + b"}" * 100000

# What is done to a good directory, and a word that the reason must have.
BROKEN = {
    "nothing in it": (all_but, "an empty directory: no config.json"),
    "no config.json": (remove("config.json"), "no model here: there is no config.json"),
    "config.json is a Git LFS pointer": (put("config.json", POINTER), "config.json: a Git LFS pointer"),
    "tokenizer.json is a Git LFS pointer": (put("tokenizer.json", POINTER), "tokenizer.json: a Git LFS pointer"),
    "vocab.txt is a Git LFS pointer": (lambda f: (remove("tokenizer.json")(f), put("vocab.txt", POINTER)(f)), "vocab.txt: a Git LFS pointer"),
    "tokenizer.json is a link to nothing": (instead("tokenizer.json", lambda p: os.symlink("../blobs/0a", p)), "tokenizer.json is a link to a file that is not there"),
    "only a GGUF": (only("model-Q4.gguf"), "GGUF"),
    "only ONNX": (only("model.onnx"), "ONNX"),
    "weights of TensorFlow": (lambda f: (remove(WEIGHTS)(f), put("tf_model.h5", b"x")(f)), "tf_model.h5 is weights of TensorFlow"),
    "weights of Flax": (lambda f: (remove(WEIGHTS)(f), put("flax_model.msgpack", b"x")(f)), "flax_model.msgpack is weights of Flax"),
    "an adapter": (lambda f: (remove("config.json")(f), put("adapter_config.json", {"peft_type": "LORA"})(f)), "adapter (LoRA)"),
    "the hub's folder of a model": (down("snapshots/0a1b", "refs"), "--model DIR/snapshots/0a1b"),
    "the hub's cache": (down("models--owner--name/snapshots/0a1b"), "models--owner--name/snapshots/COMMIT"),
    "a folder around it": (down("inner"), "but in inner below it"),
    "config.json is empty": (put("config.json", b""), "config.json"),
    "config.json is half": (half("config.json"), "config.json"),
    "config.json is a list": (put("config.json", []), "config.json"),
    "config.json is deep": (put("config.json", DEEP), "config.json"),
    "config.json is a folder": (instead("config.json", os.mkdir), "config.json"),
    "config.json is a pipe": (instead("config.json", os.mkfifo), "config.json"),
    "config.json is a loop": (instead("config.json", lambda p: os.symlink("config.json", p)), "config.json"),
    "tokenizer_config.json is a loop": (instead("tokenizer_config.json", lambda p: os.symlink("tokenizer_config.json", p)), "tokenizer_config.json: Too many levels"),
    "a marker file is a loop": (lambda f: os.symlink("onnx_runtime", os.path.join(f, "onnx_runtime")), "onnx_runtime: Too many levels"),
    "config.json is zeros": (put("config.json", b"\0" * 1000), "config.json"),
    "no model_type": (edit_json("config.json", lambda c: {k: v for k, v in c.items() if k not in ("model_type", "architectures")}), "model_type"),
    "an unknown model_type": (setting("model_type", "skynet"), "skynet"),
    "model_type is a number": (setting("model_type", 7), "model_type"),
    "hidden_size is 0": (setting("hidden_size", 0), "hidden_size"),
    "hidden_size is -1": (setting("hidden_size", -1), "hidden_size"),
    "hidden_size is huge": (setting("hidden_size", 10 ** 18), "hidden_size"),
    "hidden_size is no whole number": (setting("hidden_size", 32.5), "hidden_size"),
    "hidden_size is a string": (setting("hidden_size", "32"), "hidden_size"),
    "hidden_size does not fit the weights": (setting("hidden_size", 64), "shape"),
    "heads do not divide": (setting("num_attention_heads", 5), "num_attention_heads"),
    "a billion layers": (setting("num_hidden_layers", 10 ** 9), "num_hidden_layers"),
    "more layers than weights": (setting("num_hidden_layers", 9), "missing"),
    "a huge vocabulary": (setting("vocab_size", 2 ** 31), "vocab_size"),
    "an unknown activation": (setting("hidden_act", "magic"), "magic"),
    "eps is a string": (setting("layer_norm_eps", "0"), "layer_norm_eps"),
    "no weights": (remove(WEIGHTS), "safetensors"),
    "weights are empty": (put(WEIGHTS, b""), WEIGHTS),
    "weights are 7 bytes": (put(WEIGHTS, b"1234567"), WEIGHTS),
    "weights are half": (half(WEIGHTS), WEIGHTS),
    "weights are a Git LFS pointer": (put(WEIGHTS, POINTER), "a Git LFS pointer"),
    "the header is longer than the file": (put(WEIGHTS, struct.pack("<Q", 10 ** 6) + b"{}"), WEIGHTS),
    "the header's length is 2^64 - 1": (put(WEIGHTS, b"\xff" * 8 + b"{}"), WEIGHTS),
    "the header is no JSON": (put(WEIGHTS, safetensors(b"{nope}")), WEIGHTS),
    "the header is deep": (put(WEIGHTS, safetensors(DEEP)), WEIGHTS),
    "the header is a list": (put(WEIGHTS, safetensors([])), WEIGHTS),
    "the header has no tensors": (put(WEIGHTS, safetensors({})), "embeddings"),
    "a tensor ends behind the file": (edit_header(lambda h: first(h)["data_offsets"].__setitem__(1, 10 ** 12)), WEIGHTS),
    "a tensor ends before it begins": (edit_header(lambda h: first(h).update(data_offsets=[100, 0])), WEIGHTS),
    "bytes behind the last tensor": (append(WEIGHTS, b"x"), "1 byte after its last tensor"),
    "an offset is negative": (edit_header(lambda h: first(h).update(data_offsets=[-8, 0])), WEIGHTS),
    "a shape's product overflows": (edit_header(lambda h: first(h).update(shape=[2 ** 32, 2 ** 32, 2])), WEIGHTS),
    "a shape of 1000 dimensions": (edit_header(lambda h: first(h).update(shape=[1] * 1000)), WEIGHTS),
    "an unknown dtype": (edit_header(lambda h: first(h).update(dtype="F7")), "F7"),
    "another shape": (edit_header(lambda h: first(h).update(shape=list(reversed(first(h)["shape"])) + [1])), WEIGHTS),
    "a shard that climbs": (lambda f: (remove(WEIGHTS)(f), write(os.path.join(f, WEIGHTS + ".index.json"), {"weight_map": {"a": "../../x"}})), "../../x"),
    "an index without a shard": (lambda f: (remove(WEIGHTS)(f), write(os.path.join(f, WEIGHTS + ".index.json"), {"weight_map": {"a": "x.safetensors"}})), "x.safetensors"),
    "a pickle that calls": (evil_zip, "system"),
    "a pickle that is none": (lambda f: (remove(WEIGHTS)(f), write(os.path.join(f, "pytorch_model.bin"), b"PK\3\4" + b"x" * 100)), "pytorch_model.bin"),
    "a pickle of nothing": (lambda f: (remove(WEIGHTS)(f), write(os.path.join(f, "pytorch_model.bin"), b"")), "pytorch_model.bin"),
    "no tokenizer": (remove("tokenizer.json", "vocab.txt"), "tokenizer"),
    "tokenizer.json is half": (half("tokenizer.json"), "tokenizer.json"),
    "tokenizer.json is deep": (put("tokenizer.json", DEEP), "tokenizer.json"),
    "tokenizer.json is zeros": (put("tokenizer.json", b"\0" * 10000), "tokenizer.json"),
    "an unknown model": (model_of("type", "Psychic"), "Psychic"),
    "an id is negative": (model_of("vocab", {"[UNK]": -1}), "tokenizer.json"),
    "an id is huge": (model_of("vocab", {"[UNK]": 0, "a": 2 ** 40}), "tokenizer.json"),
    "an id is no whole number": (model_of("vocab", {"[UNK]": 0.5}), "tokenizer.json"),
    "no vocabulary": (model_of("vocab", None), "vocab"),
    "an unknown normalizer": (edit_json("tokenizer.json", lambda t: t.update(normalizer={"type": "Bleach"})), "Bleach"),
    "a pattern that is none": (edit_json("tokenizer.json", lambda t: t.update(pre_tokenizer={"type": "Split", "pattern": {"Regex": "(("}, "behavior": "Isolated", "invert": False})), "tokenizer.json"),
    "a charsmap that is none": (edit_json("tokenizer.json", lambda t: t.update(normalizer={"type": "Precompiled", "precompiled_charsmap": "//////////8="})), "tokenizer.json"),
    "an unknown decoder's place": (edit_json("tokenizer.json", lambda t: t.update(post_processor={"type": "Mystery"})), "Mystery"),
    "a sentencepiece model of noise": (spm(bytes(range(256)) * 8), "sentencepiece"),
    "a sentencepiece model that says too much": (spm(b"\x0a\xff\xff\xff\xff\x7f"), "sentencepiece"),
    "modules.json climbs": (lambda f: (write(os.path.join(f, "modules.json"), [{"idx": 0, "name": "0", "path": "../../etc", "type": "sentence_transformers.models.Transformer"}]),
                                       write(os.path.join(f, "model_name"), b"x")), "modules.json"),
    "an unknown module": (lambda f: (write(os.path.join(f, "modules.json"), [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
                                                                                      {"idx": 1, "name": "1", "path": "1", "type": "sentence_transformers.models.Oracle"}]),
                                     write(os.path.join(f, "model_name"), b"x")), "Oracle"),
}


def refuses(check, folder, word):
    """Starts the service there, which ends before anybody could connect. What went wrong, or None."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    process = subprocess.Popen([check.binary, "serve", "--model", folder, "--listen", f"127.0.0.1:{port}"], cwd=os.path.dirname(folder),
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    opened, end = False, time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end and not opened:
        with socket.socket() as s:
            opened = s.connect_ex(("127.0.0.1", port)) == 0
        time.sleep(0.002)
    process.kill()
    said = process.communicate()[1].decode(errors="replace")
    lines = [line for line in said.splitlines() if line.startswith("t2v ")]
    ok = not opened and process.returncode == 1 and len(lines) == 1 and word in lines[0].replace(folder, "") and folder in lines[0]
    return None if ok else (word, opened, process.returncode, said)


def check_broken_from_the_start(check):
    for what, (do, word) in BROKEN.items():
        with copy_of(os.path.join(check.golden, "bert-uncased")) as folder:
            remove("expected.json")(folder)
            do(folder)
            wrong = refuses(check, folder, word)
            check(f"{what}: exit 1 with a reason before the port opens", wrong is None, wrong)
            check(f"{what}: nothing was run", not os.path.exists(os.path.join(os.path.dirname(folder), "pwned")))
    print(f"{len(BROKEN)} broken model directories")
