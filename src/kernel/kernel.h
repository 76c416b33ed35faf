/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_KERNEL_H
#define T2V_KERNEL_KERNEL_H
/*
 * The arithmetic of the nets: a table of kernels, chosen once at start for the processor. kernel/c
 * is the reference and runs everywhere; kernel/x86 and kernel/arm have faster ones.
 *
 * Terms: a rung is an ISA level, a variant of the kernels for one instruction set. A form is a
 * weight format. A panel is a group of weight rows that are stored together. A tile is the
 * micro-tile, the block of the result that one pass of the inner loop keeps in registers.
 *
 * What holds for every kernel:
 *   - Matrices are row-major float32. A stride (`ld`) counts floats from one row to the next;
 *     t2v_linear_call.stride counts bytes.
 *   - Sizes are at least 1. Pointers need the alignment of their type only, except weights, panels
 *     and converted rows (4 bytes) and the scratch of attention (32 bytes).
 *   - Nothing is read or written past the end of a row.
 *   - Outputs do not overlap inputs.
 *   - A row of the result has the same bits whatever other rows the call computes. Exceptions: the
 *     form f32 of OpenBLAS; attention with a limited `before`, where the order of sums depends on
 *     the first query of the call.
 *   - Several threads may call kernels at once, each with its own outputs and scratch.
 *
 * Accuracy is stated against exact arithmetic; instruction sets differ within it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The activations, by Transformers' names: gelu, gelu_new (tanh), relu, silu. Absolute error of the
 * GELUs and SiLU: 5e-7 * max(1, |x|). ReLU is exact. */
enum t2v_act { T2V_ACT_NONE, T2V_ACT_GELU, T2V_ACT_GELU_TANH, T2V_ACT_RELU, T2V_ACT_SILU };

/* --- linear layers --- */

/* Upper bounds over all instruction sets: columns of a panel; rows of a tile. Rows of scores are
 * padded to a multiple of at most 64. */
enum { T2V_PANEL_MAX = 32, T2V_TILE_ROWS_MAX = 16, T2V_SCORES_MAX = 64 };

/* Outliers: inputs of a layer with values far larger than the others'. A form that quantises rows
 * does not quantise them, and multiplies them as floats. */
enum { T2V_OUTLIERS = 4 };
struct t2v_outliers {
    uint32_t index[T2V_OUTLIERS]; /* [n], each below n_in, no two equal */
    size_t n;
    const uint32_t *keep; /* [n_in]: 0 for an outlier, else all bits set; NULL if n is 0 */
};

/* A linear layer, y = act(x W^T + bias). */
struct t2v_linear {
    const struct t2v_form *form;
    size_t n_in, n_out;
    const void *weight; /* t2v_linear_bytes bytes in that form, 4-byte aligned */
    const float *bias;  /* [n_out], or NULL */
    struct t2v_outliers outliers;
};

/* A call of a form's `linear`: columns begin to end - 1 of y, for all rows of x. */
struct t2v_linear_call {
    const struct t2v_linear *layer;
    enum t2v_act act;
    const void *x; /* n_row rows: [n_in] floats, or the output of form->rows; 4-byte aligned */
    size_t stride; /* bytes from one row of x to the next, a multiple of 4 */
    size_t n_row;
    size_t begin, end; /* begin: a multiple of the form's panel; end: at most n_out. With
                        * end <= begin nothing is written */
    float *y;          /* [n_row, n_out]; other columns are not written */
    size_t ldy;
};
typedef void t2v_linear_fn(const struct t2v_linear_call *call);

/*
 * A form: a layout of a linear layer's weights, and the functions for it. Weights are stored as
 * consecutive panels. A panel has `panel` columns of y, which are rows of the checkpoint's [n_out,
 * n_in]; the last one is padded with zeros. Threads divide a layer by panels.
 *
 * Accuracy, of products before bias and activation: f32 sums n_in products in float. bf16 rounds
 * weights and rows to bf16 and sums in float. int8, int8_fine and int16 are as c/int8.h defines
 * them, and their integer sums are exact.
 */
