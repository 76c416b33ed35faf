#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes more_data.c: the code points of scripts and properties that the `tokenizers` library's regular expressions (0.22) have
and those of PCRE2 10.42 (Unicode 14) do not. Needs both libraries:

    python3 more_data.py > more_data.c && clang-format -i more_data.c
"""
import ctypes
from tokenizers import Regex, pre_tokenizers

SCRIPTS = """Adlam Arabic Balinese Bengali Common Coptic Cyrillic Devanagari Egyptian_Hieroglyphs Ethiopic Garay Georgian Greek Gujarati
Gurmukhi Gurung_Khema Han Hangul Hebrew Hiragana Inherited Kannada Katakana Kawi Khitan_Small_Script Khmer Khojki Kirat_Rai Lao Latin
Malayalam Mongolian Myanmar Nag_Mundari Ol_Onal Sunuwar Tamil Telugu Thai Tibetan Todhri Tulu_Tigalari""".split()
PROPERTIES = "Alphabetic Lowercase Uppercase Emoji Emoji_Presentation Emoji_Modifier Emoji_Modifier_Base Emoji_Component".split()
ALL = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x110000))))
BYTES = ALL.encode()
pcre = ctypes.CDLL("libpcre2-8.so.0")
for name in ("compile", "match_data_create", "get_ovector_pointer"):
    getattr(pcre, f"pcre2_{name}_8").restype = ctypes.c_void_p
UTF_UCP = 0x00080000 | 0x00020000


def theirs(name):
    rest = pre_tokenizers.Split(Regex(r"\p{%s}+" % name), "removed").pre_tokenize_str(ALL)
    return set(ALL).difference(*(piece for piece, _ in rest))


def pcre2(name):
    """None where it does not know the name."""
    pattern, number, offset, out, at = (r"\p{%s}+" % name).encode(), ctypes.c_int(), ctypes.c_size_t(), set(), 0
    code = pcre.pcre2_compile_8(pattern, ctypes.c_size_t(len(pattern)), UTF_UCP, ctypes.byref(number), ctypes.byref(offset), None)
    if not code:
        return None
    data = ctypes.c_void_p(pcre.pcre2_match_data_create_8(1, None))
    while pcre.pcre2_match_8(ctypes.c_void_p(code), BYTES, ctypes.c_size_t(len(BYTES)), ctypes.c_size_t(at), 0, data, None) > 0:
        span = ctypes.cast(pcre.pcre2_get_ovector_pointer_8(data), ctypes.POINTER(ctypes.c_size_t))
        out.update(BYTES[span[0]:span[1]].decode())
        at = span[1]
    return out


def ranges(characters):
    out = []
    for c in sorted(map(ord, characters)):
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


print("/* SPDX-License-Identifier: BSD-3-Clause */")
print("/* Made by more_data.py; do not edit. */")
print('#include "regex/sets.h"\n')
print('#include "base/banned.h"\n')
print("const struct t2v_regex_more t2v_regex_more[] = {")
for name in SCRIPTS + PROPERTIES:
    known = pcre2(name if name in PROPERTIES else "sc:" + name)
    for first, last in ranges(theirs(name) - (known or set())):
        print(f'    {{"{name.replace("_", "").lower()}", 0x{first:x}, 0x{last:x}, {"false" if known else "true"}}},')
print("};\n")
print("const size_t t2v_regex_n_more = sizeof t2v_regex_more / sizeof *t2v_regex_more;")
