/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NEON, as every arm64 processor has it. One tile does all the multiplying: five rows of A times a
 * panel of 16 columns of B, 20 sums in registers over the whole inner dimension; four inputs of
 * each row are held at a time, and a product takes its factor from one of their lanes. `linear`
 * meets packed weights with it, attention meets packed keys and values.
 */
#include <arm_neon.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernel/kernel.h"

#include "base/banned.h"

enum { TILE_ROWS = 5, LANES = 4, PANEL = 16, VECTORS = PANEL / LANES };

#define INLINE static inline __attribute__((always_inline))

/* The first n of four floats, the others zero, and only them. */
INLINE float32x4_t load_first(const float *p, size_t n)
{
    if (n >= LANES)
        return vld1q_f32(p);
    float32x4_t v = vdupq_n_f32(0.0f);
    if (n > 0)
        v = vld1q_lane_f32(p, v, 0);
    if (n > 1)
        v = vld1q_lane_f32(p + 1, v, 1);
    return n > 2 ? vld1q_lane_f32(p + 2, v, 2) : v;
}

INLINE void store_first(float *p, size_t n, float32x4_t v)
{
    if (n >= LANES) {
        vst1q_f32(p, v);
        return;
    }
    if (n > 0)
        vst1q_lane_f32(p, v, 0);
    if (n > 1)
        vst1q_lane_f32(p + 1, v, 1);
    if (n > 2)
        vst1q_lane_f32(p + 2, v, 2);
}

/* How many of n columns the vector v of a panel still has. */
INLINE size_t from_vector(size_t n, int v)
{
    size_t before = (size_t)v * LANES;
    return n > before ? n - before : 0;
}

/* All ones in the lanes below n. */
INLINE uint32x4_t lanes_below(size_t n)
{
    static const uint32_t index[LANES] = {0, 1, 2, 3};
    return vcltq_u32(vld1q_u32(index), vdupq_n_u32((uint32_t)n));
}

/* a * b + c */
INLINE float32x4_t mul_add(float32x4_t a, float32x4_t b, float c)
{
    return vfmaq_f32(vdupq_n_f32(c), a, b);
}

/* exp(x) for x <= 88; the formula of kernel/c/approx.h. */
INLINE float32x4_t exp4(float32x4_t x)
{
    const float32x4_t least = vdupq_n_f32(-87.33654f);
    uint32x4_t keep = vcgeq_f32(x, least);
    x = vminq_f32(vmaxnmq_f32(x, least), vdupq_n_f32(88.3762f));
    float32x4_t n = vrndnq_f32(vmulq_n_f32(x, 1.44269504f));
    float32x4_t r = vfmsq_f32(x, n, vdupq_n_f32(0.693359375f));
    r = vfmaq_f32(r, n, vdupq_n_f32(2.12194440e-4f));
    float32x4_t p = vdupq_n_f32(1.9875691500e-4f);
    p = mul_add(p, r, 1.3981999507e-3f);
    p = mul_add(p, r, 8.3334519073e-3f);
    p = mul_add(p, r, 4.1665795894e-2f);
    p = mul_add(p, r, 1.6666665459e-1f);
    p = mul_add(p, r, 5.0000001201e-1f);
    p = vfmaq_f32(vaddq_f32(r, vdupq_n_f32(1.0f)), vmulq_f32(p, r), r);
    int32x4_t bits = vshlq_n_s32(vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127)), 23);
    float32x4_t result = vmulq_f32(p, vreinterpretq_f32_s32(bits));
    return vreinterpretq_f32_u32(vandq_u32(keep, vreinterpretq_u32_f32(result)));
}

/* v within [-limit, limit]; NaN becomes -limit. */
INLINE float32x4_t clamp4(float32x4_t v, float limit)
{
    return vminq_f32(vmaxnmq_f32(v, vdupq_n_f32(-limit)), vdupq_n_f32(limit));
}

/* x * Phi(x); the formula of kernel/c/approx.h. */
INLINE float32x4_t gelu4(float32x4_t x)
{
    float32x4_t y = clamp4(x, 5.6f), t = vmulq_f32(y, y);
    float32x4_t p = vdupq_n_f32(2.274988020e-8f), q = vdupq_n_f32(1.197513598e-6f);
    p = mul_add(p, t, 6.352043783e-6f);
    q = mul_add(q, t, 7.364481280e-5f);
    p = mul_add(p, t, 1.688175544e-4f);
    q = mul_add(q, t, 1.884398516e-3f);
    p = mul_add(p, t, 4.677210469e-3f);
    q = mul_add(q, t, 2.864542045e-2f);
    p = mul_add(p, t, 3.385186940e-2f);
    q = mul_add(q, t, 2.515199780e-1f);
    p = mul_add(p, t, 3.989422321e-1f);
    q = mul_add(q, t, 1.0f);
    float32x4_t r = clamp4(vdivq_f32(vmulq_f32(y, p), q), 0.5f);
    return vmulq_f32(x, vaddq_f32(vdupq_n_f32(0.5f), r));
}

