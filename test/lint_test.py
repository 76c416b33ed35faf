#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""lint_shape.py and lint_text.py find what is wrong in a made-up tree, and nothing else. Called by test/lint."""
import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lint_shape  # noqa: E402
import lint_text  # noqa: E402

FILES = {
    "src/a/long.c": "static int f(int a)\n{\n" + "    ;\n" * 59 + "}\n",
    "src/a/short.c": "struct s {\n};\n\nint g(void)\n{\n" + "    ;\n" * 58 + "}\n",
    "src/a/wide.c": "int f(int a, int b, int c,\n      int d, int (*e)(int, int), int g, int h)\n{\n}\n\n"
                    "static int RUNG(i)(int a, int b, int c, int d,\n                   int e, int f, void (*g)(int, int (*)(int, int)), int h)\n{\n}\n\n"
                    "void t2v_rms_norm_f32(int a, int b, int c, int d, int e, int f, int g, int h)\n{\n}\n",
    "src/a/large.c": "\n" * 501,
    "src/a/x.h": '#include "b/y.h"\n',
    "src/b/y.h": "\n",
    "src/b/z.h": '#include "b/w.h"\n',
    "src/b/y.c": '#include "b/y.h"\n#include "a/x.h"\n',
    "src/b/z.c": '#include "y.h"\n',
    "src/b/z_private.h": '#include "b/z.h"\n',
    "src/b/w.c": '#include "b/z_private.h"\n',
    "src/b/w.h": "\n",
    "doc/A.md": "# A `b` [c](A.md)\n[](A.md#a-b-c) [](#d) [](B.md)\n\n    [](C.md)\n`[](D.md)` [](https://e.example)\n",
}
FILES["doc/README.md"] = "x " * 51 + "\n" + "    " + "x " * 60 + "\n`" + "x " * 60 + "`\n|" + "x " * 60 + "\n" * 117 + "x\n"
SUBJECTS = ["1 " + "x" * 72, "2 " + "x" * 73]

with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    for path, text in FILES.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    c = [path for path in FILES if not path.endswith(".md")]
    found = [(path, *what) for path in c for what in lint_shape.check_lengths(path)]
    found += [("", *what) for what in lint_shape.check_circles(c)]
    found += [("", *what) for what in lint_text.check_links("doc/A.md")]
    found += [("", *what) for what in lint_text.check_width("doc/README.md")]
    found += [("", *what) for what in lint_text.check_subjects(SUBJECTS)]
    os.chdir("/")

WANTED = [
    ("src/a/long.c", 2, "f has 61 lines, at most 60 are allowed"),
    ("src/a/wide.c", 8, "i has 8 parameters, at most 7 are allowed"),
    ("src/a/large.c", 501, "a file of 501 lines, at most 500 are allowed"),
    ("", 1, "a/x and b/y include each other"),
    ("", 1, "b/w and b/z include each other"),
    ("", 2, "a link to #d: there is no such heading"),
    ("", 2, "a link to B.md, which is not there"),
    ("", 1, "102 columns, at most 100 are allowed"),
    ("", 121, "121 lines, at most 120 are allowed"),
    ("", 1, "2: a subject of 73 characters, at most 72 are allowed: " + "x" * 73),
]
for what in found + WANTED:
    if found.count(what) != WANTED.count(what):
        print(f"{'expected, not found' if what in WANTED else 'found, not expected'}: {what}")
sys.exit(found != WANTED)
