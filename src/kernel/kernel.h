/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_KERNEL_H
#define T2V_KERNEL_KERNEL_H
/*
 * The arithmetic, behind one table of functions that is chosen once at start for the processor at
 * hand. kernel/c is the readable reference and runs everywhere; kernel/x86 and kernel/arm have what
 * is faster. Matrices are row-major float32 with a stride (`ld`, in floats) between rows. Sizes may
 * be anything from 1 up, pointers need no alignment beyond a float's, and no kernel reads past a
 * row's end except in packed weights, which are padded for it. Outputs never alias inputs unless
 * the text says so. Every element of a result is computed in an order that does not depend on how
 * many rows there are (exception: the BLAS back end of `linear`).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum t2v_act { T2V_ACT_NONE, T2V_ACT_GELU, T2V_ACT_GELU_TANH, T2V_ACT_RELU, T2V_ACT_SILU };

/* Inputs of a linear layer whose values reach far above the others'. A form that quantises rows
 * takes them out first, and multiplies them in float. */
enum { T2V_OUTLIERS = 4 };
struct t2v_outliers {
    uint32_t index[T2V_OUTLIERS]; /* the first n, each below n_in, all different */
    size_t n;
    const uint32_t *keep; /* [n_in]: 0 for an outlier, all bits for the others; NULL when n is 0 */
};

/* A linear layer, y = act(x W^T + b). */
struct t2v_linear {
    const struct t2v_form *form; /* how weight is held */
    size_t n_in, n_out;
    const void *weight;
    const float *bias; /* [n_out], or NULL */
    struct t2v_outliers outliers;
};

/* y[r, c] for n_row rows and the columns [begin, end); begin is a multiple of the form's panel.
 * x: n_row rows, `stride` bytes from one to the next, each [n_in] f32, or as the form's `rows` made
 * it. y: [n_row, n_out] with ldy floats from row to row. */
typedef void t2v_linear_fn(const struct t2v_linear *layer, enum t2v_act act, const void *x,
                           size_t stride, size_t n_row, size_t begin, size_t end, float *y,
                           size_t ldy);

/*
 * A form: how weights of linear layers are held, and what multiplies with them. Weights lie in
 * panels, each of so many columns of y (rows of the checkpoint's [n_out, n_in]), one panel behind
 * the other; columns past n_out are zero. Panels are what is dealt to threads.
 */
struct t2v_form {
    const char *name;
    size_t panel; /* columns, at most T2V_PANEL_MOST */
    bool plain;   /* a panel is the checkpoint's own rows in f32: nothing needs to be packed */
    bool takes_outliers;                /* its layers have outliers; otherwise n is 0 */
    size_t (*panel_bytes)(size_t n_in); /* a multiple of 4 */
    size_t max_in;                      /* what n_in may be */
    /* Makes a panel of the n_col <= panel rows of plain, [n_col, n_in]. Of layer, n_in and outliers
     * are read. */
    void (*pack)(const struct t2v_linear *layer, const float *plain, size_t n_col, void *panel);
    /* What is made of rows of x before they are multiplied, and how many bytes a row then has (a
     * multiple of 4); NULL where they are read as they are. x: [n_row, n_in], ldx in floats. */
    size_t (*row_bytes)(size_t n_in);
    void (*rows)(const struct t2v_linear *layer, const float *x, size_t ldx, size_t n_row,
                 void *out);
    t2v_linear_fn *linear;
};

/* No rung's panels are wider, no tile has more rows, no row of attention's scores is padded to
 * more. */
enum { T2V_PANEL_MOST = 32, T2V_ROWS_MOST = 16, T2V_SCORES_MOST = 64 };

/* What a layer's weights take, and where a column's panel begins; column: a multiple of panel. */
static inline size_t t2v_linear_bytes(const struct t2v_form *form, size_t n_in, size_t n_out)
{
    return (n_out + form->panel - 1) / form->panel * form->panel_bytes(n_in);
}
static inline const void *t2v_linear_panel(const struct t2v_linear *layer, size_t column)
{
    size_t index = column / layer->form->panel;
    return (const char *)layer->weight + index * layer->form->panel_bytes(layer->n_in);
}

/* For n_row rows of n columns: x += add, unless add is NULL; then y = norm(x) * gamma + beta. y may
 * be x or add. layer_norm takes the mean from x and divides by the root of variance (the mean
 * square deviation) + eps; beta may be NULL. rms_norm divides x by the root of its mean square +
 * eps; beta is not read. */
typedef void t2v_norm_fn(float *x, const float *add, size_t n_row, size_t n, const float *gamma,
                         const float *beta, float eps, float *y);

/* y = act(a) * b for n_row rows of ab: [n_row, a and b of n columns each], y: [n_row, n]. */
typedef void t2v_gate_fn(enum t2v_act act, const float *ab, size_t n_row, size_t n, float *y);

/*
 * Attention of a block of one head's queries over the keys of its sequence:
 * out[i] = softmax_j(q[i] . k[j] * scale + bias[j - i]) v[j] over the keys j that query i sees.
 * Query i stands where key query_at + i does, and sees the keys from `before` before that one to
 * `after` behind it, so far as there are any: causal attention is after = 0, a sliding window a
 * number in both, SIZE_MAX no limit. Keys that no query of the block sees are not read. Relative
 * error of the exponential: 2e-7.
 */