struct t2v_form {
    const char *name;    /* the precision: "f32", "bf16", "int8", "int16" */
    size_t panel;        /* at most T2V_PANEL_MAX */
    bool plain;          /* panels are the checkpoint's f32 rows: no packing needed */
    bool takes_outliers; /* if false, layers have no outliers */
    size_t (*panel_bytes)(size_t n_in); /* a multiple of 4 */
    size_t max_in;                      /* largest legal n_in */
    /* Writes a panel, panel_bytes(n_in) bytes, 4-byte aligned. plain: [n_col, n_in], 1 <= n_col <=
     * panel. Reads layer->n_in and layer->outliers only. */
    void (*pack)(const struct t2v_linear *layer, const float *plain, size_t n_col, void *panel);
    /* Converts rows of x, [n_row, n_in] with stride ldx, to what `linear` reads. out: [n_row] of
     * row_bytes(n_in) bytes, a multiple of 4; 4-byte aligned. Reads layer->n_in and
     * layer->outliers only. Both are NULL in a form that reads floats. */
    size_t (*row_bytes)(size_t n_in);
    void (*rows)(const struct t2v_linear *layer, const float *x, size_t ldx, size_t n_row,
                 void *out);
    t2v_linear_fn *linear;
};

/* Bytes of a layer's weights. */
static inline size_t t2v_linear_bytes(const struct t2v_form *form, size_t n_in, size_t n_out)
{
    return (n_out + form->panel - 1) / form->panel * form->panel_bytes(n_in);
}
/* The panel that begins with a column; column: a multiple of the form's panel, below n_out. */
static inline const void *t2v_linear_panel(const struct t2v_linear *layer, size_t column)
{
    size_t index = column / layer->form->panel;
    return (const char *)layer->weight + index * layer->form->panel_bytes(layer->n_in);
}

/* --- norms and gate --- */

/*
 * For each row: x += add, unless add is NULL; then y = norm(x) * gamma + beta.
 * layer_norm: norm(x) = (x - mean) / sqrt(var + eps), with var = mean((x - mean)^2). beta may be
 * NULL. rms_norm: norm(x) = x / sqrt(mean(x^2) + eps). beta is not read, and nothing is added.
 * x, add, y: [n_row, n], without gaps; gamma, beta: [n]. y may be x or add. Sums are in float.
 * Eight parameters, since norms run for every layer and head, and registers hold most of them.
 */
typedef void t2v_norm_fn(float *x, const float *add, size_t n_row, size_t n, const float *gamma,
                         const float *beta, float eps, float *y);

/* y = act(a) * b. ab: [n_row, 2 n], a row of a then a row of b; y: [n_row, n]. */
typedef void t2v_gate_fn(enum t2v_act act, const float *ab, size_t n_row, size_t n, float *y);

/* --- attention --- */

/*
 * Attention of consecutive queries of one head to the keys of their sequence:
 *     out[i] = softmax_j(q[i] . k[j] * scale + bias[j - i]) v[j]
 * Query i is at position p = query_at + i, that of key p. It attends to the keys j with
 *     max(0, p - before) <= j <= min(n_key - 1, p + after)
 * after = 0 is causal attention; SIZE_MAX means no limit. Keys that no query attends to are not
 * read. Relative error of the exponential: 2e-7; sums are in float.
 */
struct t2v_attention {
    const float *q;   /* [n_query, head_dim], stride ld */
    const float *k;   /* [n_key, head_dim], stride ld_kv */
    const float *v;   /* [n_key, head_dim], stride ld_kv */
    size_t ld, ld_kv; /* at least head_dim */
    size_t n_query, n_key, head_dim;
    size_t query_at; /* at most n_key - n_query */
    size_t before, after;
    float scale;
    const float *bias; /* points to the bias of query 0 and key 0; valid indices: -(n_query - 1) to
                        * n_key - 1. NULL: none */
    float *out;        /* [n_query, head_dim], stride ld_out */
    size_t ld_out;
    float *scratch; /* t2v_attention_scratch(n_key, head_dim) floats, 32-byte aligned */
};
typedef void t2v_attention_fn(const struct t2v_attention *call);

/* Floats of scratch that a call needs, on every instruction set. */
size_t t2v_attention_scratch(size_t n_key, size_t head_dim);

/* The keys that query i attends to: begin to end - 1, at least one. */
static inline void t2v_attention_seen(const struct t2v_attention *call, size_t i, size_t *begin,
                                      size_t *end)
{
    size_t at = call->query_at + i, n_later = call->n_key - 1 - at;
    *begin = at > call->before ? at - call->before : 0;
    *end = n_later > call->after ? at + call->after + 1 : call->n_key;
}

/* The same call restricted to the keys that some query attends to. Kernels begin with it. */
static inline struct t2v_attention t2v_attention_cut(const struct t2v_attention *call)
{
    struct t2v_attention cut = *call;
    size_t begin, end, unused;
    t2v_attention_seen(call, 0, &begin, &unused);
    t2v_attention_seen(call, call->n_query - 1, &unused, &end);
    cut.k += begin * call->ld_kv;
    cut.v += begin * call->ld_kv;
    if (cut.bias != NULL)
        cut.bias += begin;
    cut.query_at -= begin;
    cut.n_key = end - begin;
    return cut;
}

