#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
offsets.py BIN DIR ... [--texts 2000] [--seed 1] [--corpus FILE ...] [--show 3]

The ids and the offsets of `t2v tokens --offsets`, in characters and in bytes, against those of the tokenizers library
(0.22.0), for the tokenizer.json of each DIR. A corpus is as differential.py's. Truncation is that of `t2v tokens`: 500.
Exits 1 when an offset differs, or an id.
"""
import argparse
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from texts import texts as random_texts  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

MOST_TOKENS = 500
BLANK = ["", " ", "  a", "a  ", " a  b ", "\n\n x", "\u3000a\u00a0", "\u0301a"]


def read_corpus(path):
    with open(path, encoding="utf-8") as f:
        if not path.endswith(".json"):
            return f.read().split("\n")
        data = json.load(f)
    lists = data.values() if isinstance(data, dict) else [data]
    return [t for some in lists for t in some if isinstance(t, str)]


def ours(binary, model, inputs):
    lines = "".join(json.dumps(t) + "\n" for t in inputs)
    p = subprocess.run([binary, "tokens", "--offsets", "--model", model], input=lines.encode(), stdout=subprocess.PIPE, check=False)
    out = [json.loads(x) for x in p.stdout.decode().splitlines()]
    if p.returncode != 0 or len(out) != len(inputs):
        raise SystemExit(f"t2v tokens ended with {p.returncode} after {len(out)} of {len(inputs)} lines, {model}")
    return out


def in_bytes(text, offsets):
    """Offsets in characters as offsets in UTF-8."""
    at = [0]
    for c in text:
        at.append(at[-1] + len(c.encode()))
    return [[at[min(b, len(text))], at[min(e, len(text))]] for b, e in offsets]


def is_static(model):
    with open(os.path.join(model, "config.json"), encoding="utf-8") as f:
        return json.load(f).get("model_type") == "model2vec"


def compare(binary, model, texts, show):
    tokenizer = Tokenizer.from_file(os.path.join(model, "tokenizer.json"))
    tokenizer.no_padding()
    static = is_static(model)  # then the file's truncation counts, and no special token is added
    if not static:
        tokenizer.enable_truncation(MOST_TOKENS)
    ids = offsets = 0
    for text, got in zip(texts, ours(binary, model, texts)):
        want = tokenizer.encode(text, add_special_tokens=not static)
        if got["ids"] != want.ids:
            ids += 1
        elif got["offsets"] != [list(o) for o in want.offsets] or got["bytes"] != in_bytes(text, want.offsets):
            offsets += 1
            if offsets <= show:
                at = next((i for i, o in enumerate(want.offsets) if got["offsets"][i] != list(o)), 0)
                print(f"  {ascii(text)[:300]}\n    token {at} {ascii(want.tokens[at])}: got {got['offsets'][at]}, expected {want.offsets[at]}")
    print(f"{os.path.basename(model)}: of {len(texts)} texts the ids of {ids} differ, and the offsets of {offsets} others", flush=True)
    return ids + offsets


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("binary")
    p.add_argument("models", nargs="+")
    p.add_argument("--texts", type=int, default=2000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--corpus", action="append", default=[])
    p.add_argument("--show", type=int, default=3)
    args = p.parse_args()
    texts = BLANK + [t for path in args.corpus for t in read_corpus(path)] + random_texts(args.texts, args.seed)
    failed = sum(compare(args.binary, os.path.normpath(m), texts, args.show) != 0 for m in args.models)
    print(f"{len(args.models) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
