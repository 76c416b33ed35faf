/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_VECTOR_F32_H
#define T2V_KERNEL_VECTOR_F32_H
/*
 * The float kernels of an instruction set: linear layers with weights of 32 or 16 bits, norms, gate
 * and attention. The includer defines RUNG(NAME), which appends the suffix of the instruction set,
 * and includes its tile_mul (x86/f32_mul.h, arm/f32_mul.h).
 */
#include <math.h>
#include <string.h>

#include "kernel/c/panels.h"
#include "kernel/vector/tile.h"

#define TILE(SOURCE, ROWS)                                                                         \
    static void tile_##SOURCE##_##ROWS(const struct tile_job *job)                                 \
    {                                                                                              \
        struct tile t;                                                                             \
        tile_mul(&t, ROWS, SOURCE, job);                                                           \
        tile_store(&t, ROWS, in_scratch(SOURCE), job);                                             \
    }
#define TILE_NAME(SOURCE, ROWS) tile_##SOURCE##_##ROWS,
#define TILES(SOURCE)                                                                              \
    EACH_HEIGHT(TILE, SOURCE)                                                                      \
    static const struct tiles tiles_##SOURCE = {1,                                                 \
                                                PANEL *                                            \
                                                    (SOURCE == F32 || SOURCE == SCRATCH ? 4 : 2),  \
                                                {NULL, EACH_HEIGHT(TILE_NAME, SOURCE)}};
TILES(F32)
TILES(F16)
TILES(BF16)
TILES(SCRATCH)
TILES(SCRATCH_F16)

static void linear_f32(const struct t2v_linear_call *call)
{
    over_panels(&tiles_F32, call);
}

static void linear_f16(const struct t2v_linear_call *call)
{
    over_panels(&tiles_F16, call);
}

static void linear_bf16(const struct t2v_linear_call *call)
{
    over_panels(&tiles_BF16, call);
}

static size_t panel_bytes_f32(size_t n_in)
{
    return n_in * line_of(F32);
}

static void pack_f32(const struct t2v_linear *layer, const float *plain, size_t n_col, void *panel)
{
    panel_of_f32(layer, plain, n_col, PANEL, panel);
}

static size_t panel_bytes_half(size_t n_in)
{
    return n_in * line_of(F16);
}

static void pack_f16(const struct t2v_linear *layer, const float *plain, size_t n_col, void *panel)
{
    panel_of_f16(layer, plain, n_col, PANEL, panel);
}

static void pack_bf16(const struct t2v_linear *layer, const float *plain, size_t n_col, void *panel)
{
    panel_of_bf16(layer, plain, n_col, PANEL, panel);
}

const struct t2v_form RUNG(t2v_form_f32) = {
    .name = "f32",
    .panel = PANEL,
    .panel_bytes = panel_bytes_f32,
    .max_in = SIZE_MAX,
    .pack = pack_f32,
    .linear = linear_f32,
};

const struct t2v_form RUNG(t2v_form_f32_of_f16) = {
    .name = "f32",
    .panel = PANEL,
    .panel_bytes = panel_bytes_half,
    .max_in = SIZE_MAX,
    .pack = pack_f16,
    .linear = linear_f16,
};

const struct t2v_form RUNG(t2v_form_f32_of_bf16) = {
    .name = "f32",
    .panel = PANEL,
    .panel_bytes = panel_bytes_half,
    .max_in = SIZE_MAX,
    .pack = pack_bf16,
    .linear = linear_bf16,
};

/* Weights rounded to bf16, for checkpoints that have more. */
const struct t2v_form RUNG(t2v_form_bf16) = {
    .name = "bf16",
    .panel = PANEL,
    .panel_bytes = panel_bytes_half,
    .max_in = SIZE_MAX,
    .pack = pack_bf16,
    .linear = linear_bf16,
};

/* --- norms and gate --- */

/* One vector of x + add, stored to x; add may be NULL. n: values from here to the row's end. */
INLINE vf add_first(float *x, const float *add, size_t n)
{
    vf v = vf_load_n(x, n);
    if (add == NULL)
        return v;
    v = vf_add(v, vf_load_n(add, n));
    vf_store_n(x, n, v);
    return v;
}

