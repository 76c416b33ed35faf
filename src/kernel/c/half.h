/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_C_HALF_H
#define T2V_KERNEL_C_HALF_H
/*
 * 16-bit floats: f16 (5 bits of exponent, 10 of fraction) and bf16 (the upper half of a float).
 * f16_from is exact and takes only floats that f16 can represent.
 */
#include <stdint.h>
#include <string.h>

static inline uint32_t float_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline float bf16_to(uint16_t h)
{
    return float_of((uint32_t)h << 16);
}

/* Any float, rounded to nearest, ties to even; NaN stays NaN. */
static inline uint16_t bf16_near(float x)
{
    uint32_t bits = float_bits(x);
    uint32_t up = bits + 0x7fff + (bits >> 16 & 1);
    return (uint16_t)(x == x ? up >> 16 : 0x7fc0);
}

/* The exponent biases differ by 112, so scaling by 2^112 converts the magnitude, subnormals
 * included. Infinity and NaN keep the maximal exponent. */
static inline uint16_t f16_from(float x)
{
    uint32_t bits = float_bits(x), size = bits & 0x7fffffff;
    uint32_t small = float_bits(float_of(size) * 0x1p-112f) >> 13;
    uint32_t half = size < 0x7f800000 ? small : 0x7c00 | (size >> 13 & 0x3ff);
    return (uint16_t)(half | (bits >> 16 & 0x8000));
}

/* Any float, rounded to nearest, ties to even, and limited to 65504, the largest f16. NaN stays
 * NaN. */
static inline uint16_t f16_near(float x)
{
    uint32_t bits = float_bits(x), size = bits & 0x7fffffff;
    uint32_t fine = float_bits(float_of(size < 0x477fe000 ? size : 0x477fe000) * 0x1p-112f);
    uint32_t half = size <= 0x7f800000 ? (fine + 0xfff + (fine >> 13 & 1)) >> 13 : 0x7e00;
    return (uint16_t)(half | (bits >> 16 & 0x8000));
}

static inline float f16_to(uint16_t h)
{
    uint32_t size = (uint32_t)(h & 0x7fff) << 13;
    uint32_t large = float_bits(float_of(size) * 0x1p112f);
    uint32_t bits = size < 0x0f800000 ? large : size | 0x7f800000;
    return float_of(bits | (uint32_t)(h & 0x8000) << 16);
}

#endif
