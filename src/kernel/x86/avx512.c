/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AVX-512. One tile does all the multiplying: up to fourteen rows of A times a panel of 32 columns
 * of B, 28 sums in registers over the whole inner dimension. What lies past an edge is left out by
 * masks. Formulas and the order of every sum are those of x86/avx2.c. Only what AVX-512F has is
 * used. test/unit/kernel runs this file on any x86 by SIMDe, and looks at what the compiler made of
 * it.
 */
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernel/x86/avx512.h"

#include "base/banned.h"

/* What is multiplied with: packed weights, which come from the outer caches or from memory, or what
 * attention has just packed. */
enum source { F32, F16, BF16, NEAR };

/* The 32 numbers of a row of B as floats, and those to come asked for. In BF16 columns j and j + 16
 * share 32 bits. */
INLINE void load_b(const enum source source, const char *b, __m512 *left, __m512 *right)
{
    if (source == F16) {
        *left = _mm512_cvtph_ps(_mm256_loadu_si256((const void *)b));
        *right = _mm512_cvtph_ps(_mm256_loadu_si256((const void *)(b + 32)));
    } else if (source == BF16) {
        __m512i both = _mm512_loadu_si512(b);
        *left = _mm512_castsi512_ps(_mm512_slli_epi32(both, 16));
        *right = _mm512_castsi512_ps(_mm512_and_si512(both, _mm512_set1_epi32(-65536)));
    } else {
        *left = _mm512_loadu_ps(b);
        *right = _mm512_loadu_ps(b + 64);
    }
    if (source != NEAR)
        _mm_prefetch(b + AHEAD, _MM_HINT_T0);
    if (source == F32)
        _mm_prefetch(b + AHEAD + 64, _MM_HINT_T0);
}

/* sum[r] = a[r, 0..n_in) times b[0..n_in, 32], ldb bytes from row to row; `rows` and `source` are
 * constants wherever it is called. */
INLINE void tile_mul(struct tile *t, const int rows, const enum source source, const float *a,
                     size_t lda, const void *b_, size_t ldb, size_t n_in)
{
    const char *b = b_;
    UNROLL
    for (int r = 0; r < rows; r++)
        t->sum[r][0] = t->sum[r][1] = _mm512_setzero_ps();
    for (size_t i = 0; i < n_in; i++, b += ldb) {
        __m512 b0, b1;
        load_b(source, b, &b0, &b1);
        UNROLL
        for (int r = 0; r < rows; r++) {
            __m512 x = _mm512_set1_ps(a[(size_t)r * lda + i]);
            t->sum[r][0] = _mm512_fmadd_ps(x, b0, t->sum[r][0]);
            t->sum[r][1] = _mm512_fmadd_ps(x, b1, t->sum[r][1]);
        }
    }
}

/* One function for each source and number of rows: the tile must know them at compile time. */
typedef void tile_fn(const float *a, size_t lda, const void *b, size_t ldb, size_t n_in,
                     const struct out_tile *out);
#define TILE(SOURCE, ROWS)                                                                         \
    static void tile_##SOURCE##_##ROWS(const float *a, size_t lda, const void *b, size_t ldb,      \
                                       size_t n_in, const struct out_tile *out)                    \
    {                                                                                              \
        struct tile t;                                                                             \
        tile_mul(&t, ROWS, SOURCE, a, lda, b, ldb, n_in);                                          \
        tile_store(&t, ROWS, out);                                                                 \
    }
#define TILE_NAME(SOURCE, ROWS) tile_##SOURCE##_##ROWS,
EACH_HEIGHT(TILE, F32)
EACH_HEIGHT(TILE, F16)
EACH_HEIGHT(TILE, BF16)
EACH_HEIGHT(TILE, NEAR)
static tile_fn *const tiles[][TILE_ROWS + 1] = {
    [F32] = {NULL, EACH_HEIGHT(TILE_NAME, F32)},
    [F16] = {NULL, EACH_HEIGHT(TILE_NAME, F16)},
    [BF16] = {NULL, EACH_HEIGHT(TILE_NAME, BF16)},
    [NEAR] = {NULL, EACH_HEIGHT(TILE_NAME, NEAR)},
};