struct t2v_attention {
    const float *q;   /* [n_query, head_dim] */
    const float *k;   /* [n_key, head_dim] */
    const float *v;   /* [n_key, head_dim] */
    size_t ld, ld_kv; /* of q; of k and v */
    size_t n_query, n_key, head_dim;
    size_t query_at; /* at most n_key - n_query */
    size_t before, after;
    float scale;
    const float *bias; /* of offsets -(n_query - 1) to n_key - 1, bias[0] being where query 0 meets
                        * key 0; or NULL: none */
    float *out;        /* [n_query, head_dim] */
    size_t ld_out;
    float *scratch; /* t2v_attention_scratch(n_key, head_dim) floats, 32-byte aligned */
};
typedef void t2v_attention_fn(const struct t2v_attention *call);

/* The keys that query i sees: begin to end - 1, at least one. */
static inline void t2v_attention_seen(const struct t2v_attention *call, size_t i, size_t *begin,
                                      size_t *end)
{
    size_t at = call->query_at + i, behind = call->n_key - 1 - at;
    *begin = at > call->before ? at - call->before : 0;
    *end = behind > call->after ? at + call->after + 1 : call->n_key;
}

/* The same call without the keys before and behind those that its queries see: what a kernel does
 * first. */
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

struct t2v_kernels {
    const char *name;           /* the rung */
    const struct t2v_form *f32; /* float weights, float arithmetic */
    /* The same, to the bit, for a layer whose weights are f16 or bf16 in the checkpoint: they are
     * held so. NULL: not on this rung. */
    const struct t2v_form *f32_of_f16, *f32_of_bf16;
    const struct t2v_form *bf16; /* NULL: this processor does not multiply bf16 */
    const struct t2v_form *int8; /* NULL: not on this rung */
    t2v_norm_fn *layer_norm, *rms_norm;
    t2v_gate_fn *gate;
    t2v_attention_fn *attention;
};

/* Fills the table for this processor: "c", plain C; "blas", the same with OpenBLAS to multiply;
 * "avx2", "avxvnni", "avx512", "avx512vnni", "avx512bf16"; "neon", "dotprod", "i8mm". Nothing above
 * the rung named `cap` ("" or NULL: no cap) is used; a cap above what the processor or this build
 * has changes nothing. T2V_EUNSUPPORTED when the name is none of this kind of processor's. */
int t2v_kernels_init(struct t2v_kernels *out, const char *cap, struct t2v_err *err);

/* The form of a precision by name: "f32", "bf16", "int8"; "auto", the fastest whose vectors have a
 * cosine of 0.9999 to f32's. T2V_EUNSUPPORTED when this rung does not have it. */
int t2v_kernels_form(const struct t2v_kernels *kernels, const char *precision,
                     const struct t2v_form **out, struct t2v_err *err);

size_t t2v_attention_scratch(size_t n_key, size_t head_dim);

/* The BLAS library: "OpenBLAS 0.3.21, core Zen". */
const char *t2v_blas_name(void);
/* One thread per call, from now on: the team splits the work. Called by t2v_kernels_init. */
void t2v_blas_setup(void);
extern const struct t2v_form t2v_form_f32_blas;

/* The rungs. */
extern const struct t2v_form t2v_form_f32_c, t2v_form_f32_of_f16_c, t2v_form_f32_of_bf16_c;
t2v_norm_fn t2v_layer_norm_f32_c, t2v_rms_norm_f32_c;
t2v_gate_fn t2v_gate_f32_c;
t2v_attention_fn t2v_attention_f32_c;
/* What `linear` does to its sums, for back ends that only multiply: adds the bias, applies act. */
void t2v_bias_act_f32_c(enum t2v_act act, const float *bias, float *y, size_t n);
extern const struct t2v_form t2v_form_int8_c;
size_t t2v_row_bytes_int8(size_t n_in);
void t2v_rows_int8_c(const struct t2v_linear *layer, const float *x, size_t ldx, size_t n_row,
                     void *out);
#if defined(__x86_64__)
extern const struct t2v_form t2v_form_int8_avx2, t2v_form_int8_avxvnni, t2v_form_int8_avx512vnni;
void t2v_rows_int8_avx2(const struct t2v_linear *layer, const float *x, size_t ldx, size_t n_row,
                        void *out);
extern const struct t2v_form t2v_form_f32_avx2, t2v_form_f32_of_f16_avx2, t2v_form_f32_of_bf16_avx2;
t2v_norm_fn t2v_layer_norm_f32_avx2, t2v_rms_norm_f32_avx2;
t2v_gate_fn t2v_gate_f32_avx2;
t2v_attention_fn t2v_attention_f32_avx2;
extern const struct t2v_form t2v_form_bf16_avx512;
extern const struct t2v_form t2v_form_f32_avx512, t2v_form_f32_of_f16_avx512,
    t2v_form_f32_of_bf16_avx512;
t2v_norm_fn t2v_layer_norm_f32_avx512, t2v_rms_norm_f32_avx512;
t2v_gate_fn t2v_gate_f32_avx512;
t2v_attention_fn t2v_attention_f32_avx512;
#endif
#if defined(__aarch64__)
extern const struct t2v_form t2v_form_f32_neon, t2v_form_f32_of_f16_neon, t2v_form_f32_of_bf16_neon;
extern const struct t2v_form t2v_form_int8_dotprod, t2v_form_int8_i8mm;
void t2v_rows_int8_dotprod(const struct t2v_linear *layer, const float *x, size_t ldx, size_t n_row,
                           void *out);
t2v_norm_fn t2v_layer_norm_f32_neon, t2v_rms_norm_f32_neon;
t2v_gate_fn t2v_gate_f32_neon;
t2v_attention_fn t2v_attention_f32_neon;
#endif

#endif
