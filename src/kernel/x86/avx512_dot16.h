/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_X86_AVX512_DOT16_H
#define T2V_KERNEL_X86_AVX512_DOT16_H
/* The product of int8_fine and int16 with AVX-512 VNNI: vpdpwssd multiplies pairs of 16-bit values
 * of a row by pairs of weights of each of sixteen columns and adds the products to 32-bit
 * accumulators. AVX2 code quantises the rows. */
#include "kernel/x86/avx512.h"

enum { TILE_ROWS = 14, GROUP = 2 };
#define EACH_HEIGHT    HEIGHTS_14
#define ROW_BYTES_INT8 t2v_row_bytes_int8_fine
#define PAIRS          false

/* GCC 12 spills the accumulators of a large tile around the intrinsic. */
INLINE vi dot(vi acc, vi values, vi weights)
{
#if defined(__AVX512VNNI__) && !defined(__clang__)
    __asm__("vpdpwssd %2, %1, %0" : "+v"(acc) : "v"(values), "v"(weights));
    return acc;
#else
    return _mm512_dpwssd_epi32(acc, values, weights);
#endif
}

#endif
