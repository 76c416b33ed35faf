#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
run.py BIN MODEL_DIR [FAKE] [-k WORD]

The HTTP contract, tested from outside: the daemon is started on a free port and spoken to in raw
bytes. BIN is t2v; FAKE is the same server over an engine that does as it is told (fake.c), for what
a model cannot show on demand. One line for each check that fails, and a summary.
"""
import os
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check_contract  # noqa: E402
import check_engine  # noqa: E402
import check_life  # noqa: E402
import check_vectorizers  # noqa: E402
import check_wire  # noqa: E402


class Checks:
    """What the checks are given: the programs, and a place to say what holds."""

    def __init__(self, binary, model, fake):
        self.binary, self.model, self.fake = binary, model, fake
        self.slack = float(os.environ.get("T2V_TEST_SLACK", "1"))  # for time-outs under sanitizers
        self.passed = self.failed = 0
        self.where = ""

    def __call__(self, what, ok, seen=""):
        if ok:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAIL {self.where}: {what}: {str(seen)[:400]}", flush=True)


def main():
    args = sys.argv[1:]
    word = args[args.index("-k") + 1] if "-k" in args else ""
    if "-k" in args:
        del args[args.index("-k"):args.index("-k") + 2]
    checks = Checks(args[0], args[1], args[2] if len(args) > 2 else None)
    modules = [check_contract, check_vectorizers, check_wire, check_life] + ([check_engine] if checks.fake else [])
    for module in modules:
        for name, function in list(vars(module).items()):
            if not name.startswith("check_") or word not in name:
                continue
            checks.where = f"{module.__name__}.{name}"
            begin = time.monotonic()
            try:
                function(checks)
            except Exception as e:  # a check that cannot go on is a check that fails
                at = traceback.extract_tb(e.__traceback__)[-1]
                checks(f"{type(e).__name__} in line {at.lineno} of {os.path.basename(at.filename)}", False, e)
            if time.monotonic() - begin > 20:
                print(f"slow {checks.where}: {time.monotonic() - begin:.1f} s", flush=True)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
