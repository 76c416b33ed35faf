/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shortest decimals by the method of Raffaello Giulietti, "The Schubfach way to render doubles"
 * (2020), for floats: three multiplications by a power of ten from a table of 64-bit words. All
 * 2^32 floats have been compared with an independent implementation.
 */
#include "json/f32.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/banned.h"

enum { MANTISSA_BITS = 23, MIN_EXPONENT = -149, FIRST_POWER = -31 };

/* 10^FIRST_POWER and up, each scaled into [2^63, 2^64) and rounded up; printed by f32_powers.py. */
// clang-format off
static const uint64_t powers[] = {
    0x81ceb32c4b43fcf5, 0xa2425ff75e14fc32, 0xcad2f7f5359a3b3f, 0xfd87b5f28300ca0e, 0x9e74d1b791e07e49,
    0xc612062576589ddb, 0xf79687aed3eec552, 0x9abe14cd44753b53, 0xc16d9a0095928a28, 0xf1c90080baf72cb2,
    0x971da05074da7bef, 0xbce5086492111aeb, 0xec1e4a7db69561a6, 0x9392ee8e921d5d08, 0xb877aa3236a4b44a,
    0xe69594bec44de15c, 0x901d7cf73ab0acda, 0xb424dc35095cd810, 0xe12e13424bb40e14, 0x8cbccc096f5088cc,
    0xafebff0bcb24aaff, 0xdbe6fecebdedd5bf, 0x89705f4136b4a598, 0xabcc77118461cefd, 0xd6bf94d5e57a42bd,
    0x8637bd05af6c69b6, 0xa7c5ac471b478424, 0xd1b71758e219652c, 0x83126e978d4fdf3c, 0xa3d70a3d70a3d70b,
    0xcccccccccccccccd, 0x8000000000000000, 0xa000000000000000, 0xc800000000000000, 0xfa00000000000000,
    0x9c40000000000000, 0xc350000000000000, 0xf424000000000000, 0x9896800000000000, 0xbebc200000000000,
    0xee6b280000000000, 0x9502f90000000000, 0xba43b74000000000, 0xe8d4a51000000000, 0x9184e72a00000000,
    0xb5e620f480000000, 0xe35fa931a0000000, 0x8e1bc9bf04000000, 0xb1a2bc2ec5000000, 0xde0b6b3a76400000,
    0x8ac7230489e80000, 0xad78ebc5ac620000, 0xd8d726b7177a8000, 0x878678326eac9000, 0xa968163f0a57b400,
    0xd3c21bcecceda100, 0x84595161401484a0, 0xa56fa5b99019a5c8, 0xcecb8f27f4200f3a, 0x813f3978f8940985,
    0xa18f07d736b90be6, 0xc9f2c9cd04674edf, 0xfc6f7c4045812297, 0x9dc5ada82b70b59e, 0xc5371912364ce306,
    0xf684df56c3e01bc7, 0x9a130b963a6c115d, 0xc097ce7bc90715b4, 0xf0bdc21abb48db21, 0x96769950b50d88f5,
    0xbc143fa4e250eb32, 0xeb194f8e1ae525fe, 0x92efd1b8d0cf37bf, 0xb7abc627050305ae, 0xe596b7b0c643c71a,
    0x8f7e32ce7bea5c70, 0xb35dbf821ae4f38c,
};
// clang-format on

/* The value digits * 10^exponent. */
struct decimal {
    uint32_t digits;
    int exponent;
};

/* Floors of logarithms, by multiplication; exact for every exponent of a float. */
static int floor_log10_pow2(int q)
{
    return (q * 1262611) >> 22;
}

static int floor_log10_three_quarters_pow2(int q)
{
    return (q * 1262611 - 524031) >> 22;
}

static int floor_log2_pow10(int e)
{
    return (e * 1741647) >> 19;
}

/* power * x / 2^64, rounded to odd: an inexact result has its lowest bit set, so it compares with
 * even numbers as the exact one does. The table's rounding adds less than 2^32. */
static uint32_t scale_to_odd(uint64_t power, uint32_t x)
{
    __uint128_t product = (__uint128_t)power * x;
    bool inexact = (uint32_t)(product >> 32) > 1;
    return (uint32_t)(product >> 64) | inexact;
}

/* The shortest decimal in the interval that rounds to the float of these bits (sign cleared, not
 * zero); of several the nearest. */
