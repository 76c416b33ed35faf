#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes flags_data.c: what the `tokenizers` library (0.22.2, which has Unicode tables of several
ages inside) says of every code point, asked of the library itself. Needs only that library:

    python3 flags_data.py > flags_data.c && clang-format -i flags_data.c
"""
from range_table import Ranges, code_points
from tokenizers import normalizers, pre_tokenizers

DROP, MN, MARK, PUNCT, WORD, CCC, NUMERIC = 1, 2, 4, 8, 16, 32, 64


def bert(**flags):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**off, **flags}).normalize_str


clean, strip = bert(clean_text=True), bert(strip_accents=True)
accents, nfd = normalizers.StripAccents().normalize_str, normalizers.NFD().normalize_str
punct = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
words = pre_tokenizers.Whitespace().pre_tokenize_str
digits = pre_tokenizers.Digits(individual_digits=True).pre_tokenize_str


def moves(c):
    """Does canonical ordering move c, that is: has it a combining class (and no decomposition)?"""
    if nfd(c) != c:
        return False
    if c in "\u0301\u0334":  # the two that the others are compared with
        return True
    return nfd("a\u0301" + c) != "a\u0301" + c or nfd("a" + c + "\u0334") != "a" + c + "\u0334"


def flags_of(c):
    return ((DROP if clean(c) == "" else 0) | (MN if strip(c) == "" else 0)
            | (MARK if accents(c) == "" else 0) | (PUNCT if len(punct("a" + c + "b")) == 3 else 0)
            | (WORD if len(words("a" + c + "b")) == 1 else 0) | (CCC if moves(c) else 0)
            | (NUMERIC if len(digits("a" + c + "b")) == 3 else 0))


ranges = Ranges()
for cp in code_points():
    ranges.add(cp, flags_of(chr(cp)))
ranges.write("flags_data.py", "flags of\n * code_point.h, good up to the next entry's code point. */", "t2v_unicode")
