/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * int8 with AVX-VNNI, vpdpbusd on 256-bit vectors, which newer processors without AVX-512 have. It
 * does not saturate, so weights have their full range. AVX2 code quantises the rows.
 */
#include "kernel/x86/avx2.h"

enum { TILE_ROWS = 6, GROUP = 4 };
#define EACH_HEIGHT  HEIGHTS_6
#define FORM_INT8    t2v_form_int8_avxvnni
#define WEIGHT       int8_t
#define ROWS_INT8    t2v_rows_int8_avx2
#define load_weights vi_load
#define PAIRS        false

/* GCC 12 spills accumulators around the intrinsic. */
INLINE vi dot(vi acc, vi bytes, vi weights)
{
#if defined(__AVXVNNI__) && !defined(__clang__)
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(acc) : "x"(bytes), "x"(weights));
    return acc;
#else
    return _mm256_dpbusd_avx_epi32(acc, bytes, weights);
#endif
}

#include "kernel/x86/int8_mul.h"

#include "kernel/vector/int8.h"

#include "base/banned.h"
