/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_VECTOR_BASE_H
#define T2V_KERNEL_VECTOR_BASE_H
/*
 * kernel/vector is the text that all rungs with vectors share; they differ in a vocabulary, one
 * header for each instruction set (x86/avx2.h, x86/avx512.h, arm/neon.h), which stands before it:
 *
 *     LANES, PANEL, VECTORS       floats of a vector; columns of a panel, and how many vectors
 *     AHEAD                       see tile.h
 *     STEPS                       of a tile's inner dimension, that are taken at once on x86
 *     vf, vi, vmask               LANES floats, as many 32-bit integers, a yes or no for each
 *     vf_load(p), vf_store(p, v)  need no alignment
 *     vf_load_n(p, n)             only the first n are read, the others 0; n may be any number
 *     vf_store_n(p, n, v)         only the first n are written
 *     vf_load_mask(p, mask)       only those of the mask are read, the others 0
 *     vf_set(x), vf_zero(), vf_add, vf_sub, vf_mul, vf_div, vf_round (to nearest, ties to even)
 *     vf_fma(a, b, c)             a * b + c, rounded once; vf_fnma: c - a * b
 *     vf_min(a, b), vf_max(a, b)  NaN, if b is; either NaN or b, if a is
 *     vf_sum(v), vf_most(v)       over all lanes
 *     vf_exp2(n)                  2^n, n being an integer from -126 to 127
 *     vf_not_less(a, b)           the mask of a >= b, and of NaN
 *     mask_below(n)               the lanes below n, any number; mask_less(a, b): a without b
 *     vf_keep(mask, v)            0 outside the mask; vf_select(mask, a, b): a inside, b outside
 *     load_b(source, b, column)   VECTORS vectors of B, see below
 *     vf_of_ints(v); where x86/int8_mul.h is used vi_set(x), vi_zero(), vi_load(p); where
 *     rows_int8.h is used vf_and(a, b), vf_or(a, b) (of all bits), vf_least(v)
 */
#include "kernel/kernel.h"

#define INLINE static inline __attribute__((always_inline))

/* Loops over a tile's rows and vectors must go, or its sums live in memory. Steps share their
 * counting: alone on its core a tile has time for it, but while another thread uses the core too,
 * each takes in some three operations a cycle, which multiplying nearly fills. */
#if defined(__clang__)
#define UNROLL       _Pragma("clang loop unroll(full)")
#define UNROLL_STEPS _Pragma("clang loop unroll_count(STEPS)")
#else
#define UNROLL       _Pragma("GCC unroll 16")
#define UNROLL_STEPS _Pragma("GCC unroll STEPS")
#endif

/* What a tile multiplies rows with: packed weights, which come from the outer caches or from
 * memory, as floats or as what becomes one (in BF16 two columns, half a panel apart, share 32
 * bits); or the floats that attention has just packed, which are near. */
enum source { F32, F16, BF16, NEAR };

/* X(KIND, rows) for every height of a tile up to the number in the name: a tile's function must
 * know it at compile time. */
#define HEIGHTS_4(X, KIND) X(KIND, 1) X(KIND, 2) X(KIND, 3) X(KIND, 4)
#define HEIGHTS_5(X, KIND) HEIGHTS_4(X, KIND) X(KIND, 5)
#define HEIGHTS_6(X, KIND) HEIGHTS_5(X, KIND) X(KIND, 6)
#define HEIGHTS_14(X, KIND)                                                                        \
    HEIGHTS_6(X, KIND)                                                                             \
    X(KIND, 7)                                                                                     \
    X(KIND, 8) X(KIND, 9) X(KIND, 10) X(KIND, 11) X(KIND, 12) X(KIND, 13) X(KIND, 14)

#endif
