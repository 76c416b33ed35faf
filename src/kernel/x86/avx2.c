/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AVX2 and FMA. One tile does all the multiplying: six rows of A times a panel of 16 columns of B,
 * twelve sums in registers over the whole inner dimension. `linear` meets packed weights with it,
 * attention meets packed keys and values.
 */
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernel/x86/avx2.h"

#include "base/banned.h"

enum { TILE_ROWS = 6, PANEL = 16 };

struct tile {
    __m256 sum[TILE_ROWS][2];
};

/* What B is made of: of floats, or of what becomes one. */
enum held { F32, F16, BF16 };

/* The sixteen numbers of a row of B. In BF16 columns j and j + 8 share 32 bits. */
INLINE void load_b(const enum held held, const char *b, __m256 *left, __m256 *right)
{
    if (held == F32) {
        *left = _mm256_loadu_ps((const float *)(const void *)b);
        *right = _mm256_loadu_ps((const float *)(const void *)b + 8);
    } else if (held == F16) {
        *left = _mm256_cvtph_ps(_mm_loadu_si128((const void *)b));
        *right = _mm256_cvtph_ps(_mm_loadu_si128((const void *)(b + 16)));
    } else {
        __m256i both = _mm256_loadu_si256((const void *)b);
        *left = _mm256_castsi256_ps(_mm256_slli_epi32(both, 16));
        *right = _mm256_castsi256_ps(_mm256_and_si256(both, _mm256_set1_epi32(-65536)));
    }
}

/* sum[r] = a[r, 0..n_in) times b[0..n_in, 16], ldb bytes from row to row; `rows` and `held` are
 * constants wherever it is called. */
INLINE void tile_mul(struct tile *t, const int rows, const enum held held, const float *a,
                     size_t lda, const void *b_, size_t ldb, size_t n_in, struct ahead ahead)
{
    const char *b = b_;
    UNROLL
    for (int r = 0; r < rows; r++)
        t->sum[r][0] = t->sum[r][1] = _mm256_setzero_ps();
    for (size_t i = 0; i < n_in; i++, b += ldb) {
        __m256 b0, b1;
        load_b(held, b, &b0, &b1);
        if (ahead.step != 0) {
            _mm_prefetch(ahead.ptr, _MM_HINT_T1);
            ahead.ptr += ahead.step;
        }
        UNROLL
        for (int r = 0; r < rows; r++) {
            __m256 x = _mm256_broadcast_ss(a + (size_t)r * lda + i);
            t->sum[r][0] = _mm256_fmadd_ps(x, b0, t->sum[r][0]);
            t->sum[r][1] = _mm256_fmadd_ps(x, b1, t->sum[r][1]);
        }
    }
}

INLINE void tile_store(const struct tile *t, const int rows, const struct out_tile *out)
{
    size_t left = out->width, right = left > 8 ? left - 8 : 0;
    __m256 bias0 = _mm256_setzero_ps(), bias1 = bias0;
    if (out->bias != NULL) {
        bias0 = load_first(out->bias, left);
        bias1 = load_first(out->bias + 8, right);
    }
    UNROLL
    for (int r = 0; r < rows; r++) {
        float *y = out->y + (size_t)r * out->ldy;
        store_first(y, left, _mm256_add_ps(t->sum[r][0], bias0));
        store_first(y + 8, right, _mm256_add_ps(t->sum[r][1], bias1));
    }
}

/* One function for each number of rows: the tile must know it at compile time. */
typedef void linear_tile_fn(const float *a, size_t lda, const void *b, size_t n_in,
                            struct ahead ahead, const struct out_tile *out);
#define LINEAR_TILE(HELD, ROWS)                                                                    \
    static void linear_tile_##HELD##_##ROWS(const float *a, size_t lda, const void *b,             \
                                            size_t n_in, struct ahead ahead,                       \
                                            const struct out_tile *out)                            \
    {                                                                                              \
        struct tile t;                                                                             \
        size_t ldb = PANEL * (HELD == F32 ? sizeof(float) : sizeof(uint16_t));                     \
        tile_mul(&t, ROWS, HELD, a, lda, b, ldb, n_in, ahead);                                     \
        tile_store(&t, ROWS, out);                                                                 \
    }
