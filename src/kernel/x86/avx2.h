/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_X86_AVX2_H
#define T2V_KERNEL_X86_AVX2_H
/* AVX2, FMA and F16C behind the names of vector/base.h. */
#include <immintrin.h>

#include "kernel/vector/base.h"

enum { LANES = 8, PANEL = 16, VECTORS = PANEL / LANES, PREFETCH_BYTES = 0, STEPS = 4 };

typedef __m256 vf;
typedef __m256i vi;
typedef __m256i vmask; /* all bits set in the lanes of the mask */

INLINE vmask mask_below(size_t n)
{
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n < LANES ? (int)n : LANES), index);
}

INLINE vmask mask_less(vmask a, vmask b)
{
    return _mm256_andnot_si256(b, a);
}

INLINE vf vf_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

INLINE void vf_store(float *p, vf v)
{
    _mm256_storeu_ps(p, v);
}

INLINE vf vf_load_mask(const float *p, vmask mask)
{
    return _mm256_maskload_ps(p, mask);
}

INLINE vf vf_load_n(const float *p, size_t n)
{
    return n >= LANES ? vf_load(p) : vf_load_mask(p, mask_below(n));
}

/* Masked stores take a dozen cycles on AMD, and nearly all vectors are full. */
INLINE void vf_store_n(float *p, size_t n, vf v)
{
    if (n >= LANES)
        vf_store(p, v);
    else
        _mm256_maskstore_ps(p, mask_below(n), v);
}

INLINE vf vf_set(float x)
{
    return _mm256_set1_ps(x);
}

INLINE vf vf_zero(void)
{
    return _mm256_setzero_ps();
}

INLINE vf vf_add(vf a, vf b)
{
    return _mm256_add_ps(a, b);
}

INLINE vf vf_sub(vf a, vf b)
{
    return _mm256_sub_ps(a, b);
}

INLINE vf vf_mul(vf a, vf b)
{
    return _mm256_mul_ps(a, b);
}

INLINE vf vf_div(vf a, vf b)
{
    return _mm256_div_ps(a, b);
}

INLINE vf vf_min(vf a, vf b)
{
    return _mm256_min_ps(a, b);
}

INLINE vf vf_max(vf a, vf b)
{
    return _mm256_max_ps(a, b);
}

INLINE vf vf_fma(vf a, vf b, vf c)
{
    return _mm256_fmadd_ps(a, b, c);
}

INLINE vf vf_fnma(vf a, vf b, vf c)
{
    return _mm256_fnmadd_ps(a, b, c);
}

INLINE vf vf_round(vf v)
{
    return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

INLINE vf vf_exp2(vf n)
{
    __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
}

INLINE vmask vf_not_less(vf a, vf b)
{
    return _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_NLT_UQ));
}

INLINE vf vf_keep(vmask mask, vf v)
{
    return _mm256_and_ps(v, _mm256_castsi256_ps(mask));
}

INLINE vf vf_select(vmask mask, vf a, vf b)
{
    return _mm256_blendv_ps(b, a, _mm256_castsi256_ps(mask));
}

INLINE vf vf_and(vf a, vf b)
{
    return _mm256_and_ps(a, b);
}

INLINE vf vf_or(vf a, vf b)
{
    return _mm256_or_ps(a, b);
}

INLINE float vf_sum(vf v)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

INLINE float vf_lanes_max(vf v)
{
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

INLINE float vf_lanes_min(vf v)
{
    __m128 s = _mm_min_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_min_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_min_ss(s, _mm_movehdup_ps(s)));
}

INLINE void load_b(const enum source source, const char *b, vf column[VECTORS])
{
    if (source == F16 || source == SCRATCH_F16) {
        column[0] = _mm256_cvtph_ps(_mm_loadu_si128((const void *)b));
        column[1] = _mm256_cvtph_ps(_mm_loadu_si128((const void *)(b + 16)));
    } else if (source == BF16) {
        __m256i both = _mm256_loadu_si256((const void *)b);
        column[0] = _mm256_castsi256_ps(_mm256_slli_epi32(both, 16));
        column[1] = _mm256_castsi256_ps(_mm256_and_si256(both, _mm256_set1_epi32(-65536)));
    } else {
        column[0] = vf_load((const void *)b);
        column[1] = vf_load((const void *)(b + 32));
    }
}

INLINE vi vi_set(int32_t x)
{
    return _mm256_set1_epi32(x);
}

INLINE vi vi_zero(void)
{
    return _mm256_setzero_si256();
}

INLINE vi vi_load(const void *p)
{
    return _mm256_loadu_si256(p);
}

INLINE vf vf_of_ints(vi v)
{
    return _mm256_cvtepi32_ps(v);
}

#endif
