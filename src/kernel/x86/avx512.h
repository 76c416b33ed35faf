/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_X86_AVX512_H
#define T2V_KERNEL_X86_AVX512_H
/* AVX-512F behind the names of vector/base.h. test/unit/kernel runs these kernels on any x86 by
 * SIMDe, and checks the compiled code for spills. */
#include <immintrin.h>

#include "kernel/vector/base.h"

/* On Zen 5 distances of 8 and 16 KB are equally fast, 4 and 32 KB slower, but for one or two rows
 * (see tile.h). Others: not measured. */
enum { LANES = 16, PANEL = 32, VECTORS = PANEL / LANES, PREFETCH_BYTES = 8192, STEPS = 1 };

typedef __m512 vf;
typedef __m512i vi;
typedef __mmask16 vmask;

INLINE vmask mask_below(size_t n)
{
    return (__mmask16)(n >= LANES ? 0xffff : (1u << n) - 1);
}

INLINE vmask mask_less(vmask a, vmask b)
{
    return (__mmask16)(a & ~b);
}

INLINE vf vf_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

INLINE void vf_store(float *p, vf v)
{
    _mm512_storeu_ps(p, v);
}

INLINE vf vf_load_mask(const float *p, vmask mask)
{
    return _mm512_maskz_loadu_ps(mask, p);
}

INLINE vf vf_load_n(const float *p, size_t n)
{
    return vf_load_mask(p, mask_below(n));
}

/* Masked stores are slow on some processors, and nearly all vectors are full. */
INLINE void vf_store_n(float *p, size_t n, vf v)
{
    if (n >= LANES)
        vf_store(p, v);
    else
        _mm512_mask_storeu_ps(p, mask_below(n), v);
}

INLINE vf vf_set(float x)
{
    return _mm512_set1_ps(x);
}

INLINE vf vf_zero(void)
{
    return _mm512_setzero_ps();
}

INLINE vf vf_add(vf a, vf b)
{
    return _mm512_add_ps(a, b);
}

INLINE vf vf_sub(vf a, vf b)
{
    return _mm512_sub_ps(a, b);
}

INLINE vf vf_mul(vf a, vf b)
{
    return _mm512_mul_ps(a, b);
}

INLINE vf vf_div(vf a, vf b)
{
    return _mm512_div_ps(a, b);
}

INLINE vf vf_min(vf a, vf b)
{
    return _mm512_min_ps(a, b);
}

INLINE vf vf_max(vf a, vf b)
{
    return _mm512_max_ps(a, b);
}

INLINE vf vf_fma(vf a, vf b, vf c)
{
    return _mm512_fmadd_ps(a, b, c);
}

INLINE vf vf_fnma(vf a, vf b, vf c)
{
    return _mm512_fnmadd_ps(a, b, c);
}

INLINE vf vf_round(vf v)
{
    return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

INLINE vf vf_exp2(vf n)
{
    __m512i exponent = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(exponent, 23));
}

INLINE vmask vf_not_less(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_NLT_UQ);
}

INLINE vf vf_keep(vmask mask, vf v)
{
    return _mm512_maskz_mov_ps(mask, v);
}

INLINE vf vf_select(vmask mask, vf a, vf b)
{
    return _mm512_mask_mov_ps(b, mask, a);
}

/* The two halves of a vector. */
INLINE __m256 low(vf v)
{
    return _mm512_castps512_ps256(v);
}

INLINE __m256 high(vf v)
{
    return _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(v), 1));
}

INLINE float vf_sum(vf v)
{
    __m256 half = _mm256_add_ps(low(v), high(v));
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

INLINE float vf_lanes_max(vf v)
{
    __m256 half = _mm256_max_ps(low(v), high(v));
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

INLINE void load_b(const enum source source, const char *b, vf column[VECTORS])
{
    if (source == F16 || source == SCRATCH_F16) {
        column[0] = _mm512_cvtph_ps(_mm256_loadu_si256((const void *)b));
        column[1] = _mm512_cvtph_ps(_mm256_loadu_si256((const void *)(b + 32)));
    } else if (source == BF16) {
        __m512i both = _mm512_loadu_si512(b);
        column[0] = _mm512_castsi512_ps(_mm512_slli_epi32(both, 16));
        column[1] = _mm512_castsi512_ps(_mm512_and_si512(both, _mm512_set1_epi32(-65536)));
    } else {
        column[0] = _mm512_loadu_ps(b);
        column[1] = _mm512_loadu_ps(b + 64);
    }
}

INLINE vi vi_set(int32_t x)
{
    return _mm512_set1_epi32(x);
}

INLINE vi vi_zero(void)
{
    return _mm512_setzero_si512();
}

INLINE vi vi_load(const void *p)
{
    return _mm512_loadu_si512(p);
}

INLINE vf vf_of_ints(vi v)
{
    return _mm512_cvtepi32_ps(v);
}

#endif
