#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""checks.py calls the checks whose name has the word, and fails when one fails or none has it. Called by test/lint."""
import contextlib
import io
import os
import sys
import types

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks, is_sanitized, until  # noqa: E402

MODULE = types.SimpleNamespace(__name__="check_fruit", check_apple=lambda check: check("good", True), check_pear=lambda check: check("good", False), helper=None)
WANTED = {"": (1, "1 passed, 1 failed"), "apple": (0, "1 passed, 0 failed"), "pear": (1, "0 passed, 1 failed"), "fruit": (1, "1 passed, 1 failed"),
          "plum": (1, "no check has 'plum' in its name\n0 passed, 0 failed"), "helper": (1, "no check has 'helper' in its name\n0 passed, 0 failed")}

wrong = []
for word, (status, text) in WANTED.items():
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        got = Checks().run([MODULE], word)
    lines = "\n".join(line for line in out.getvalue().splitlines() if not line.startswith("FAIL check_fruit.check_pear: good"))
    if (got, lines) != (status, text):
        wrong.append(f"checks.py: -k {word}: expected {status} {text}, got {got} {out.getvalue()}")
for text, want in {"t2v 1\nsanitizers: none": False, "t2v 1\nsanitizers: thread": True, "usage": False}.items():
    check = Checks()
    check.binary = ["echo", text]
    if is_sanitized(check.binary) != want or check.sanitized != want or (check.slack > 20) != want:
        wrong.append(f"checks.py: {text!r} is sanitized: {not want}")
if until(lambda: False, 0.02) or not until(lambda: True, 0):
    wrong.append("checks.py: until does not say whether the condition became true")
print("\n".join(wrong))
sys.exit(bool(wrong))