/* Panels outside, rows inside: a panel's weights are read from afar once. */
static void linear(const enum source source, const struct t2v_linear *layer, enum t2v_act act,
                   const void *x_, size_t stride, size_t n_row, size_t begin, size_t end, float *y,
                   size_t ldy)
{
    const float *x = x_;
    size_t ldx = stride / sizeof *x;
    size_t line = layer->form->panel_bytes(layer->n_in) / layer->n_in;
    for (size_t c = begin; c < end; c += PANEL) {
        const void *panel = t2v_linear_panel(layer, c);
        struct out_tile out = {
            .ldy = ldy,
            .width = end - c < PANEL ? end - c : PANEL,
            .bias = layer->bias != NULL ? layer->bias + c : NULL,
        };
        for (size_t row = 0, rows; row < n_row; row += rows) {
            rows = next_height(n_row - row);
            out.y = y + row * ldy + c;
            tiles[source][rows](x + row * ldx, ldx, panel, line, layer->n_in, &out);
            if (act != T2V_ACT_NONE)
                tile_act(act, rows, &out);
        }
    }
}

static void linear_f32(const struct t2v_linear *layer, enum t2v_act act, const void *x,
                       size_t stride, size_t n_row, size_t begin, size_t end, float *y, size_t ldy)
{
    linear(F32, layer, act, x, stride, n_row, begin, end, y, ldy);
}

static void linear_f16(const struct t2v_linear *layer, enum t2v_act act, const void *x,
                       size_t stride, size_t n_row, size_t begin, size_t end, float *y, size_t ldy)
{
    linear(F16, layer, act, x, stride, n_row, begin, end, y, ldy);
}

static void linear_bf16(const struct t2v_linear *layer, enum t2v_act act, const void *x,
                        size_t stride, size_t n_row, size_t begin, size_t end, float *y, size_t ldy)
{
    linear(BF16, layer, act, x, stride, n_row, begin, end, y, ldy);
}

const struct t2v_form t2v_form_f32_avx512 = {
    .name = "f32",
    .panel = PANEL,
    .panel_bytes = t2v_panel_bytes_f32x32,
    .max_in = SIZE_MAX,
    .pack = t2v_pack_f32x32,
    .linear = linear_f32,
};

const struct t2v_form t2v_form_f32_of_f16_avx512 = {
    .name = "f32",
    .panel = PANEL,
    .panel_bytes = t2v_panel_bytes_half32,
    .max_in = SIZE_MAX,
    .pack = t2v_pack_f16x32,
    .linear = linear_f16,
};

const struct t2v_form t2v_form_f32_of_bf16_avx512 = {
    .name = "f32",
    .panel = PANEL,
    .panel_bytes = t2v_panel_bytes_half32,
    .max_in = SIZE_MAX,
    .pack = t2v_pack_bf16x32,
    .linear = linear_bf16,
};

/* The two halves of a vector. */
INLINE __m256 low(__m512 v)
{
    return _mm512_castps512_ps256(v);
}

INLINE __m256 high(__m512 v)
{
    return _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(v), 1));
}

