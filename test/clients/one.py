#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""one.py EXAMPLE PACKAGE {"OLD": "NEW", ...}: runs an example with each OLD in it replaced, such as localhost:8080 by another address.

Its last line on standard output is JSON: the package's `version`, and the example's `result`, its variables that are in RESULTS.
"""
import importlib.metadata
import json
import sys

RESULTS = ("vectors", "query_vector", "names", "similarities", "best", "scores", "sparse", "span", "capital", "labels", "entities", "groups",
           "answers", "tokens", "said", "pieces", "told", "calls", "record", "who", "french", "continued", "continued_pieces", "ended",
           "each", "together")


def plain(value):
    """NumPy's arrays and numbers as Python's."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def main():
    example, package, replaced = sys.argv[1:]
    with open(example, encoding="utf-8") as f:
        source = f.read()
    for old, new in json.loads(replaced).items():
        source = source.replace(old, new)
    names = {"__name__": "__main__"}
    exec(compile(source, example, "exec"), names)
    result = {name: names[name] for name in RESULTS if name in names}
    print(json.dumps({"version": importlib.metadata.version(package), "result": result}, default=plain))


if __name__ == "__main__":
    main()