#define EACH_HEIGHT(X, HELD) X(HELD, 1) X(HELD, 2) X(HELD, 3) X(HELD, 4) X(HELD, 5) X(HELD, 6)
EACH_HEIGHT(LINEAR_TILE, F32)
EACH_HEIGHT(LINEAR_TILE, F16)
EACH_HEIGHT(LINEAR_TILE, BF16)
#define LINEAR_TILE_NAME(HELD, ROWS) linear_tile_##HELD##_##ROWS,
static linear_tile_fn *const linear_tiles[][TILE_ROWS + 1] = {
    [F32] = {NULL, EACH_HEIGHT(LINEAR_TILE_NAME, F32)},
    [F16] = {NULL, EACH_HEIGHT(LINEAR_TILE_NAME, F16)},
    [BF16] = {NULL, EACH_HEIGHT(LINEAR_TILE_NAME, BF16)},
};

/* Panels outside, rows inside: a panel's weights are read from afar once, and while its tiles are
 * computed they ask for the next panel, each for its part. Rows are cut into tiles of nearly equal
 * height (8 is 4 + 4, not 6 + 2). */
static void linear(const enum held held, const struct t2v_linear *layer, enum t2v_act act,
                   const void *x_, size_t stride, size_t n_row, size_t begin, size_t end, float *y,
                   size_t ldy)
{
    const float *x = x_;
    size_t ldx = stride / sizeof *x;
    size_t n_tile = (n_row + TILE_ROWS - 1) / TILE_ROWS;
    size_t panel_bytes = layer->form->panel_bytes(layer->n_in);
    size_t line = panel_bytes / layer->n_in; /* of a panel, for one input */
    for (size_t c = begin; c < end; c += PANEL) {
        const char *panel = t2v_linear_panel(layer, c);
        struct ahead ahead = {panel + panel_bytes, line / n_tile};
        struct out_tile out = {
            .ldy = ldy,
            .width = end - c < PANEL ? end - c : PANEL,
            .bias = layer->bias != NULL ? layer->bias + c : NULL,
        };
        for (size_t tile = 0, row = 0; tile < n_tile; tile++) {
            size_t rows = (n_row - row + n_tile - tile - 1) / (n_tile - tile);
            out.y = y + row * ldy + c;
            linear_tiles[held][rows](x + row * ldx, ldx, panel, layer->n_in, ahead, &out);
            ahead.ptr += ahead.step * layer->n_in;
            if (act != T2V_ACT_NONE)
                tile_act(act, rows, &out);
            row += rows;
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

const struct t2v_form t2v_form_f32_avx2 = {
    .name = "f32",
    .panel = PANEL,
    .panel_bytes = t2v_panel_bytes_f32x16,
    .max_in = SIZE_MAX,
    .pack = t2v_pack_f32x16,
    .linear = linear_f32,
};

const struct t2v_form t2v_form_f32_of_f16_avx2 = {
    .name = "f32",
    .panel = PANEL,
    .panel_bytes = t2v_panel_bytes_half16,
    .max_in = SIZE_MAX,
    .pack = t2v_pack_f16x16,
    .linear = linear_f16,
};

const struct t2v_form t2v_form_f32_of_bf16_avx2 = {
    .name = "f32",
    .panel = PANEL,
    .panel_bytes = t2v_panel_bytes_half16,
    .max_in = SIZE_MAX,
    .pack = t2v_pack_bf16x16,
    .linear = linear_bf16,
};

INLINE float sum8(__m256 v)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

/* x[i..] + add[i..], stored to x unless add is NULL; n values are left of the row. */
INLINE __m256 add_first(float *x, const float *add, size_t n)
{
    __m256 v = load_first(x, n);
    if (add == NULL)
        return v;
    v = _mm256_add_ps(v, load_first(add, n));
    store_first(x, n, v);
    return v;
}

void t2v_layer_norm_f32_avx2(float *x, const float *add, size_t n_row, size_t n, const float *gamma,
                             const float *beta, float eps, float *y)
{
    for (size_t r = 0; r < n_row; r++, x += n, y += n) {
        __m256 sum = _mm256_setzero_ps();
        for (size_t i = 0; i < n; i += 8)
            sum = _mm256_add_ps(sum, add_first(x + i, add != NULL ? add + r * n + i : NULL, n - i));
        __m256 mean = _mm256_set1_ps(sum8(sum) / (float)n), squares = _mm256_setzero_ps();
        for (size_t i = 0; i < n; i += 8) {
            __m256 d = _mm256_sub_ps(load_first(x + i, n - i), mean);
            if (n - i < 8)
                d = _mm256_and_ps(d, _mm256_castsi256_ps(lanes_below(n - i)));
            squares = _mm256_fmadd_ps(d, d, squares);
        }
        __m256 inverse = _mm256_set1_ps(1.0f / sqrtf(sum8(squares) / (float)n + eps));
        for (size_t i = 0; i < n; i += 8) {
            __m256 d = _mm256_mul_ps(_mm256_sub_ps(load_first(x + i, n - i), mean), inverse);
            __m256 scaled = _mm256_mul_ps(d, load_first(gamma + i, n - i));
            if (beta != NULL)
                scaled = _mm256_add_ps(scaled, load_first(beta + i, n - i));
            store_first(y + i, n - i, scaled);
        }
    }
}

void t2v_rms_norm_f32_avx2(float *x, const float *add, size_t n_row, size_t n, const float *gamma,
                           const float *beta, float eps, float *y)
{
    (void)beta;
    for (size_t r = 0; r < n_row; r++, x += n, y += n) {
        __m256 squares = _mm256_setzero_ps();
        for (size_t i = 0; i < n; i += 8) {
            __m256 v = add_first(x + i, add != NULL ? add + r * n + i : NULL, n - i);
            squares = _mm256_fmadd_ps(v, v, squares);
        }
        __m256 inverse = _mm256_set1_ps(1.0f / sqrtf(sum8(squares) / (float)n + eps));
        for (size_t i = 0; i < n; i += 8) {
            __m256 v = _mm256_mul_ps(load_first(x + i, n - i), inverse);
            store_first(y + i, n - i, _mm256_mul_ps(v, load_first(gamma + i, n - i)));
        }
    }
}

void t2v_gate_f32_avx2(enum t2v_act act, const float *ab, size_t n_row, size_t n, float *y)
{
    for (size_t r = 0; r < n_row; r++, ab += 2 * n, y += n) {
        for (size_t i = 0; i < n; i += 8) {
            __m256 a = act8(act, load_first(ab + i, n - i));
            store_first(y + i, n - i, _mm256_mul_ps(a, load_first(ab + n + i, n - i)));
        }
    }
}

/* The lanes of eight keys from j on that lie in [begin, end). */
INLINE __m256i lanes_between(size_t j, size_t begin, size_t end)
{
    __m256i below = lanes_below(end - j < 8 ? end - j : 8);
    return j >= begin ? below : _mm256_andnot_si256(lanes_below(begin - j), below);
}

/* In place: row[begin .. end - 1] become exp(scale * row + bias - max), and all other of the n
 * scores 0; n is a multiple of 8. Returns one over their sum. bias: [end], of which what lies
 * before begin is not read, or NULL. */
static float softmax_row(float *row, size_t n, size_t begin, size_t end, float scale,
                         const float *bias)
{
    __m256 top = _mm256_set1_ps(-INFINITY), sum = _mm256_setzero_ps();
    const __m256 minus = _mm256_set1_ps(-INFINITY), by = _mm256_set1_ps(scale);
    size_t from = begin / 8 * 8;
    for (size_t j = 0; j < from; j += 8)
        _mm256_storeu_ps(row + j, _mm256_setzero_ps());
    for (size_t j = from; j < end; j += 8) {
        __m256 v = _mm256_mul_ps(_mm256_loadu_ps(row + j), by);
        if (j >= begin && end - j >= 8) {
            if (bias != NULL)
                v = _mm256_add_ps(v, _mm256_loadu_ps(bias + j));
        } else {
            __m256i seen = lanes_between(j, begin, end);
            if (bias != NULL)
                v = _mm256_add_ps(v, _mm256_maskload_ps(bias + j, seen));
            v = _mm256_blendv_ps(minus, v, _mm256_castsi256_ps(seen));
        }
        _mm256_storeu_ps(row + j, v);
        top = _mm256_max_ps(top, v);
    }
    __m256 max = _mm256_set1_ps(max8(top));
    for (size_t j = from; j < n; j += 8) {
        __m256 v = _mm256_setzero_ps();
        if (j < end)
            v = exp8(_mm256_sub_ps(_mm256_loadu_ps(row + j), max));
        _mm256_storeu_ps(row + j, v);
        sum = _mm256_add_ps(sum, v);
    }
    return 1.0f / sum8(sum);
}

/* Keys as panels [n_key / 16, head_dim, 16], padded with zeros; values as [n_key, dim], dim being
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

/* Some rows of queries, `first` being the first, over the panels of keys that they see. */
INLINE void attend_rows(const int rows, const struct t2v_attention *call, size_t first,
                        const float *packed_k, const float *packed_v, size_t dim, float *scores)
{
    struct tile t;
    const float *q = call->q + first * call->ld;
    size_t begin, end, unused;
    t2v_attention_seen(call, first, &begin, &unused);
    t2v_attention_seen(call, first + (size_t)rows - 1, &unused, &end);
    begin = begin / PANEL * PANEL;
    size_t n_key = end - begin, keys = (n_key + PANEL - 1) / PANEL * PANEL;
    packed_k += begin * call->head_dim;
    packed_v += begin * dim;
    for (size_t j = 0; j < keys; j += PANEL) {
        tile_mul(&t, rows, F32, q, call->ld, packed_k + j * call->head_dim, PANEL * sizeof(float),
                 call->head_dim, (struct ahead){NULL, 0});
        UNROLL
        for (int r = 0; r < rows; r++) {
            _mm256_storeu_ps(scores + (size_t)r * keys + j, t.sum[r][0]);
            _mm256_storeu_ps(scores + (size_t)r * keys + j + 8, t.sum[r][1]);
        }
    }
    float inverse[TILE_ROWS];
    for (size_t r = 0; r < (size_t)rows; r++) {
        size_t from, to;
        t2v_attention_seen(call, first + r, &from, &to);
        const float *bias = call->bias != NULL ? call->bias + begin - first - r : NULL;
        inverse[r] =
            softmax_row(scores + r * keys, keys, from - begin, to - begin, call->scale, bias);
    }
    for (size_t d = 0; d < dim; d += PANEL) {
        tile_mul(&t, rows, F32, scores, keys, packed_v + d, dim * sizeof(float), n_key,
                 (struct ahead){NULL, 0});
        size_t left = call->head_dim - d, right = left > 8 ? left - 8 : 0;
        UNROLL
        for (int r = 0; r < rows; r++) {
            float *out = call->out + (first + (size_t)r) * call->ld_out + d;
            __m256 by = _mm256_set1_ps(inverse[r]);
            store_first(out, left, _mm256_mul_ps(t.sum[r][0], by));
            store_first(out + 8, right, _mm256_mul_ps(t.sum[r][1], by));
        }
    }
}

#define ATTEND(ROWS)                                                                               \
    static void attend_##ROWS(const struct t2v_attention *call, size_t first,                      \
                              const float *packed_k, const float *packed_v, size_t dim,            \
                              float *scores)                                                       \
    {                                                                                              \
        attend_rows(ROWS, call, first, packed_k, packed_v, dim, scores);                           \
    }
ATTEND(1)
ATTEND(2)
ATTEND(3)
ATTEND(4)
ATTEND(5)
ATTEND(6)

typedef void attend_fn(const struct t2v_attention *, size_t, const float *, const float *, size_t,
                       float *);
static attend_fn *const attend[TILE_ROWS + 1] = {
    NULL, attend_1, attend_2, attend_3, attend_4, attend_5, attend_6,
};

void t2v_attention_f32_avx2(const struct t2v_attention *whole)
{
    const struct t2v_attention cut = t2v_attention_cut(whole), *call = &cut;
    size_t keys = (call->n_key + PANEL - 1) / PANEL * PANEL;
    size_t dim = (call->head_dim + PANEL - 1) / PANEL * PANEL;
    float *packed_k = call->scratch;
    float *packed_v = packed_k + keys * call->head_dim;
    float *scores = packed_v + keys * dim; /* [TILE_ROWS, keys] */
    pack_keys_values(call, keys, dim, packed_k, packed_v);
    for (size_t row = 0; row < call->n_query; row += TILE_ROWS) {
        size_t rows = call->n_query - row < TILE_ROWS ? call->n_query - row : TILE_ROWS;
        attend[rows](call, row, packed_k, packed_v, dim, scores);
    }
}