void RUNG(t2v_layer_norm_f32)(float *x, const float *add, size_t n_row, size_t n,
                              const float *gamma, const float *beta, float eps, float *y)
{
    for (size_t r = 0; r < n_row; r++, x += n, y += n) {
        vf sum = vf_zero(), squares = vf_zero();
        for (size_t i = 0; i < n; i += LANES)
            sum = vf_add(sum, add_first(x + i, add != NULL ? add + r * n + i : NULL, n - i));
        vf mean = vf_set(vf_sum(sum) / (float)n);
        for (size_t i = 0; i < n; i += LANES) {
            vf d = vf_sub(vf_load_n(x + i, n - i), mean);
            if (n - i < LANES)
                d = vf_keep(mask_below(n - i), d);
            squares = vf_fma(d, d, squares);
        }
        vf inverse = vf_set(1.0f / sqrtf(vf_sum(squares) / (float)n + eps));
        for (size_t i = 0; i < n; i += LANES) {
            vf d = vf_mul(vf_sub(vf_load_n(x + i, n - i), mean), inverse);
            vf scaled = vf_mul(d, vf_load_n(gamma + i, n - i));
            if (beta != NULL)
                scaled = vf_add(scaled, vf_load_n(beta + i, n - i));
            vf_store_n(y + i, n - i, scaled);
        }
    }
}

void RUNG(t2v_rms_norm_f32)(float *x, const float *add, size_t n_row, size_t n, const float *gamma,
                            const float *beta, float eps, float *y)
{
    (void)beta;
    for (size_t r = 0; r < n_row; r++, x += n, y += n) {
        vf squares = vf_zero();
        for (size_t i = 0; i < n; i += LANES) {
            vf v = add_first(x + i, add != NULL ? add + r * n + i : NULL, n - i);
            squares = vf_fma(v, v, squares);
        }
        vf inverse = vf_set(1.0f / sqrtf(vf_sum(squares) / (float)n + eps));
        for (size_t i = 0; i < n; i += LANES) {
            vf v = vf_mul(vf_load_n(x + i, n - i), inverse);
            vf_store_n(y + i, n - i, vf_mul(v, vf_load_n(gamma + i, n - i)));
        }
    }
}

void RUNG(t2v_gate_f32)(enum t2v_act act, const float *ab, size_t n_row, size_t n, float *y)
{
    for (size_t r = 0; r < n_row; r++, ab += 2 * n, y += n) {
        for (size_t i = 0; i < n; i += WIDE * LANES) {
            size_t left[WIDE];
            struct wide a;
            EACH left[k] = lanes_left(n - i, k);
            EACH a.of[k] = vf_load_n(ab + i + k * LANES, left[k]);
            a = wide_act(act, a);
            EACH a.of[k] = vf_mul(a.of[k], vf_load_n(ab + n + i + k * LANES, left[k]));
            EACH vf_store_n(y + i + k * LANES, left[k], a.of[k]);
        }
    }
}

/* --- attention --- */

/* A row of scores is padded to a multiple of this. */
enum { SCORES = WIDE * LANES };
_Static_assert((int)SCORES <= (int)T2V_SCORES_MAX && (int)TILE_ROWS <= (int)T2V_TILE_ROWS_MAX &&
                   (int)PANEL <= (int)T2V_PANEL_MAX,
               "t2v_attention_scratch");

/* The numerators of softmax, in place: row[begin .. end - 1] become exp(row + bias - max), the rest
 * of row[n] 0. Returns 1 / their sum. n: a multiple of SCORES. bias: [end], of which [begin .. end
 * - 1] is read, or NULL. */
static float softmax_row(float *row, size_t n, size_t begin, size_t end, const float *bias)
{
    const vf minus = vf_set(-INFINITY);
    vf top = minus, sum = vf_zero();
    size_t from = begin / SCORES * SCORES;
    for (size_t j = 0; j < from; j += LANES)
        vf_store(row + j, vf_zero());
    for (size_t j = from; j < n; j += LANES) {
        vf v = vf_load(row + j);
        bool whole = j >= begin && j + LANES <= end;
        if (!whole) {
            vmask seen = mask_below(j < end ? end - j : 0);
            if (j < begin)
                seen = mask_less(seen, mask_below(begin - j));
            if (bias != NULL)
                v = vf_add(v, vf_load_mask(bias + j, seen));
            v = vf_select(seen, v, minus);
        } else if (bias != NULL) {
            v = vf_add(v, vf_load(bias + j));
        }
        if (!whole || bias != NULL)
            vf_store(row + j, v);
        top = vf_max(top, v);
    }
    vf max = vf_set(vf_lanes_max(top));
    for (size_t j = from; j < n; j += SCORES) {
        struct wide v;
        EACH v.of[k] = vf_sub(vf_load(row + j + k * LANES), max);
        v = wide_exp(v);
        EACH vf_store(row + j + k * LANES, v.of[k]);
        EACH sum = vf_add(sum, v.of[k]);
    }
    return 1.0f / vf_sum(sum);
}

/* Rows of one head are far apart in memory, so the hardware does not prefetch them. */
enum { PREFETCH_KEYS = 8 };

