/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_VECTOR_BASE_H
#define T2V_KERNEL_VECTOR_BASE_H
/*
 * kernel/vector is the source that all vector instruction sets share. Each set has one header that
 * defines the following names (x86/avx2.h, x86/avx512.h, arm/neon.h), included first:
 *
 *     LANES, PANEL, VECTORS         floats in a vector; columns in a panel; PANEL / LANES
 *     PREFETCH_BYTES                see tile.h
 *     STEPS                         x86: unroll count of the loop over a tile's inner dimension
 *     vf, vi, vmask                 LANES floats, LANES 32-bit integers, a mask over LANES lanes
 *     vf_load(p), vf_store(p, v)    unaligned
 *     vf_load_n(p, n)               reads the first n lanes, zeroes the rest; any n
 *     vf_store_n(p, n, v)           writes the first n lanes only; any n
 *     vf_load_mask(p, mask)         reads the lanes in the mask, zeroes the rest
 *     vf_set(x), vf_zero(), vf_add, vf_sub, vf_mul, vf_div
 *     vf_round(v)                   to the nearest integer, ties to even
 *     vf_fma(a, b, c)               a * b + c, rounded once; vf_fnma: c - a * b
 *     vf_min(a, b), vf_max(a, b)    NaN if b is NaN; NaN or b if a is NaN
 *     vf_sum(v), vf_lanes_max(v)    over all lanes
 *     vf_exp2(n)                    2^n for an integer n from -126 to 127
 *     vf_not_less(a, b)             the lanes where a >= b or either is NaN
 *     mask_below(n)                 the first n lanes, any n
 *     mask_less(a, b)               a and not b
 *     vf_keep(mask, v)              v in the mask, 0 outside
 *     vf_select(mask, a, b)         a in the mask, b outside
 *     load_b(source, b, column)     VECTORS vectors of weights as floats; source: see below
 *     vf_of_ints(v)                 conversion to float
 * For x86/int8_mul.h also vi_set(x), vi_zero(), vi_load(p); for rows_int8.h also vf_and(a, b) and
 * vf_or(a, b), of all bits, and vf_lanes_min(v).
 */
#include "kernel/rungs.h"

#define INLINE static inline __attribute__((always_inline))

/* Loops over a tile's rows and vectors must be fully unrolled, or the accumulators spill. The loop
 * over steps is unrolled to save loop overhead: with two threads on one core each issues about
 * three operations a cycle, and the products need nearly all of them. */
#if defined(__clang__)
#define UNROLL       _Pragma("clang loop unroll(full)")
#define UNROLL_STEPS _Pragma("clang loop unroll_count(STEPS)")
#else
#define UNROLL       _Pragma("GCC unroll 16")
#define UNROLL_STEPS _Pragma("GCC unroll STEPS")
#endif

/* The right-hand operand of a tile. F32, F16, BF16: packed weights of that type, read from memory
 * or an outer cache (for the order of columns in BF16 see c/panels.h). SCRATCH: keys or values that
 * attention has just packed as floats, still in an inner cache, or that are in pages. SCRATCH_F16:
 * keys or values in pages of f16. */
enum source { F32, F16, BF16, SCRATCH, SCRATCH_F16 };

INLINE bool in_scratch(const enum source source)
{
    return source == SCRATCH || source == SCRATCH_F16;
}

/* Expands X(KIND, rows) for each tile height up to the number in the name. There is one function
 * per height, because the height must be a compile-time constant. */
#define HEIGHTS_4(X, KIND) X(KIND, 1) X(KIND, 2) X(KIND, 3) X(KIND, 4)
#define HEIGHTS_5(X, KIND) HEIGHTS_4(X, KIND) X(KIND, 5)
#define HEIGHTS_6(X, KIND) HEIGHTS_5(X, KIND) X(KIND, 6)
#define HEIGHTS_14(X, KIND)                                                                        \
    HEIGHTS_6(X, KIND)                                                                             \
    X(KIND, 7)                                                                                     \
    X(KIND, 8) X(KIND, 9) X(KIND, 10) X(KIND, 11) X(KIND, 12) X(KIND, 13) X(KIND, 14)

#endif
