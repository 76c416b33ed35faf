#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes fold_data.c: the characters whose case folding is several characters (Unicode's CaseFolding, status F, as Python has it).

    python3 fold_data.py > fold_data.c && clang-format -i fold_data.c
"""
print("/* SPDX-License-Identifier: BSD-3-Clause */")
print("/* Made by fold_data.py; do not edit. */")
print('#include "regex/fold.h"\n')
print('#include "base/banned.h"\n')
print("const struct t2v_fold t2v_folds[] = {")
for cp in range(0x110000):
    if not 0xD800 <= cp < 0xE000 and len(folded := chr(cp).casefold()) > 1:
        print("    {0x%x, {%s}}," % (cp, ", ".join("0x%x" % ord(c) for c in folded)))
print("};\n")
print("const size_t t2v_n_fold = sizeof t2v_folds / sizeof *t2v_folds;")
