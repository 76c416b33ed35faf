#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Prints the table of f32.c, and checks the three logarithms that go with it.

Entry i is 10^(i - 31), scaled by a power of two into [2^63, 2^64) and rounded up.
"""
from fractions import Fraction

FIRST, LAST = -31, 45  # -k, for k = floor(log10(2^q)) with q from -149 to 104


def floor_log2(x: Fraction) -> int:
    e = x.numerator.bit_length() - x.denominator.bit_length()
    return e if Fraction(2) ** e <= x else e - 1


def floor_log10(x: Fraction) -> int:
    e = 0
    while Fraction(10) ** e > x:
        e -= 1
    while Fraction(10) ** (e + 1) <= x:
        e += 1
    return e


for q in range(-149, 105):
    assert floor_log10(Fraction(2) ** q) == (q * 1262611) >> 22
    assert floor_log10(Fraction(3, 4) * Fraction(2) ** q) == (q * 1262611 - 524031) >> 22
words = []
for e in range(FIRST, LAST + 1):
    power = Fraction(10) ** e
    assert floor_log2(power) == (e * 1741647) >> 19
    scaled = power * Fraction(2) ** (63 - floor_log2(power))
    word = -(-scaled.numerator // scaled.denominator)
    assert 2**63 <= word < 2**64
    words.append(f"0x{word:016x}")
for i in range(0, len(words), 5):
    print("    " + ", ".join(words[i : i + 5]) + ",")
