#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
run.py BIN MODEL_DIR [FAKE] [-k WORD] [--part K/N]

The HTTP contract, tested from outside: the daemon is started on a free port and spoken to in raw
bytes. BIN is t2v; FAKE is the same server over an engine that does as it is told (fake.c), for what
a model cannot show on demand. One line for each check that fails, and a summary. --part 1/2 is
every second module, --part 2/2 are the others.
"""
import glob
import importlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
from checks import Checks, value_of, word_of  # noqa: E402


NEED_FAKE = ("check_engine", "check_generate_chats", "check_generate_requests", "check_generate_streams", "check_routes", "check_stream")


def main():
    args, checks = sys.argv[1:], Checks()
    word = word_of(args)
    part, parts = map(int, (value_of(args, "--part") or "1/1").split("/"))
    checks.binary, checks.model = args[:2]
    checks.fake = args[2] if len(args) > 2 else None
    names = sorted(os.path.basename(path)[:-3] for path in glob.glob(os.path.join(HERE, "check_*.py")))
    modules = [importlib.import_module(name) for name in names if checks.fake or name not in NEED_FAKE]
    return checks.run(modules[part - 1::parts], word)


if __name__ == "__main__":
    sys.exit(main())
