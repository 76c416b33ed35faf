/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_X86_AVX512_H
#define T2V_KERNEL_X86_AVX512_H
/* What the files of AVX-512 share: partial vectors, the activations on sixteen floats, how rows are
 * cut into tiles, and where tiles go. Private to kernel/x86. */
#include <immintrin.h>

#include "kernel/kernel.h"

enum { TILE_ROWS = 14, PANEL = 32, LANES = 16 };

/* Bytes ahead of the weights in use that the next are asked for; measured on Zen 5: 8 and 16 KB
 * are equal, 4 and 32 KB worse. */
enum { AHEAD = 8192 };

#define INLINE static inline __attribute__((always_inline))

/* Loops over a tile's rows must go, or its sums live in memory. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 14")
#endif

/* The lanes below n. */
INLINE __mmask16 lanes_below(size_t n)
{
    return (__mmask16)(n >= LANES ? 0xffff : (1u << n) - 1);
}

/* The first n of sixteen floats, the others zero, and only them. */
INLINE __m512 load_first(const float *p, size_t n)
{
    return _mm512_maskz_loadu_ps(lanes_below(n), p);
}

/* Masked stores are slow on some processors, and whole vectors are nearly all. */
INLINE void store_first(float *p, size_t n, __m512 v)
{
    if (n >= LANES)
        _mm512_storeu_ps(p, v);
    else
        _mm512_mask_storeu_ps(p, lanes_below(n), v);
}

/* exp(x) for x <= 88; the formula of kernel/c/approx.h. */
INLINE __m512 exp16(__m512 x)
{
    const __m512 least = _mm512_set1_ps(-87.33654f);
    __mmask16 keep = _mm512_cmp_ps_mask(x, least, _CMP_GE_OQ);
    x = _mm512_min_ps(_mm512_max_ps(x, least), _mm512_set1_ps(88.3762f));
    __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)),
                                    _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x);
    r = _mm512_fmadd_ps(n, _mm512_set1_ps(2.12194440e-4f), r);
    __m512 p = _mm512_set1_ps(1.9875691500e-4f);
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.3981999507e-3f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(8.3334519073e-3f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.1665795894e-2f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.6666665459e-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.0000001201e-1f));
    p = _mm512_fmadd_ps(_mm512_mul_ps(p, r), r, _mm512_add_ps(r, _mm512_set1_ps(1.0f)));
    __m512i bits =
        _mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127)), 23);
    return _mm512_maskz_mul_ps(keep, p, _mm512_castsi512_ps(bits));
}

/* v within [-limit, limit]; NaN becomes -limit. */
INLINE __m512 clamp16(__m512 v, float limit)
{
    return _mm512_min_ps(_mm512_max_ps(v, _mm512_set1_ps(-limit)), _mm512_set1_ps(limit));
}

/* x * Phi(x); the formula of kernel/c/approx.h. */
INLINE __m512 gelu16(__m512 x)
{
    __m512 y = clamp16(x, 5.6f), t = _mm512_mul_ps(y, y);
    __m512 p = _mm512_set1_ps(2.274988020e-8f), q = _mm512_set1_ps(1.197513598e-6f);
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(6.352043783e-6f));
    q = _mm512_fmadd_ps(q, t, _mm512_set1_ps(7.364481280e-5f));
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(1.688175544e-4f));
    q = _mm512_fmadd_ps(q, t, _mm512_set1_ps(1.884398516e-3f));
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(4.677210469e-3f));
    q = _mm512_fmadd_ps(q, t, _mm512_set1_ps(2.864542045e-2f));
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(3.385186940e-2f));
    q = _mm512_fmadd_ps(q, t, _mm512_set1_ps(2.515199780e-1f));
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(3.989422321e-1f));
    q = _mm512_fmadd_ps(q, t, _mm512_set1_ps(1.0f));
    __m512 r = clamp16(_mm512_div_ps(_mm512_mul_ps(y, p), q), 0.5f);
    return _mm512_mul_ps(x, _mm512_add_ps(_mm512_set1_ps(0.5f), r));
}

