#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
main.py T2V WEAVIATE_SERVER ENVIRONMENTS [-k WORD]
main.py T2V WEAVIATE_SERVER ENVIRONMENTS rate ...

Called by `run`, which builds both. ENVIRONMENTS is what test/clients/install prints.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "test"), os.path.join(ROOT, "test", "api")]
import check_dpr  # noqa: E402
import check_import  # noqa: E402
import check_modules  # noqa: E402
import check_rag  # noqa: E402
import check_trouble  # noqa: E402
import rate  # noqa: E402
from checks import Checks, end_by_exception, word_of  # noqa: E402
from weaviate import loopback_up  # noqa: E402


def main():
    args, checks = sys.argv[1:], Checks()
    word = word_of(args)
    checks.binary, checks.weaviate, checks.environments = map(os.path.abspath, args[:3])
    checks.model = os.path.join(ROOT, "models", "all-MiniLM-L6-v2")
    checks.golden = os.path.join(ROOT, "test", "golden")
    loopback_up()
    end_by_exception()
    if args[3:4] == ["rate"]:
        return rate.main(checks, args[4:])
    if args[3:]:
        sys.exit(f"unknown: {' '.join(args[3:])}")
    return checks.run([check_import, check_trouble, check_dpr, check_modules, check_rag], word)


if __name__ == "__main__":
    sys.exit(main())
