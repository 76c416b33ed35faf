#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
run.py [BIN] [-k WORD]

What lies in models/: the script that fetches, against a hub that we play; the manifests; the README's table. BIN is t2v, which
says what families it runs. One line for each check that fails, and a summary.
"""
import os
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check_fetch  # noqa: E402
import check_manifests  # noqa: E402


class Checks:
    def __init__(self, binary):
        self.binary, self.passed, self.failed, self.where = binary, 0, 0, ""

    def __call__(self, what, ok, seen=""):
        if ok:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAIL {self.where}: {what}: {str(seen)[:600]}", flush=True)


def main():
    args = sys.argv[1:]
    word = args[args.index("-k") + 1] if "-k" in args else ""
    checks = Checks(os.path.abspath(args[0]) if args and args[0] != "-k" else None)
    for module in (check_manifests, check_fetch):
        for name, function in list(vars(module).items()):
            if not name.startswith("check_") or word not in name:
                continue
            checks.where, begin = name, time.monotonic()
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