INLINE __m512 silu16(__m512 x, __m512 minus_y)
{
    return _mm512_div_ps(x, _mm512_add_ps(_mm512_set1_ps(1.0f), exp16(minus_y)));
}

INLINE __m512 gelu_tanh16(__m512 x)
{
    __m512 cube = _mm512_mul_ps(_mm512_mul_ps(x, x), _mm512_mul_ps(x, _mm512_set1_ps(0.044715f)));
    return silu16(x, _mm512_mul_ps(_mm512_add_ps(x, cube), _mm512_set1_ps(-2.0f * 0.79788456f)));
}

INLINE __m512 act16(enum t2v_act act, __m512 x)
{
    switch (act) {
    case T2V_ACT_GELU:
        return gelu16(x);
    case T2V_ACT_GELU_TANH:
        return gelu_tanh16(x);
    case T2V_ACT_RELU:
        return _mm512_max_ps(x, _mm512_setzero_ps());
    case T2V_ACT_SILU:
        return silu16(x, _mm512_sub_ps(_mm512_setzero_ps(), x));
    case T2V_ACT_NONE:
        break;
    }
    return x;
}

/* The columns of the second vector among the first n of a panel. */
INLINE size_t right_of(size_t n)
{
    return n > LANES ? n - LANES : 0;
}

/* The height of the next tile: rows are cut into as few as can be, of nearly equal height (16 is
 * 8 + 8, not 14 + 2). */
static inline size_t next_height(size_t rows_left)
{
    size_t n_tile = (rows_left + TILE_ROWS - 1) / TILE_ROWS;
    return (rows_left + n_tile - 1) / n_tile;
}

/* Where a tile goes. */
struct out_tile {
    float *y;
    size_t ldy;
    size_t width;       /* columns of the panel that are wanted */
    const float *bias;  /* of these columns, or NULL */
    const float *scale; /* int8: the floats of its panel */
};

/* The activation over a tile that has just been stored, and is still in the first cache. */
static inline void tile_act(enum t2v_act act, size_t rows, const struct out_tile *out)
{
    size_t left = out->width, right = right_of(left);
    for (size_t r = 0; r < rows; r++) {
        float *y = out->y + r * out->ldy;
        store_first(y, left, act16(act, load_first(y, left)));
        store_first(y + LANES, right, act16(act, load_first(y + LANES, right)));
    }
}

/* A tile of float sums. */
struct tile {
    __m512 sum[TILE_ROWS][2];
};

INLINE void tile_store(const struct tile *t, const int rows, const struct out_tile *out)
{
    size_t left = out->width, right = right_of(left);
    __m512 bias0 = _mm512_setzero_ps(), bias1 = bias0;
    if (out->bias != NULL) {
        bias0 = load_first(out->bias, left);
        bias1 = load_first(out->bias + LANES, right);
    }
    UNROLL
    for (int r = 0; r < rows; r++) {
        float *y = out->y + (size_t)r * out->ldy;
        store_first(y, left, _mm512_add_ps(t->sum[r][0], bias0));
        store_first(y + LANES, right, _mm512_add_ps(t->sum[r][1], bias1));
    }
}

/* X(KIND, rows) for every height of a tile: a tile's function must know it at compile time. */
#define EACH_HEIGHT(X, KIND)                                                                       \
    X(KIND, 1)                                                                                     \
    X(KIND, 2)                                                                                     \
    X(KIND, 3)                                                                                     \
    X(KIND, 4)                                                                                     \
    X(KIND, 5)                                                                                     \
    X(KIND, 6)                                                                                     \
    X(KIND, 7)                                                                                     \
    X(KIND, 8)                                                                                     \
    X(KIND, 9)                                                                                     \
    X(KIND, 10)                                                                                    \
    X(KIND, 11)                                                                                    \
    X(KIND, 12)                                                                                    \
    X(KIND, 13)                                                                                    \
    X(KIND, 14)

#endif
