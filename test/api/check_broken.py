# SPDX-License-Identifier: BSD-3-Clause
"""Weights that are NaN or infinite: f32 and bf16 answer 500, int8, which would hide them, refuses the file by the tensor's name."""
import json
import os
import shutil
import struct
import tempfile

from check_commands import run
from daemon import Daemon, request, vectors

NAN, INF = float("nan"), float("inf")
PACK = {"F32": "<f", "F16": "<e", "F64": "<d"}


def spoil(path, name, value, item=0):
    """Item `item` of the tensor `name` of a safetensors file becomes value."""
    with open(path, "r+b") as f:
        (length,) = struct.unpack("<Q", f.read(8))
        tensor = json.loads(f.read(length))[name]
        if tensor["dtype"] == "BF16":
            data = struct.pack("<f", value)[2:]
        else:
            data = struct.pack(PACK[tensor["dtype"]], value)
        f.seek(8 + length + tensor["data_offsets"][0] + item * len(data))
        f.write(data)


def broken(check, root, model, file, name, value, item=0):
    target = os.path.join(root, "model")
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(os.path.join(os.path.dirname(check.model), model), target)
    spoil(os.path.join(target, file), name, value, item)
    return target


def cases():
    """Of one fixture each kind of tensor, of others what they alone have; all are used by any text."""
    layer = "encoder.layer.0."
    file = "model.safetensors"
    bert = [layer + "attention.self.query.weight", layer + "attention.self.key.bias", layer + "attention.output.LayerNorm.weight",
            layer + "output.LayerNorm.bias", layer + "output.dense.weight", "embeddings.LayerNorm.weight", "embeddings.token_type_embeddings.weight",
            "embeddings.position_embeddings.weight"]
    for name in bert:
        yield "bert-uncased", file, name, NAN
    yield "bert-uncased", file, bert[0], INF
    yield "bert-uncased", file, bert[4], -INF
    yield "mpnet", file, "encoder.relative_attention_bias.weight", NAN
    yield "st-dense", "3_Dense/" + file, "linear.weight", NAN
    yield "st-dense", "3_Dense/" + file, "linear.bias", NAN
    yield "st-dense", "2_LayerNorm/" + file, "norm.weight", NAN


def check_selftest(check):
    with tempfile.TemporaryDirectory() as root:
        for model, file, name, value in cases():
            target = broken(check, root, model, file, name, value)
            args = ("selftest", "--model", target) + (("--sentence-transformers",) if model == "st-dense" else ())
            what = f"{value} in {model}: {name}"
            code, out, err = run(check, *args, "--precision", "f32")
            check(f"f32, {what}", code == 1 and "not finite" in err, (code, out, err))
            code, out, err = run(check, *args, "--precision", "int8")
            check(f"int8, {what}", code == 1 and f"tensor {name} holds NaN" in err, (code, out, err))
            code, out, err = run(check, *args, "--precision", "bf16")
            check(f"bf16, {what}", code == 1 and ("not finite" in err or "precision bf16 is not supported" in err), (code, out, err))


def check_answers(check):
    """One word's row is NaN: that text alone is answered 500, and in a batch by its index."""
    with open(os.path.join(check.model, "tokenizer.json"), encoding="utf-8") as f:
        vocab = json.load(f)["model"]["vocab"]
    word = next(w for w in vocab if w.isalpha() and len(w) > 2)
    with open(os.path.join(check.model, "config.json"), encoding="utf-8") as f:
        hidden = json.load(f)["hidden_size"]
    table = "embeddings.word_embeddings.weight"
    with tempfile.TemporaryDirectory() as root:
        target = broken(check, root, "bert-uncased", "model.safetensors", table, NAN, vocab[word] * hidden)
        for config in ({}, {"pooling_strategy": "cls"}):
            with Daemon(check.binary, target, "--precision", "f32") as d:
                a = d.ask(vectors({"text": word, "config": config}))
                check("a text with that word", a.status == 500 and a.json["error"] == "the model gave a vector that is not finite", a)
                a = d.ask(vectors({"texts": ["1", "2", "1 " + word, "3"], "config": config}))
                check("its index in a batch", a.status == 500 and a.json["error"] == "texts[2]: the model gave a vector that is not finite", a)
                a = d.ask(vectors({"texts": ["1", "2", "3"], "config": config}))
                check("other texts are answered", a.status == 200, a)
        code, _, err = run(check, "inspect", "--model", target, "--precision", "int8")
        check("int8 refuses the table", code == 1 and f"tensor {table} holds NaN" in err, (code, err))


def check_half(check):
    """What f16 made infinite, and NaN in bf16."""
    with tempfile.TemporaryDirectory() as root:
        name = "encoder.layer.0.attention.self.query.weight"
        shards = os.path.join(os.path.dirname(check.model), "bert-bf16-sharded")
        with open(os.path.join(shards, "model.safetensors.index.json"), encoding="utf-8") as f:
            names = json.load(f)["weight_map"]
        full = next(n for n in names if n.endswith(name))
        for value in (NAN, INF):
            target = broken(check, root, "bert-bf16-sharded", names[full], full, value)
            for precision, words in (("f32", "not finite"), ("int8", f"tensor {full} holds NaN")):
                code, out, err = run(check, "selftest", "--model", target, "--precision", precision)
                check(f"{precision}, {value} in bf16", code == 1 and words in err, (code, out, err))


def check_not_finite_json(check):
    """NaN and infinities in the JSON that Python writes: read where they change nothing, null in /meta, refused in a request."""
    with tempfile.TemporaryDirectory() as root:
        target = os.path.join(root, "model")
        shutil.copytree(check.model, target)
        for name, more in (("config.json", '"classifier_dropout": NaN, "a": [-Infinity, Infinity, 1e999, {"NaN": "NaN"}], '),
                           ("tokenizer_config.json", '"b": Infinity, "c": NaN, ')):
            path = os.path.join(target, name)
            with open(path, encoding="utf-8") as f:
                text = f.read()
            with open(path, "w", encoding="utf-8") as f:
                f.write("{" + more + text.lstrip()[1:])
        with Daemon(check.binary, target) as d, Daemon(check.binary, check.model) as plain:
            meta = d.get("/meta").json["model"]
            check("null in /meta", meta["classifier_dropout"] is None and meta["a"] == [None, None, None, {"NaN": "NaN"}], meta)
            question = vectors({"text": "the same vector"})
            check("the same vector", d.ask(question).body == plain.ask(question).body)
            for word in ("NaN", "Infinity", "-Infinity", "1e999"):
                a = d.ask(request("POST", "/vectors", ('{"text": "a", "x": %s}' % word).encode()))
                check(f"{word} in a request", a.status == 422, a)
        for key, value in (("hidden_size", "NaN"), ("num_hidden_layers", "Infinity"), ("layer_norm_eps", "NaN"), ("layer_norm_eps", "Infinity")):
            with open(os.path.join(check.model, "config.json"), encoding="utf-8") as f:
                config = json.load(f)
            config[key] = float(value)
            with open(os.path.join(target, "config.json"), "w", encoding="utf-8") as f:
                json.dump(config, f)
            code, _, err = run(check, "inspect", "--model", target)
            check(f"{key} of {value}", code == 1 and f"config.json: {key} " in err, (code, err))