INLINE float32x4_t silu4(float32x4_t x, float32x4_t minus_y)
{
    return vdivq_f32(x, vaddq_f32(vdupq_n_f32(1.0f), exp4(minus_y)));
}

INLINE float32x4_t gelu_tanh4(float32x4_t x)
{
    float32x4_t cube = vmulq_f32(vmulq_f32(x, x), vmulq_n_f32(x, 0.044715f));
    return silu4(x, vmulq_n_f32(vaddq_f32(x, cube), -2.0f * 0.79788456f));
}

INLINE float32x4_t act4(enum t2v_act act, float32x4_t x)
{
    switch (act) {
    case T2V_ACT_GELU:
        return gelu4(x);
    case T2V_ACT_GELU_TANH:
        return gelu_tanh4(x);
    case T2V_ACT_RELU:
        return vmaxnmq_f32(x, vdupq_n_f32(0.0f));
    case T2V_ACT_SILU:
        return silu4(x, vnegq_f32(x));
    case T2V_ACT_NONE:
        break;
    }
    return x;
}

struct tile {
    float32x4_t sum[TILE_ROWS][VECTORS];
};

/* What is wanted next from the outer caches, while a tile is being computed. */
struct ahead {
    const char *ptr;
    size_t step; /* bytes for each of the tile's n_in steps */
};

/* Asks for what is at hand anyway. */
INLINE struct ahead nothing_ahead(const float *b)
{
    return (struct ahead){(const char *)b, 0};
}

/* sum[r] += x[r]'s lane times b[0, 16]; `rows` and `lane` are constants wherever it is called. */
INLINE void step_mul(struct tile *t, const int rows, const float32x4_t *x, const int lane,
                     const float *b)
{
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++) {
        float32x4_t column = vld1q_f32(b + v * LANES);
#pragma GCC unroll 5
        for (int r = 0; r < rows; r++)
            t->sum[r][v] = vfmaq_laneq_f32(t->sum[r][v], column, x[r], lane);
    }
}

/* sum[r] = a[r, 0..n_in) times b[0..n_in, 16]; `rows` is a constant wherever it is called. */
INLINE void tile_mul(struct tile *t, const int rows, const float *a, size_t lda, const float *b,
                     size_t ldb, size_t n_in, struct ahead ahead)
{
    float32x4_t x[TILE_ROWS];
#pragma GCC unroll 5
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; v++)
            t->sum[r][v] = vdupq_n_f32(0.0f);
    }
    size_t i = 0;
    for (; i + LANES <= n_in; i += LANES, b += LANES * ldb) {
#pragma GCC unroll 5
        for (int r = 0; r < rows; r++)
            x[r] = vld1q_f32(a + (size_t)r * lda + i);
#pragma GCC unroll 4
        for (int lane = 0; lane < LANES; lane++) {
            __builtin_prefetch(ahead.ptr + (size_t)lane * ahead.step, 0, 2);
            step_mul(t, rows, x, lane, b + (size_t)lane * ldb);
        }
        ahead.ptr += LANES * ahead.step;
    }
    for (; i < n_in; i++, b += ldb) {
#pragma GCC unroll 5
        for (int r = 0; r < rows; r++)
            x[r] = vld1q_dup_f32(a + (size_t)r * lda + i);
        step_mul(t, rows, x, 0, b);
    }
}

/* Where a tile of `linear` goes. */
struct out_tile {
    float *y;
    size_t ldy;
    size_t width;      /* columns of the panel that exist */
    const float *bias; /* of these columns, or NULL */
};

INLINE void tile_store(const struct tile *t, const int rows, const struct out_tile *out)
{
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++) {
        size_t left = from_vector(out->width, v);
        float32x4_t bias = vdupq_n_f32(0.0f);
        if (out->bias != NULL && left > 0)
            bias = load_first(out->bias + v * LANES, left);
#pragma GCC unroll 5
        for (int r = 0; r < rows; r++)
            store_first(out->y + (size_t)r * out->ldy + v * LANES, left,
                        vaddq_f32(t->sum[r][v], bias));
    }
}

/* One function for each number of rows: the tile must know it at compile time. */
#define LINEAR_TILE(ROWS)                                                                          \
    static void linear_tile_##ROWS(const float *a, size_t lda, const float *b, size_t n_in,        \
                                   struct ahead ahead, const struct out_tile *out)                 \
    {                                                                                              \
        struct tile t;                                                                             \
        tile_mul(&t, ROWS, a, lda, b, PANEL, n_in, ahead);                                         \
        tile_store(&t, ROWS, out);                                                                 \
    }
