#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
main.py T2V WEAVIATE_SERVER [-k WORD]
main.py T2V WEAVIATE_SERVER rate ...

Called by `run`, which builds both.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "test"), os.path.join(ROOT, "test", "api")]
import check_dpr  # noqa: E402
import check_import  # noqa: E402
import check_trouble  # noqa: E402
import rate  # noqa: E402
from checks import Checks, end_by_exception, word_of  # noqa: E402
from weaviate import loopback_up  # noqa: E402


def main():
    args, checks = sys.argv[1:], Checks()
    word = word_of(args)
    checks.binary, checks.weaviate = map(os.path.abspath, args[:2])
    checks.model = os.path.join(ROOT, "models", "all-MiniLM-L6-v2")
    checks.golden = os.path.join(ROOT, "test", "golden")
    loopback_up()
    end_by_exception()
    if args[2:3] == ["rate"]:
        return rate.main(checks, args[3:])
    if args[2:]:
        sys.exit(f"unknown: {' '.join(args[2:])}")
    return checks.run([check_import, check_trouble, check_dpr], word)


if __name__ == "__main__":
    sys.exit(main())
