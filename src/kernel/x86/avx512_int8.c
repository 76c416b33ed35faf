/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * int8 with AVX-512 VNNI: vpdpbusd multiplies four bytes of a row by four weights of each of
 * sixteen columns and adds the products to 32-bit accumulators. It does not saturate, so weights
 * have their full range. AVX2 code quantises the rows.
 */
#include "kernel/x86/avx512.h"

enum { TILE_ROWS = 14, GROUP = 4 };
#define EACH_HEIGHT  HEIGHTS_14
#define FORM_INT8    t2v_form_int8_avx512vnni
#define WEIGHT       int8_t
#define ROWS_INT8    t2v_rows_int8_avx2
#define load_weights vi_load
#define PAIRS        false

/* GCC 12 spills the accumulators of a large tile around the intrinsic, which halves the speed. */
INLINE vi dot(vi acc, vi bytes, vi weights)
{
#if defined(__AVX512VNNI__) && !defined(__clang__)
    __asm__("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(bytes), "v"(weights));
    return acc;
#else
    return _mm512_dpbusd_epi32(acc, bytes, weights);
#endif
}

#include "kernel/x86/int8_mul.h"

#include "kernel/vector/int8.h"

#include "base/banned.h"