LINEAR_TILE(1)
LINEAR_TILE(2)
LINEAR_TILE(3)
LINEAR_TILE(4)
LINEAR_TILE(5)

typedef void linear_tile_fn(const float *, size_t, const float *, size_t, struct ahead,
                            const struct out_tile *);
static linear_tile_fn *const linear_tiles[TILE_ROWS + 1] = {
    NULL, linear_tile_1, linear_tile_2, linear_tile_3, linear_tile_4, linear_tile_5,
};

/* The activation over a tile that has just been stored, and is still in the first cache. */
static void tile_act(enum t2v_act act, size_t rows, const struct out_tile *out)
{
    for (size_t r = 0; r < rows; r++) {
        float *y = out->y + r * out->ldy;
        for (size_t c = 0; c < out->width; c += LANES)
            store_first(y + c, out->width - c, act4(act, load_first(y + c, out->width - c)));
    }
}

/* Panels outside, rows inside: a panel's weights are read from afar once, and while its tiles are
 * computed they ask for the next panel, each for its part. Rows are cut into tiles of nearly equal
 * height (6 is 3 + 3, not 5 + 1). */
static void linear_f32(const struct t2v_linear *layer, enum t2v_act act, const void *x_,
                       size_t stride, size_t n_row, size_t begin, size_t end, float *y, size_t ldy)
{
    const float *x = x_;
    size_t ldx = stride / sizeof *x;
    size_t n_tile = (n_row + TILE_ROWS - 1) / TILE_ROWS;
    size_t line = PANEL * sizeof(float); /* of a panel, for one input */
    for (size_t c = begin; c < end; c += PANEL) {
        const float *panel = t2v_linear_panel(layer, c);
        struct ahead ahead = {(const char *)(panel + PANEL * layer->n_in), line / n_tile};
        struct out_tile out = {
            .ldy = ldy,
            .width = end - c < PANEL ? end - c : PANEL,
            .bias = layer->bias != NULL ? layer->bias + c : NULL,
        };
        for (size_t tile = 0, row = 0; tile < n_tile; tile++) {
            size_t rows = (n_row - row + n_tile - tile - 1) / (n_tile - tile);
            out.y = y + row * ldy + c;
            linear_tiles[rows](x + row * ldx, ldx, panel, layer->n_in, ahead, &out);
            ahead.ptr += ahead.step * layer->n_in;
            if (act != T2V_ACT_NONE)
                tile_act(act, rows, &out);
            row += rows;
        }
    }
}

const struct t2v_form t2v_form_f32_neon = {
    .name = "f32",
    .panel = PANEL,
    .panel_bytes = t2v_panel_bytes_f32x16,
    .max_in = SIZE_MAX,
    .pack = t2v_pack_f32x16,
    .linear = linear_f32,
};

/* x[i..] + add[i..], stored to x unless add is NULL; n values are left of the row. */
INLINE float32x4_t add_first(float *x, const float *add, size_t n)
{
    float32x4_t v = load_first(x, n);
    if (add == NULL)
        return v;
    v = vaddq_f32(v, load_first(add, n));
    store_first(x, n, v);
    return v;
}

void t2v_layer_norm_f32_neon(float *x, const float *add, size_t n_row, size_t n, const float *gamma,
                             const float *beta, float eps, float *y)
{
    for (size_t r = 0; r < n_row; r++, x += n, y += n) {
        float32x4_t sum = vdupq_n_f32(0.0f), squares = sum;
        for (size_t i = 0; i < n; i += LANES)
            sum = vaddq_f32(sum, add_first(x + i, add != NULL ? add + r * n + i : NULL, n - i));
        float32x4_t mean = vdupq_n_f32(vaddvq_f32(sum) / (float)n);
        for (size_t i = 0; i < n; i += LANES) {
            float32x4_t d = vsubq_f32(load_first(x + i, n - i), mean);
            if (n - i < LANES)
                d = vbslq_f32(lanes_below(n - i), d, vdupq_n_f32(0.0f));
            squares = vfmaq_f32(squares, d, d);
        }
        float inverse = 1.0f / sqrtf(vaddvq_f32(squares) / (float)n + eps);
        for (size_t i = 0; i < n; i += LANES) {
            float32x4_t d = vmulq_n_f32(vsubq_f32(load_first(x + i, n - i), mean), inverse);
            float32x4_t scaled = vmulq_f32(d, load_first(gamma + i, n - i));
            if (beta != NULL)
                scaled = vaddq_f32(scaled, load_first(beta + i, n - i));
            store_first(y + i, n - i, scaled);
        }
    }
}

