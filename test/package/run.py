#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
run.py BIN [-k WORD]

What `meson install` brings beside the binary BIN, which lies in its build folder: licences, notices, the man page, completions, the systemd unit and its settings.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path[:0] = [HERE, os.path.dirname(HERE), os.path.join(ROOT, "package")]
import check_install  # noqa: E402
import check_notices  # noqa: E402
import check_pages  # noqa: E402
import check_unit  # noqa: E402
from checks import Checks, word_of  # noqa: E402


def main():
    word, checks = word_of(sys.argv), Checks()
    checks.binary = os.path.abspath(sys.argv[1])
    return checks.run([check_install, check_notices, check_pages, check_unit], word)


if __name__ == "__main__":
    sys.exit(main())