INLINE float sum16(__m512 v)
{
    __m256 half = _mm256_add_ps(low(v), high(v));
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

INLINE float max16(__m512 v)
{
    __m256 half = _mm256_max_ps(low(v), high(v));
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

/* x[i..] + add[i..], stored to x unless add is NULL; n values are left of the row. */
INLINE __m512 add_first(float *x, const float *add, size_t n)
{
    __m512 v = load_first(x, n);
    if (add == NULL)
        return v;
    v = _mm512_add_ps(v, load_first(add, n));
    store_first(x, n, v);
    return v;
}

void t2v_layer_norm_f32_avx512(float *x, const float *add, size_t n_row, size_t n,
                               const float *gamma, const float *beta, float eps, float *y)
{
    for (size_t r = 0; r < n_row; r++, x += n, y += n) {
        __m512 sum = _mm512_setzero_ps(), squares = sum;
        for (size_t i = 0; i < n; i += LANES)
            sum = _mm512_add_ps(sum, add_first(x + i, add != NULL ? add + r * n + i : NULL, n - i));
        __m512 mean = _mm512_set1_ps(sum16(sum) / (float)n);
        for (size_t i = 0; i < n; i += LANES) {
            __m512 d = _mm512_maskz_sub_ps(lanes_below(n - i), load_first(x + i, n - i), mean);
            squares = _mm512_fmadd_ps(d, d, squares);
        }
        __m512 inverse = _mm512_set1_ps(1.0f / sqrtf(sum16(squares) / (float)n + eps));
        for (size_t i = 0; i < n; i += LANES) {
            __m512 d = _mm512_mul_ps(_mm512_sub_ps(load_first(x + i, n - i), mean), inverse);
            __m512 scaled = _mm512_mul_ps(d, load_first(gamma + i, n - i));
            if (beta != NULL)
                scaled = _mm512_add_ps(scaled, load_first(beta + i, n - i));
            store_first(y + i, n - i, scaled);
        }
    }
}

void t2v_rms_norm_f32_avx512(float *x, const float *add, size_t n_row, size_t n, const float *gamma,
                             const float *beta, float eps, float *y)
{
    (void)beta;
    for (size_t r = 0; r < n_row; r++, x += n, y += n) {
        __m512 squares = _mm512_setzero_ps();
        for (size_t i = 0; i < n; i += LANES) {
            __m512 v = add_first(x + i, add != NULL ? add + r * n + i : NULL, n - i);
            squares = _mm512_fmadd_ps(v, v, squares);
        }
        __m512 inverse = _mm512_set1_ps(1.0f / sqrtf(sum16(squares) / (float)n + eps));
        for (size_t i = 0; i < n; i += LANES) {
            __m512 v = _mm512_mul_ps(load_first(x + i, n - i), inverse);
            store_first(y + i, n - i, _mm512_mul_ps(v, load_first(gamma + i, n - i)));
        }
    }
}

void t2v_gate_f32_avx512(enum t2v_act act, const float *ab, size_t n_row, size_t n, float *y)
{
    for (size_t r = 0; r < n_row; r++, ab += 2 * n, y += n) {
        for (size_t i = 0; i < n; i += LANES) {
            __m512 a = act16(act, load_first(ab + i, n - i));
            store_first(y + i, n - i, _mm512_mul_ps(a, load_first(ab + n + i, n - i)));
        }
    }
}

/* The lanes of sixteen keys from j on that lie in [begin, end); j is below end, and its vector
 * reaches begin. */
INLINE __mmask16 lanes_between(size_t j, size_t begin, size_t end)
{
    unsigned before = j < begin ? (1u << (begin - j)) - 1 : 0;
    return (__mmask16)(lanes_below(end - j) & ~before);
}

/* In place: row[begin .. end - 1] become exp(scale * row + bias - max), and all other of the n
 * scores 0; n is a multiple of 16. Returns one over their sum. bias: [end], of which what lies
 * before begin is not read, or NULL. */
static float softmax_row(float *row, size_t n, size_t begin, size_t end, float scale,
                         const float *bias)
{
    const __m512 minus = _mm512_set1_ps(-INFINITY), by = _mm512_set1_ps(scale);
    __m512 top = minus, sum = _mm512_setzero_ps();
    size_t from = begin / LANES * LANES;
    for (size_t j = from; j < end; j += LANES) {
        __mmask16 seen = lanes_between(j, begin, end);
        __m512 v = _mm512_mul_ps(_mm512_loadu_ps(row + j), by);
        if (bias != NULL)
            v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(seen, bias + j));
        v = _mm512_mask_mov_ps(minus, seen, v);
        _mm512_storeu_ps(row + j, v);
        top = _mm512_max_ps(top, v);
    }
    __m512 max = _mm512_set1_ps(max16(top));
    for (size_t j = 0; j < n; j += LANES) {
        __m512 v = _mm512_setzero_ps();
        if (j >= from && j < end)
            v = exp16(_mm512_sub_ps(_mm512_loadu_ps(row + j), max));
        _mm512_storeu_ps(row + j, v);
        sum = _mm512_add_ps(sum, v);
    }
    return 1.0f / sum16(sum);
}

/* Each row of a tile that has just been stored times a number of its own. */
static void tile_scale(const float *by, size_t rows, const struct out_tile *out)
{
    size_t left = out->width, right = right_of(left);
    for (size_t r = 0; r < rows; r++) {
        float *y = out->y + r * out->ldy;
        __m512 factor = _mm512_set1_ps(by[r]);
        store_first(y, left, _mm512_mul_ps(load_first(y, left), factor));
        store_first(y + LANES, right, _mm512_mul_ps(load_first(y + LANES, right), factor));
    }
}

/* Keys as panels [n_key / 32, head_dim, 32], padded with zeros; values as [n_key, dim], dim being
 * head_dim rounded up to a panel. */
static void pack_keys_values(const struct t2v_attention *call, size_t keys, size_t dim,
                             float *packed_k, float *packed_v)
{
    for (size_t j = 0; j < keys; j++) {
        float *to = packed_k + j / PANEL * PANEL * call->head_dim + j % PANEL;
        const float *k = call->k + j * call->ld;
        for (size_t d = 0; d < call->head_dim; d++)
            to[d * PANEL] = j < call->n_key ? k[d] : 0.0f;
    }
    for (size_t j = 0; j < call->n_key; j++, packed_v += dim) {
        memcpy(packed_v, call->v + j * call->ld, call->head_dim * sizeof(float));
        for (size_t d = call->head_dim; d < dim; d++)
            packed_v[d] = 0.0f;
    }
}

/* Queries [first, first + rows) over the panels of keys that they see. */
static void attend_rows(const struct t2v_attention *call, size_t first, size_t rows,
                        const float *packed_k, const float *packed_v, size_t dim, float *scores)
{
    size_t begin, end, unused;
    t2v_attention_seen(call, first, &begin, &unused);
    t2v_attention_seen(call, first + rows - 1, &unused, &end);
    begin = begin / PANEL * PANEL;
    size_t n_key = end - begin, keys = (n_key + PANEL - 1) / PANEL * PANEL;
    for (size_t j = 0; j < keys; j += PANEL) {
        struct out_tile out = {.y = scores + j, .ldy = keys, .width = PANEL};
        tiles[NEAR][rows](call->q + first * call->ld, call->ld,
                          packed_k + (begin + j) * call->head_dim, PANEL * sizeof(float),
                          call->head_dim, &out);
    }
    float inverse[TILE_ROWS];
    for (size_t r = 0; r < rows; r++) {
        size_t from, to;
        t2v_attention_seen(call, first + r, &from, &to);
        const float *bias = call->bias != NULL ? call->bias + begin - first - r : NULL;
        inverse[r] =
            softmax_row(scores + r * keys, keys, from - begin, to - begin, call->scale, bias);
    }
    for (size_t d = 0; d < dim; d += PANEL) {
        struct out_tile out = {
            .y = call->out + first * call->ld_out + d,
            .ldy = call->ld_out,
            .width = call->head_dim - d < PANEL ? call->head_dim - d : PANEL,
        };
        tiles[NEAR][rows](scores, keys, packed_v + begin * dim + d, dim * sizeof(float), n_key,
                          &out);
        tile_scale(inverse, rows, &out);
    }
}

void t2v_attention_f32_avx512(const struct t2v_attention *whole)
{
    const struct t2v_attention cut = t2v_attention_cut(whole), *call = &cut;
    size_t keys = (call->n_key + PANEL - 1) / PANEL * PANEL;
    size_t dim = (call->head_dim + PANEL - 1) / PANEL * PANEL;
    float *packed_k = call->scratch;
    float *packed_v = packed_k + keys * call->head_dim;
    float *scores = packed_v + keys * dim; /* [TILE_ROWS, keys] */
    pack_keys_values(call, keys, dim, packed_k, packed_v);
    for (size_t row = 0, rows; row < call->n_query; row += rows) {
        rows = next_height(call->n_query - row);
        attend_rows(call, row, rows, packed_k, packed_v, dim, scores);
    }
}