void t2v_rms_norm_f32_neon(float *x, const float *add, size_t n_row, size_t n, const float *gamma,
                           const float *beta, float eps, float *y)
{
    (void)beta;
    for (size_t r = 0; r < n_row; r++, x += n, y += n) {
        float32x4_t squares = vdupq_n_f32(0.0f);
        for (size_t i = 0; i < n; i += LANES) {
            float32x4_t v = add_first(x + i, add != NULL ? add + r * n + i : NULL, n - i);
            squares = vfmaq_f32(squares, v, v);
        }
        float inverse = 1.0f / sqrtf(vaddvq_f32(squares) / (float)n + eps);
        for (size_t i = 0; i < n; i += LANES) {
            float32x4_t v = vmulq_n_f32(load_first(x + i, n - i), inverse);
            store_first(y + i, n - i, vmulq_f32(v, load_first(gamma + i, n - i)));
        }
    }
}

void t2v_gate_f32_neon(enum t2v_act act, const float *ab, size_t n_row, size_t n, float *y)
{
    for (size_t r = 0; r < n_row; r++, ab += 2 * n, y += n) {
        for (size_t i = 0; i < n; i += LANES) {
            float32x4_t a = act4(act, load_first(ab + i, n - i));
            store_first(y + i, n - i, vmulq_f32(a, load_first(ab + n + i, n - i)));
        }
    }
}

/* The lanes of four keys from j on that lie in [begin, end). */
INLINE uint32x4_t lanes_between(size_t j, size_t begin, size_t end)
{
    uint32x4_t below = lanes_below(end - j < LANES ? end - j : LANES);
    return j >= begin ? below : vbicq_u32(below, lanes_below(begin - j));
}

/* Four of p from j on, of which those outside [begin, end) are not read, but 0. */
INLINE float32x4_t load_between(const float *p, size_t j, size_t begin, size_t end)
{
    float v[LANES];
    for (size_t i = 0; i < LANES; i++)
        v[i] = j + i >= begin && j + i < end ? p[j + i] : 0.0f;
    return vld1q_f32(v);
}

/* In place: row[begin .. end - 1] become exp(scale * row + bias - max), and all other of the n
 * scores 0; n is a multiple of four. Returns one over their sum. bias: [end], of which what lies
 * before begin is not read, or NULL. */
static float softmax_row(float *row, size_t n, size_t begin, size_t end, float scale,
                         const float *bias)
{
    const float32x4_t zero = vdupq_n_f32(0.0f), minus = vdupq_n_f32(-INFINITY);
    float32x4_t top = minus, sum = zero;
    size_t from = begin / LANES * LANES;
    for (size_t j = 0; j < from; j += LANES)
        vst1q_f32(row + j, zero);
    for (size_t j = from; j < end; j += LANES) {
        float32x4_t v = vmulq_n_f32(vld1q_f32(row + j), scale);
        if (j >= begin && end - j >= LANES) {
            if (bias != NULL)
                v = vaddq_f32(v, vld1q_f32(bias + j));
        } else {
            if (bias != NULL)
                v = vaddq_f32(v, load_between(bias, j, begin, end));
            v = vbslq_f32(lanes_between(j, begin, end), v, minus);
        }
        vst1q_f32(row + j, v);
        top = vmaxnmq_f32(top, v);
    }
    float32x4_t max = vdupq_n_f32(vmaxnmvq_f32(top));
    for (size_t j = from; j < n; j += LANES) {
        float32x4_t v = zero;
        if (j < end)
            v = exp4(vsubq_f32(vld1q_f32(row + j), max));
        vst1q_f32(row + j, v);
        sum = vaddq_f32(sum, v);
    }
    return 1.0f / vaddvq_f32(sum);
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
        const float *b = packed_k + j * call->head_dim;
        tile_mul(&t, rows, q, call->ld, b, PANEL, call->head_dim, nothing_ahead(b));
        struct out_tile out = {.y = scores + j, .ldy = keys, .width = PANEL};
        tile_store(&t, rows, &out);
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
        const float *b = packed_v + d;
        tile_mul(&t, rows, scores, keys, b, dim, n_key, nothing_ahead(b));
        float *to = call->out + first * call->ld_out + d;
#pragma GCC unroll 5
        for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
            for (int v = 0; v < VECTORS; v++)
                store_first(to + (size_t)r * call->ld_out + v * LANES,
                            from_vector(call->head_dim - d, v),
                            vmulq_n_f32(t.sum[r][v], inverse[r]));
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

typedef void attend_fn(const struct t2v_attention *, size_t, const float *, const float *, size_t,
                       float *);
static attend_fn *const attend[TILE_ROWS + 1] = {
    NULL, attend_1, attend_2, attend_3, attend_4, attend_5,
};

void t2v_attention_f32_neon(const struct t2v_attention *whole)
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
