/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_KERNEL_H
#define T2V_KERNEL_KERNEL_H
/*
 * The arithmetic, behind one table of functions that is chosen once at start for the processor at
 * hand. kernel/c is the readable reference and runs everywhere; kernel/x86 has what is measured to
 * be faster. Matrices are row-major float32 with a stride (`ld`, in floats) between rows. Sizes may
 * be anything from 1 up, pointers need no alignment beyond a float's, and no kernel reads past a
 * row's end except in packed weights, which are padded for it. Outputs never alias inputs unless
 * the text says so. Every element of a result is computed in an order that does not depend on how
 * many rows there are (exception: the BLAS back end of `linear`).
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum t2v_act { T2V_ACT_NONE, T2V_ACT_GELU, T2V_ACT_GELU_TANH, T2V_ACT_RELU, T2V_ACT_SILU };

/* Columns are dealt to threads in multiples of this many. */
enum { T2V_PANEL = 16 };

/* A linear layer, y = act(x W^T + b). */
struct t2v_linear {
    size_t n_in, n_out;
    /* Plain: W as checkpoints hold it, [n_out, n_in]. Packed: [n_out / 16, n_in, 16], so that the
     * 16 weights that meet one input stand together; rows past n_out are zero. */
    const float *weight;
    const float *bias; /* [n_out], or NULL */
};

/* y[r, c] for n_row rows and the columns [begin, end); begin is a multiple of T2V_PANEL.
 * x: [n_row, n_in], y: [n_row, n_out]. */
typedef void t2v_linear_fn(const struct t2v_linear *layer, enum t2v_act act, const float *x,
                           size_t ldx, size_t n_row, size_t begin, size_t end, float *y,
                           size_t ldy);

/* x[r] = layer_norm(x[r] + add[r]) * gamma + beta, over n columns; add may be NULL. Variance is the
 * mean square deviation. */
typedef void t2v_add_norm_fn(float *x, const float *add, size_t n_row, size_t n, const float *gamma,
                             const float *beta, float eps);

/* Attention of a block of one head's queries over all keys of its sequence:
 * out[i] = softmax_j(q[i] . k[j] * scale + bias[j - i]) v[j]. Relative error of the exponential:
 * 2e-7. */
struct t2v_attention {
    const float *q; /* [n_query, head_dim] */
    const float *k; /* [n_key, head_dim] */
    const float *v; /* [n_key, head_dim] */
    size_t ld;      /* of q, k and v */
    size_t n_query, n_key, head_dim;
    float scale;
    const float *bias; /* of offsets -(n_query - 1) to n_key - 1, bias[0] being where query 0 meets
                        * key 0; or NULL: none */
    float *out;        /* [n_query, head_dim] */
    size_t ld_out;
    float *scratch; /* t2v_attention_scratch(n_key, head_dim) floats, 32-byte aligned */
};
typedef void t2v_attention_fn(const struct t2v_attention *call);

struct t2v_kernels {
    const char *name; /* the rung */
    bool packed;      /* `linear` wants packed weights */
    t2v_linear_fn *linear;
    t2v_add_norm_fn *add_norm;
    t2v_attention_fn *attention;
};

/* Fills the table for this processor: "c", plain C; "blas", the same with OpenBLAS to multiply;
 * "avx2". Nothing above the rung named `cap` ("" or NULL: no cap) is used; a cap above what the
 * processor or this build has changes nothing. T2V_EUNSUPPORTED when the name is none of this kind
 * of processor's. */
int t2v_kernels_init(struct t2v_kernels *out, const char *cap, struct t2v_err *err);

size_t t2v_attention_scratch(size_t n_key, size_t head_dim);

/* Packing, for tables with `packed`: how many floats, and the copy from the plain form. */
size_t t2v_linear_packed_len(size_t n_in, size_t n_out);
void t2v_linear_pack(const float *plain, size_t n_in, size_t n_out, float *packed);

/* The BLAS library: "OpenBLAS 0.3.21, core Zen". */
const char *t2v_blas_name(void);
/* One thread per call, from now on: the team splits the work. Called by t2v_kernels_init. */
void t2v_blas_setup(void);
t2v_linear_fn t2v_linear_f32_blas;

/* The rungs. */
t2v_linear_fn t2v_linear_f32_c;
t2v_add_norm_fn t2v_add_norm_f32_c;
t2v_attention_fn t2v_attention_f32_c;
/* What `linear` does to its sums, for back ends that only multiply: adds the bias, applies act. */
void t2v_bias_act_f32_c(enum t2v_act act, const float *bias, float *y, size_t n);
#if defined(__x86_64__)
t2v_linear_fn t2v_linear_f32_avx2;
t2v_add_norm_fn t2v_add_norm_f32_avx2;
t2v_attention_fn t2v_attention_f32_avx2;
#endif

#endif