/* --- attention to keys and values in pages --- */

/*
 * A page has the keys and values of T2V_PAGE_TOK consecutive tokens, all as f32 or all as f16. Of
 * one head it has first the keys in panels, [T2V_PAGE_TOK / key_panel, head_dim, key_panel]; then
 * the values, [T2V_PAGE_TOK, head_dim rounded up to a multiple of T2V_PANEL_MAX]. key_panel is the
 * instruction set's.
 */
enum { T2V_PAGE_TOK = 64 };

static inline size_t t2v_page_value_len(size_t head_dim)
{
    return (head_dim + T2V_PANEL_MAX - 1) / T2V_PANEL_MAX * T2V_PANEL_MAX;
}
/* Bytes of one head in a page; half: as f16. */
static inline size_t t2v_page_head_bytes(size_t head_dim, bool half)
{
    size_t n = T2V_PAGE_TOK * (head_dim + t2v_page_value_len(head_dim));
    return n * (half ? sizeof(uint16_t) : sizeof(float));
}

/*
 * Causal attention of rows of queries to one head's keys in pages:
 *     out[r] = softmax_j(q[r] . k[j] * scale + slope[r] * (j - p)) v[j],  max(0, p - before) <= j
 * <= p Row r is at position p = at + r * step: step 1 are consecutive queries of one head, step 0
 * are heads of one query that share keys and values. The row's result has the same bits whatever
 * other rows are in the call: sums go page by page, each in the order of keys.
 */
struct t2v_past_attention {
    const float *q; /* [n_row, head_dim], stride ld */
    size_t ld;
    size_t n_row, step;
    size_t at; /* position of row 0 */
    size_t head_dim;
    size_t before; /* SIZE_MAX: no limit */
    float scale;
    const float *slopes; /* [n_row] if step is 0, else [1]; NULL: none (ALiBi) */
    char *const *pages;  /* page i has the tokens from i * T2V_PAGE_TOK on; up to the last row's */
    size_t offset;       /* bytes from a page's begin to this head */
    bool half;           /* the pages are f16 */
    float *out;          /* [n_row, head_dim], stride ld_out */
    size_t ld_out;
    float *scratch; /* t2v_past_scratch(head_dim) floats, 32-byte aligned */
};
typedef void t2v_past_attention_fn(const struct t2v_past_attention *call);

/* Floats of scratch that a call needs, on every instruction set. */
size_t t2v_past_scratch(size_t head_dim);

/* --- the table --- */

struct t2v_kernels {
    const char *name;           /* the instruction set */
    const struct t2v_form *f32; /* float weights and float arithmetic */
    /* For layers whose weights are f16 or bf16 in the checkpoint: they are stored in that type, and
     * results equal those of f32 to the bit. NULL in "blas". */
    const struct t2v_form *f32_of_f16, *f32_of_bf16;
    /* Weights are rounded to bf16; rows, too, where the processor multiplies bf16 (then it has
     * `rows`). NULL in "blas". */
    const struct t2v_form *bf16;
    const struct t2v_form *int8; /* never NULL */
    /* int8 whose rows have up to 16 bits, and the same with weights of up to 16 bits, nearer to
     * f32. NULL, both: this processor has int8 alone. */
    const struct t2v_form *int8_fine, *int16;
    t2v_norm_fn *layer_norm, *rms_norm;
    t2v_gate_fn *gate;
    t2v_attention_fn *attention;
    t2v_past_attention_fn *past_attention;
    size_t key_panel; /* divides T2V_PAGE_TOK */
};

/* Fills the table with the best kernels for this processor, up to the instruction set named `cap`:
 * "c", plain C; "blas", plain C with OpenBLAS for f32; "avx2", "avxvnni", "avx512", "avx512vnni",
 * "avx512bf16"; "neon", "dotprod", "i8mm". "" or NULL: no limit. A cap above what the processor or
 * this build has is no limit either. T2V_EUNSUPPORTED: a name of another kind of processor, or
 * unknown. */
int t2v_kernels_init(struct t2v_kernels *out, const char *cap, struct t2v_err *err);

/* The form of a precision: "f32", "bf16", "int8"; or "auto", the fastest whose vectors have a
 * cosine of at least 0.9999 to f32's. T2V_EUNSUPPORTED: none for this instruction set, or unknown.
 */
int t2v_kernels_form(const struct t2v_kernels *kernels, const char *precision,
                     const struct t2v_form **out, struct t2v_err *err);

/* The BLAS library, such as "OpenBLAS 0.3.21, core Zen". The string is static. */
const char *t2v_blas_name(void);

#endif
