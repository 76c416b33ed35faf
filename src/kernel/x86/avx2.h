/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_X86_AVX2_H
#define T2V_KERNEL_X86_AVX2_H
/* What the files of this rung share: partial vectors, and the activations on eight floats. */
#include <immintrin.h>

#include "kernel/kernel.h"

#define INLINE static inline __attribute__((always_inline))

/* Loops over a tile's rows must go, or its sums live in memory. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 6")
#endif

/* The lanes below n, n <= 8, as a mask for maskload and maskstore. */
INLINE __m256i lanes_below(size_t n)
{
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), index);
}

/* The first n of eight floats, the others zero, and only them. AMD's masked stores take a dozen
 * cycles each, so whole vectors, which are nearly all, go the plain way. */
INLINE __m256 load_first(const float *p, size_t n)
{
    return n >= 8 ? _mm256_loadu_ps(p) : _mm256_maskload_ps(p, lanes_below(n));
}

INLINE void store_first(float *p, size_t n, __m256 v)
{
    if (n >= 8)
        _mm256_storeu_ps(p, v);
    else
        _mm256_maskstore_ps(p, lanes_below(n), v);
}

/* exp(x) for x <= 88; the formula of kernel/c/approx.h. */
INLINE __m256 exp8(__m256 x)
{
    const __m256 least = _mm256_set1_ps(-87.33654f);
    __m256 keep = _mm256_cmp_ps(x, least, _CMP_GE_OQ);
    x = _mm256_min_ps(_mm256_max_ps(x, least), _mm256_set1_ps(88.3762f));
    __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504f)),
                               _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), x);
    r = _mm256_fmadd_ps(n, _mm256_set1_ps(2.12194440e-4f), r);
    __m256 p = _mm256_set1_ps(1.9875691500e-4f);
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.3981999507e-3f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(8.3334519073e-3f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(4.1665795894e-2f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.6666665459e-1f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(5.0000001201e-1f));
    p = _mm256_fmadd_ps(_mm256_mul_ps(p, r), r, _mm256_add_ps(r, _mm256_set1_ps(1.0f)));
    __m256i bits =
        _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
    return _mm256_and_ps(keep, _mm256_mul_ps(p, _mm256_castsi256_ps(bits)));
}

/* v within [-limit, limit]; NaN becomes -limit. */
INLINE __m256 clamp8(__m256 v, float limit)
{
    return _mm256_min_ps(_mm256_max_ps(v, _mm256_set1_ps(-limit)), _mm256_set1_ps(limit));
}

/* x * Phi(x); the formula of kernel/c/approx.h. */
INLINE __m256 gelu8(__m256 x)
{
    __m256 y = clamp8(x, 5.6f), t = _mm256_mul_ps(y, y);
    __m256 p = _mm256_set1_ps(2.274988020e-8f), q = _mm256_set1_ps(1.197513598e-6f);
    p = _mm256_fmadd_ps(p, t, _mm256_set1_ps(6.352043783e-6f));
    q = _mm256_fmadd_ps(q, t, _mm256_set1_ps(7.364481280e-5f));
    p = _mm256_fmadd_ps(p, t, _mm256_set1_ps(1.688175544e-4f));
    q = _mm256_fmadd_ps(q, t, _mm256_set1_ps(1.884398516e-3f));
    p = _mm256_fmadd_ps(p, t, _mm256_set1_ps(4.677210469e-3f));
    q = _mm256_fmadd_ps(q, t, _mm256_set1_ps(2.864542045e-2f));
    p = _mm256_fmadd_ps(p, t, _mm256_set1_ps(3.385186940e-2f));
    q = _mm256_fmadd_ps(q, t, _mm256_set1_ps(2.515199780e-1f));
    p = _mm256_fmadd_ps(p, t, _mm256_set1_ps(3.989422321e-1f));
    q = _mm256_fmadd_ps(q, t, _mm256_set1_ps(1.0f));
    __m256 r = clamp8(_mm256_div_ps(_mm256_mul_ps(y, p), q), 0.5f);
    return _mm256_mul_ps(x, _mm256_add_ps(_mm256_set1_ps(0.5f), r));
}

INLINE __m256 silu8(__m256 x, __m256 minus_y)
{
    return _mm256_div_ps(x, _mm256_add_ps(_mm256_set1_ps(1.0f), exp8(minus_y)));
}

INLINE __m256 gelu_tanh8(__m256 x)
{
    __m256 cube = _mm256_mul_ps(_mm256_mul_ps(x, x), _mm256_mul_ps(x, _mm256_set1_ps(0.044715f)));
    return silu8(x, _mm256_mul_ps(_mm256_add_ps(x, cube), _mm256_set1_ps(-2.0f * 0.79788456f)));
}

INLINE __m256 act8(enum t2v_act act, __m256 x)
{
    switch (act) {
    case T2V_ACT_GELU:
        return gelu8(x);
    case T2V_ACT_GELU_TANH:
        return gelu_tanh8(x);
    case T2V_ACT_RELU:
        return _mm256_max_ps(x, _mm256_setzero_ps());
    case T2V_ACT_SILU:
        return silu8(x, _mm256_xor_ps(x, _mm256_set1_ps(-0.0f)));
    case T2V_ACT_NONE:
        break;
    }
    return x;
}

INLINE float max8(__m256 v)
{
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

INLINE float min8(__m256 v)
{
    __m128 s = _mm_min_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_min_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_min_ss(s, _mm_movehdup_ps(s)));
}

/* What is wanted next from the outer caches, while a tile is being computed. */
struct ahead {
    const char *ptr;
    size_t step; /* bytes for each of the tile's n_in steps; 0: nothing is wanted */
};

/* Where a tile of `linear` goes. */
struct out_tile {
    float *y;
    size_t ldy;
    size_t width;       /* columns of the panel that exist */
    const float *bias;  /* of these columns, or NULL */
    const float *scale; /* int8: the floats of its panel */
};

/* The activation over a tile that has just been stored, and is still in the first cache. */
static inline void tile_act(enum t2v_act act, size_t rows, const struct out_tile *out)
{
    size_t left = out->width, right = left > 8 ? left - 8 : 0;
    for (size_t r = 0; r < rows; r++) {
        float *y = out->y + r * out->ldy;
        store_first(y, left, act8(act, load_first(y, left)));
        store_first(y + 8, right, act8(act, load_first(y + 8, right)));
    }
}

#endif
