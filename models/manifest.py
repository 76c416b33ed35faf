# SPDX-License-Identifier: BSD-3-Clause
"""The manifests: models/NAME.json for each model of the Python server's images, and families.json. doc/models.md says what
their fields mean. Read by models/fetch, models/table, the tests, and whatever builds images."""
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))


def read(name):
    with open(os.path.join(HERE, name + ".json"), encoding="utf-8") as f:
        return json.load(f)


def families():
    """model_type: the folders of test/golden/ that it is checked on, or None while t2v does not run it."""
    return read("families")


def all_models():
    """NAME: manifest, by name, whatever the case."""
    names = (f.removesuffix(".json") for f in os.listdir(HERE) if f.endswith(".json"))
    return {name: read(name) for name in sorted(names, key=str.lower) if name != "families"}


def find(word):
    """(NAME, manifest, image) by a manifest's name, an image's tag or a hub name; (None, None, None) if there is none. A
    name stands for the first of the model's images."""
    for name, model in all_models().items():
        for image in model["images"]:
            if word == image["tag"]:
                return name, model, image
        if word in (name, model["model"]):
            return name, model, model["images"][0]
    return None, None, None
