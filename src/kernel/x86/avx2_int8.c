/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * int8 with AVX2: vpmaddubsw multiplies 32 bytes of a row by 32 weights and adds pairs of products
 * in 16 bits. It saturates; the limit on pairs of weights (PAIRS) keeps sums below that. vpmaddwd
 * by ones then adds pairs again, to the 32-bit sum of four inputs. Ten accumulators, since the
 * intermediate product and the ones need registers too.
 */
#include "kernel/x86/avx2.h"

enum { TILE_ROWS = 5, GROUP = 4 };
#define EACH_HEIGHT  HEIGHTS_5
#define RUNG(NAME)   NAME##_avx2
#define FORM_INT8    t2v_form_int8_avx2
#define WEIGHT       int8_t
#define ROWS_INT8    t2v_rows_int8_avx2
#define load_weights vi_load
#define PAIRS        true

INLINE vi dot(vi acc, vi bytes, vi weights)
{
    vi pairs = _mm256_maddubs_epi16(bytes, weights);
    return _mm256_add_epi32(acc, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

INLINE void store_bytes(uint8_t *q, const vf v[4])
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i low = _mm256_packs_epi32(_mm256_cvtps_epi32(v[0]), _mm256_cvtps_epi32(v[1]));
    __m256i high = _mm256_packs_epi32(_mm256_cvtps_epi32(v[2]), _mm256_cvtps_epi32(v[3]));
    __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), order);
    _mm256_storeu_si256((__m256i *)(void *)q, bytes);
}

#include "kernel/vector/rows_int8.h"
#include "kernel/x86/int8_mul.h"

#include "kernel/vector/int8.h"

#include "base/banned.h"
