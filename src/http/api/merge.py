# SPDX-License-Identifier: BSD-3-Clause
"""merge.py OUT.json PIECE.json ...: the pieces of openapi.json as one document.

Objects are merged key by key, the lists at the top are joined in the order of the pieces. A value that two pieces give differently
is an error.
"""
import json
import sys


def merge(into, piece, at=""):
    """Adds piece to the object `into`, which is at this place of the document."""
    for key, value in piece.items():
        old, here = into.setdefault(key, value), f"{at}/{key}"
        if old is value or old == value:
            continue
        if isinstance(old, dict) and isinstance(value, dict):
            merge(old, value, here)
        elif isinstance(old, list) and isinstance(value, list) and at == "":
            old += value
        else:
            raise SystemExit(f"openapi.json: {here} is not the same in two pieces")
    return into


def main():
    out, *pieces = sys.argv[1:]
    whole = {}
    for name in pieces:
        with open(name, encoding="utf-8") as f:
            merge(whole, json.load(f))
    with open(out, "w", encoding="utf-8") as f:
        json.dump(whole, f, ensure_ascii=False, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