static struct decimal shortest(uint32_t bits)
{
    uint32_t fraction = bits & ((UINT32_C(1) << MANTISSA_BITS) - 1);
    int biased = (int)(bits >> MANTISSA_BITS);
    uint32_t c = biased != 0 ? fraction | UINT32_C(1) << MANTISSA_BITS : fraction;
    int q = biased != 0 ? biased - 1 + MIN_EXPONENT : MIN_EXPONENT;
    /* Below a power of two the next float is only half as far. */
    bool narrow = fraction == 0 && biased > 1;
    bool even = (c & 1) == 0; /* the interval is closed */

    /* 10^k <= the interval's width < 10^(k+1): at least one multiple of 10^k is inside, and at most
     * one of 10^(k+1). The values below are in quarters of 10^k. */
    int k = narrow ? floor_log10_three_quarters_pow2(q) : floor_log10_pow2(q);
    int shift = q + floor_log2_pow10(-k) + 1;
    uint64_t power = powers[-k - FIRST_POWER];
    uint32_t value = scale_to_odd(power, (4 * c) << shift);
    uint32_t low = scale_to_odd(power, (4 * c - (narrow ? 1 : 2)) << shift) + !even;
    uint32_t high = scale_to_odd(power, (4 * c + 2) << shift) - !even;

    uint32_t floor = value / 4;
    if (floor >= 10) {
        uint32_t tens = floor / 10;
        if (low <= 40 * tens)
            return (struct decimal){tens, k + 1};
        if (40 * tens + 40 <= high)
            return (struct decimal){tens + 1, k + 1};
    }
    bool floor_in = low <= 4 * floor, next_in = 4 * floor + 4 <= high;
    bool up;
    if (floor_in != next_in)
        up = next_in;
    else
        up = value > 4 * floor + 2 || (value == 4 * floor + 2 && (floor & 1) != 0);
    return (struct decimal){floor + up, k};
}

/* Writes the decimal digits of x, which is not 0, and returns how many. */
static int write_digits(char out[10], uint32_t x)
{
    int n = 1;
    for (uint32_t rest = x; rest >= 10; rest /= 10)
        n++;
    for (int i = n - 1; i >= 0; i--, x /= 10)
        out[i] = (char)('0' + x % 10);
    return n;
}

static char *put(char *to, const char *from, int n)
{
    memcpy(to, from, (size_t)n);
    return to + n;
}

static char *put_zeros(char *to, int n)
{
    memset(to, '0', (size_t)n);
    return to + n;
}

/* Writes n digits in plain notation. The first has the weight 10^lead, -4 <= lead < 16. */
static char *put_plain(char *to, const char *digits, int n, int lead)
{
    if (lead < 0) {
        to = put(to, "0.", 2);
        to = put_zeros(to, -lead - 1);
        return put(to, digits, n);
    }
    int whole = lead + 1;
    if (n <= whole) {
        to = put(to, digits, n);
        to = put_zeros(to, whole - n);
        return put(to, ".0", 2);
    }
    to = put(to, digits, whole);
    *to++ = '.';
    return put(to, digits + whole, n - whole);
}

static char *put_scientific(char *to, const char *digits, int n, int lead)
{
    *to++ = digits[0];
    if (n > 1) {
        *to++ = '.';
        to = put(to, digits + 1, n - 1);
    }
    *to++ = 'e';
    *to++ = lead < 0 ? '-' : '+';
    int size = lead < 0 ? -lead : lead;
    *to++ = (char)('0' + size / 10);
    *to++ = (char)('0' + size % 10);
    return to;
}

int t2v_f32_write(char out[T2V_F32_CHARS], float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    char *to = out;
    if (bits >> 31)
        *to++ = '-';
    bits &= UINT32_MAX >> 1;
    if (bits == 0)
        return (int)(put(to, "0.0", 3) - out);

    struct decimal decimal = shortest(bits);
    while (decimal.digits % 10 == 0) {
        decimal.digits /= 10;
        decimal.exponent++;
    }
    char digits[10];
    int n = write_digits(digits, decimal.digits);
    int lead = decimal.exponent + n - 1;
    to = lead >= -4 && lead < 16 ? put_plain(to, digits, n, lead)
                                 : put_scientific(to, digits, n, lead);
    return (int)(to - out);
}
