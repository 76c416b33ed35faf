#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
run.py BIN SHIM GOLDEN [--all] [-k WORD]

Faults, from outside: t2v is BIN, SHIM is shim.c as a library, GOLDEN the folder of small models. In
CI each check takes a sample of the places where a fault can strike; --all takes every one. One line
for each check that fails, and a summary.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), "api")]
import check_end  # noqa: E402
import check_files  # noqa: E402
import check_memory  # noqa: E402
from checks import Checks, word_of  # noqa: E402


def main():
    args, checks = sys.argv[1:], Checks()
    word = word_of(args)
    checks.all = "--all" in args
    checks.binary, checks.shim, checks.golden = (os.path.abspath(a) for a in args[:3])
    names = ["bert-uncased", "bert-legacy-bin", "st-dense", "roberta", "mpnet", "model2vec", "qwen3-embedding"] if checks.all else ["bert-uncased"]
    checks.models = [os.path.join(checks.golden, n) for n in names if os.path.exists(os.path.join(checks.golden, n, "config.json"))]
    checks.stride = 1 if checks.all else 25
    return checks.run([check_memory, check_files, check_end], word)


if __name__ == "__main__":
    sys.exit(main())
