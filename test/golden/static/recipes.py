# SPDX-License-Identifier: BSD-3-Clause
"""Variations of static/base, for make-static and for the check that uses its answers."""
import json
import os
import shutil
import struct

ST, M2V = "sentence-transformers", "model2vec"
# What is done, and the libraries that answer it.
RECIPES = {"nothing": (ST, M2V), "truncation": (ST, M2V), "no config": (ST,), "folder": (ST,), "normalize": (M2V,), "no normalize": (M2V,), "mapping": (M2V,),
           "max_length 6": (M2V,), "no max_length": (M2V,), "half": (M2V,), "half, no normalize": (M2V,), "half mapping": (M2V,), "int8": (M2V,)}


def edit(folder, name, change):
    path = os.path.join(folder, name)
    with open(path, encoding="utf-8") as f:
        value = json.load(f)
    change(value)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(value, f)


def store(folder, types):
    """Stores tensors anew as half precision, or as bytes of a hundredth each, by their names without a module's path."""
    path = os.path.join(folder, "model.safetensors")
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        body = f.read()
    tensors, out = {}, b""
    for name, tensor in sorted((name, t) for name, t in header.items() if name != "__metadata__"):
        raw = body[slice(*tensor["data_offsets"])]
        to = types.get(name.split(".")[0], tensor["dtype"])
        if to != tensor["dtype"]:
            floats = struct.unpack(f"<{len(raw) // 4}f", raw)
            raw = struct.pack(f"<{len(floats)}e", *floats) if to == "F16" else struct.pack(f"{len(floats)}b", *(max(-127, min(127, round(x * 100))) for x in floats))
        tensors[name] = {"dtype": to, "shape": tensor["shape"], "data_offsets": [len(out), len(out) + len(raw)]}
        out += raw
    text = json.dumps(tensors).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + out)


def vary(golden, recipe, to):
    """Makes the variation in the new folder `to`, and returns it."""
    shutil.copytree(os.path.join(golden, "static", "mapping" if recipe.endswith("mapping") else "base"), to)
    if recipe.startswith("half"):
        store(to, {"embeddings": "F16"})
    if recipe == "int8":
        store(to, {"embeddings": "I8"})
    if recipe.endswith("max_length") or recipe.startswith("max_length"):
        edit(to, "config.json", lambda c: c.update(max_length=6 if recipe.endswith("6") else None))
    if recipe == "truncation":
        edit(to, "tokenizer.json", lambda t: t.update(truncation={"direction": "Right", "max_length": 6, "strategy": "LongestFirst", "stride": 0}))
    if recipe in ("no config", "folder"):
        os.remove(os.path.join(to, "config.json"))
    if recipe == "folder":
        os.mkdir(os.path.join(to, "0_StaticEmbedding"))
        for name in ("model.safetensors", "tokenizer.json"):
            os.rename(os.path.join(to, name), os.path.join(to, "0_StaticEmbedding", name))
        edit(to, "modules.json", lambda m: m[0].update(path="0_StaticEmbedding"))
    if recipe.endswith("normalize"):
        edit(to, "config.json", lambda c: c.update(normalize=recipe == "normalize"))
    return to
