# SPDX-License-Identifier: BSD-3-Clause
"""Variations of static/base, for make-static and for the check that uses its answers."""
import json
import os
import shutil

ST, M2V = "sentence-transformers", "model2vec"
# What is done, and the libraries that answer it.
RECIPES = {"nothing": (ST, M2V), "truncation": (ST, M2V), "no config": (ST,), "folder": (ST,), "normalize": (M2V,), "no normalize": (M2V,), "mapping": (M2V,)}


def edit(folder, name, change):
    path = os.path.join(folder, name)
    with open(path, encoding="utf-8") as f:
        value = json.load(f)
    change(value)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(value, f)


def vary(golden, recipe, to):
    """Makes the variation in the new folder `to`, and returns it."""
    if recipe == "mapping":
        return shutil.copytree(os.path.join(golden, "static", "mapping"), to)
    shutil.copytree(os.path.join(golden, "static", "base"), to)
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
