#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes scripts_data.c: which code points the pre-tokenizer UnicodeScripts of the `tokenizers` library (0.22, whose table of scripts
is years older than its others) holds for one script, asked of the library itself. Needs only that library:

    python3 scripts_data.py > scripts_data.c && clang-format -i scripts_data.c
"""
from tokenizers import pre_tokenizers

pieces = pre_tokenizers.UnicodeScripts().pre_tokenize_str
members = []  # of each script found so far, one; script number i + 1


def script_of(c):
    """0 where c belongs to any script: alone it is no piece."""
    if not pieces(c):
        return 0
    for i, member in enumerate(members):
        if len(pieces(member + c)) == 1:
            return i + 1
    members.append(c)
    return len(members)


ranges, last, before = [], None, None
for cp in range(0x110000):
    if 0xD800 <= cp < 0xE000:
        continue
    c = chr(cp)
    same = last and len(pieces(before + c)) == 1 and pieces(c)  # as most are: one question instead of a hundred
    script = last if same else script_of(c)
    if script != last:
        ranges.append("0x%x" % (cp << 8 | script))
    last, before = script, c

print("/* SPDX-License-Identifier: BSD-3-Clause */")
print("/* Made by scripts_data.py; do not edit. Each entry: first code point << 8 | a script's number,")
print(" * 0 for any, good up to the next entry's code point. */")
print('#include "token/unicode.h"\n')
print('#include "base/banned.h"\n')
print("const uint32_t t2v_script_ranges[] = {")
line = "   "
for r in ranges:
    if len(line) + len(r) + 2 > 100:
        print(line)
        line = "   "
    line += " " + r + ","
print(line)
print("};\n")
print("const size_t t2v_script_n_range = sizeof t2v_script_ranges / sizeof *t2v_script_ranges;")
