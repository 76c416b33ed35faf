#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes young_data.c: the code points that the `tokenizers` library's regular expressions (0.22.2) know and Unicode 14, which
PCRE2 10.42 has, does not. Needs a Python whose unicodedata is of 14.0.0 (3.11), and that library:

    python3 young_data.py > young_data.c && clang-format -i young_data.c
"""
import sys, unicodedata
from tokenizers import Regex, pre_tokenizers

if unicodedata.unidata_version != "14.0.0":
    sys.exit("this Python has Unicode " + unicodedata.unidata_version)
CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co".split()
YOUNG = [c for c in map(chr, (*range(0xD800), *range(0xE000, 0x110000))) if unicodedata.category(c) == "Cn"]


def members(pattern):
    split = pre_tokenizers.Split(Regex(pattern), "removed").pre_tokenize_str
    for i in range(0, len(YOUNG), 4096):
        some = YOUNG[i:i + 4096]
        yield from set(some).difference("".join(p for p, _ in split("".join(some))))


category = {c: k for k in CATEGORIES for c in members(r"\p{%s}" % k)}
alphabetic = set(members(r"\p{Alphabetic}"))
ranges = []
for c in sorted(category):
    kind = category[c], c in alphabetic
    if ranges and ranges[-1][1] == ord(c) - 1 and ranges[-1][2] == kind:
        ranges[-1][1] += 1
    else:
        ranges.append([ord(c), ord(c), kind])

print("/* SPDX-License-Identifier: BSD-3-Clause */")
print("/* Made by young_data.py; do not edit. */")
print('#include "regex/sets.h"\n')
print('#include "base/banned.h"\n')
print("const struct t2v_regex_young t2v_regex_young[] = {")
for first, last, (kind, alpha) in ranges:
    print(f'    {{0x{first:x}, 0x{last:x}, "{kind}", {str(alpha).lower()}}},')
print("};\n")
print("const size_t t2v_regex_n_young = sizeof t2v_regex_young / sizeof *t2v_regex_young;")
