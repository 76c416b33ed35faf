#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
run.py [BIN] [-k WORD]

What lies in models/: the scripts that fetch, against a hub that we play; the manifests; the table of models; and ./run. BIN is
t2v, which says what families it runs. One line for each check that fails, and a summary.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import check_default  # noqa: E402
import check_fetch  # noqa: E402
import check_manifests  # noqa: E402
import check_start  # noqa: E402
from checks import Checks, word_of  # noqa: E402


def main():
    args, checks = sys.argv[1:], Checks()
    word = word_of(args)
    checks.binary = os.path.abspath(args[0]) if args else None
    return checks.run([check_manifests, check_start, check_default, check_fetch], word)


if __name__ == "__main__":
    sys.exit(main())
