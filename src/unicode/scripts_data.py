#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes scripts_data.c: which code points the pre-tokenizer UnicodeScripts of the `tokenizers` library (0.22, whose table of scripts
is years older than its others) holds for one script, asked of the library itself. Needs only that library:

    python3 scripts_data.py > scripts_data.c && clang-format -i scripts_data.c
"""
from range_table import Ranges, code_points
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


ranges, before = Ranges(), None
for cp in code_points():
    c = chr(cp)
    same = ranges.last and len(pieces(before + c)) == 1 and pieces(c)  # as most are: one question instead of a hundred
    ranges.add(cp, ranges.last if same else script_of(c))
    before = c
ranges.write("scripts_data.py", "a script's number,\n * 0 for any, good up to the next entry's code point. */", "t2v_script")
