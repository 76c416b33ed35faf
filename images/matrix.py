#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""matrix.py [--write]: images/matrix.json, one entry for each of the Python server's images, from the manifests in models/.
Without --write it says, by its exit status, whether the file is true."""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FILE = os.path.join(HERE, "matrix.json")
sys.path.insert(0, os.path.join(HERE, "..", "models"))
import manifest  # noqa: E402


def entries():
    for name, model in manifest.all_models().items():
        for image in model["images"]:
            args = dict(image["args"])
            if model["revision"]:
                args["MODEL_REVISION"] = model["revision"]
            if model["license"]:
                args["MODEL_LICENSE"] = model["license"]
            yield {"tag": image["tag"], "manifest": name, "vectorizer": image["vectorizer"], "precision": image["precision"],
                   "gated": bool(model["gated"]), "args": args}


def text():
    lines = (json.dumps(e, ensure_ascii=False) for e in sorted(entries(), key=lambda e: e["tag"].lower()))
    return '{"images": [\n' + ",\n".join(lines) + "\n]}\n"


def read():
    with open(FILE, encoding="utf-8") as f:
        return json.load(f)["images"]


def main():
    if sys.argv[1:] == ["--write"]:
        with open(FILE, "w", encoding="utf-8") as f:
            f.write(text())
        return 0
    if sys.argv[1:]:
        print(f"images/matrix.py: {sys.argv[1]} is unknown; usage: images/matrix.py [--write]", file=sys.stderr)
        return 2
    with open(FILE, encoding="utf-8") as f:
        if f.read() == text():
            return 0
    return "images/matrix.json is not what the manifests say: images/matrix.py --write"


if __name__ == "__main__":
    sys.exit(main())