INLINE void prefetch_row(const float *row, size_t n)
{
    for (size_t i = 0; i < n; i += 64 / sizeof *row)
        __builtin_prefetch(row + i, 0, 3);
}

/* Packs keys into panels, [keys / PANEL, head_dim, PANEL], and copies values to [n_key, dim], both
 * padded with zeros. keys, dim: n_key and head_dim rounded up to a multiple of PANEL. */
static void pack_keys_values(const struct t2v_attention *call, size_t keys, size_t dim,
                             float *packed_k, float *packed_v)
{
    for (size_t j = 0; j < keys; j += PANEL, packed_k += PANEL * call->head_dim) {
        size_t n = call->n_key - j < PANEL ? call->n_key - j : PANEL;
        if (n < PANEL)
            memset(packed_k, 0, PANEL * call->head_dim * sizeof *packed_k);
        for (size_t i = 0; i < n; i++) {
            const float *k = call->k + (j + i) * call->ld_kv;
            float *to = packed_k + i;
            if (j + i + PREFETCH_KEYS < call->n_key)
                prefetch_row(k + PREFETCH_KEYS * call->ld_kv, call->head_dim);
            for (size_t d = 0; d < call->head_dim; d++, to += PANEL)
                *to = k[d];
        }
    }
    for (size_t j = 0; j < call->n_key; j++, packed_v += dim) {
        if (j + PREFETCH_KEYS < call->n_key)
            prefetch_row(call->v + (j + PREFETCH_KEYS) * call->ld_kv, call->head_dim);
        memcpy(packed_v, call->v + j * call->ld_kv, call->head_dim * sizeof(float));
        for (size_t d = call->head_dim; d < dim; d++)
            packed_v[d] = 0.0f;
    }
}

/* Queries [first, first + rows), over the panels that hold keys they attend to. */
static void attend_rows(const struct t2v_attention *call, size_t first, size_t rows,
                        const float *packed_k, const float *packed_v, size_t dim, float *scores)
{
    float row_scale[TILE_ROWS];
    size_t begin, end, unused;
    t2v_attention_seen(call, first, &begin, &unused);
    t2v_attention_seen(call, first + rows - 1, &unused, &end);
    begin = begin / PANEL * PANEL;
    size_t n_key = end - begin, keys = (n_key + SCORES - 1) / SCORES * SCORES;
    struct tile_job job = {
        .x = call->q + first * call->ld,
        .stride = call->ld * sizeof(float),
        .ldb = PANEL * sizeof(float),
        .n_step = call->head_dim,
        .ldy = keys,
        .width = PANEL,
        .row_scale = row_scale,
    };
    for (size_t r = 0; r < rows; r++)
        row_scale[r] = call->scale;
    for (size_t j = 0; j < n_key; j += PANEL) {
        job.b = (const char *)(packed_k + (begin + j) * call->head_dim);
        job.y = scores + j;
        tiles_SCRATCH.of[rows](&job);
    }
    for (size_t r = 0; r < rows; r++) {
        size_t from, to;
        t2v_attention_seen(call, first + r, &from, &to);
        const float *bias = call->bias != NULL ? call->bias + begin - first - r : NULL;
        row_scale[r] = softmax_row(scores + r * keys, keys, from - begin, to - begin, bias);
    }
    job = (struct tile_job){
        .x = scores,
        .stride = keys * sizeof(float),
        .ldb = dim * sizeof(float),
        .n_step = n_key,
        .ldy = call->ld_out,
        .row_scale = row_scale,
    };
    for (size_t d = 0; d < dim; d += PANEL) {
        job.b = (const char *)(packed_v + begin * dim + d);
        job.y = call->out + first * call->ld_out + d;
        job.width = call->head_dim - d < PANEL ? call->head_dim - d : PANEL;
        tiles_SCRATCH.of[rows](&job);
    }
}

void RUNG(t2v_attention_f32)(const struct t2v_attention *whole)
{
    const struct t2v_attention cut = t2v_attention_cut(whole), *call = &cut;
    size_t keys = (call->n_key + PANEL - 1) / PANEL * PANEL;
    size_t dim = (call->head_dim + PANEL - 1) / PANEL * PANEL;
    float *packed_k = call->scratch;
    float *packed_v = packed_k + keys * call->head_dim;
    float *scores = packed_v + keys * dim; /* [TILE_ROWS, n_key rounded up to SCORES] */
    pack_keys_values(call, keys, dim, packed_k, packed_v);
    for (size_t row = 0, rows; row < call->n_query; row += rows) {
        rows = next_height(call->n_query - row);
        attend_rows(call, row, rows, packed_k, packed_v, dim, scores);
    }
}

#include "kernel/vector/past.h"

#endif
