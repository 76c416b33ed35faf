#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
run.py [--arm64] [-k WORD]

What images/test runs, after it has installed what is needed: images are built and started, compose is run; or images for arm64.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path[:0] = [HERE, os.path.dirname(HERE), os.path.join(ROOT, "test", "models"), os.path.join(ROOT, "images"),
                os.path.join(ROOT, "models")]
import check_arm64  # noqa: E402
import check_compose  # noqa: E402
import check_images  # noqa: E402
from checks import Checks, word_of  # noqa: E402


def main():
    word = word_of(sys.argv)
    checks = Checks()
    checks.skipped = 0
    return checks.run([check_arm64] if "--arm64" in sys.argv else [check_images, check_compose], word)


if __name__ == "__main__":
    sys.exit(main())
