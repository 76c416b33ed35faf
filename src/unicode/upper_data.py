#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Prints upper_data.c: the code points whose upper case or title case in Python has more than one character."""
import sys


def row(text):
    return "{" + ", ".join(f"0x{ord(c):X}" for c in text) + "}"


print("/* SPDX-License-Identifier: BSD-3-Clause */")
print("/* Printed by upper_data.py: do not edit. */")
print('#include "unicode/upper.h"\n\n#include "base/banned.h"\n')
print("// clang-format off")
print("const struct t2v_upper_special t2v_upper_specials[] = {")
for c in map(chr, range(sys.maxunicode + 1)):
    if not 0xD800 <= ord(c) < 0xE000 and (len(c.upper()) > 1 or len(c.title()) > 1):
        print(f"    {{0x{ord(c):X}, {row(c.upper())}, {row(c.title())}}},")
print("};")
print("// clang-format on")
print("const size_t t2v_upper_n_special = sizeof t2v_upper_specials / sizeof *t2v_upper_specials;")
