#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
quick.py BIN [-k WORD]

What of images/ needs neither root nor a container engine: the matrix, what the build prepares, the dashboard's queries against
the metrics that BIN exposes, the charts where there is a helm (images/helm finds or builds one),
images/build with an engine that we play, plain mistakes with the scripts.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TEST, ROOT = os.path.dirname(HERE), os.path.join(HERE, "..", "..")
sys.path[:0] = [HERE, TEST, os.path.join(TEST, "api"), os.path.join(TEST, "models"), os.path.join(ROOT, "images"), os.path.join(ROOT, "models")]
import check_base  # noqa: E402
import check_chart  # noqa: E402
import check_files  # noqa: E402
import check_mistakes  # noqa: E402
from checks import Checks, word_of  # noqa: E402


def main():
    word, checks = word_of(sys.argv), Checks()
    checks.binary = os.path.abspath(sys.argv[1])
    return checks.run([check_files, check_chart, check_base, check_mistakes], word)


if __name__ == "__main__":
    sys.exit(main())
