/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_STEPS_H
#define T2V_TASK_EMBED_STEPS_H
/*
 * The modules after pooling. Each is a step on the row of a sequence: Dense, LayerNorm, Normalize.
 * Dropout is accepted too, and is no step, as it acts in training only. Private to task/.
 */
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "kernel/kernel.h"

enum t2v_step_kind { T2V_STEP_DENSE, T2V_STEP_NORM, T2V_STEP_NORMALIZE };

struct t2v_step {
    enum t2v_step_kind kind;
    size_t n_in, n_out;
    struct t2v_linear linear;       /* dense: [n_out, n_in] */
    const struct t2v_step_act *act; /* dense; NULL: none */
    const float *gamma, *beta;      /* layer norm: [n_in] */
};

/* Reads one module's config.json and weights in folder, for rows of n_in. input: what a Dense takes
 * and gives, "sentence_embedding" or "token_embeddings". Weights are kept in
 * arena. T2V_EFORMAT, T2V_EUNSUPPORTED, T2V_EIO or T2V_ENOMEM, with the file's name in err. */
int t2v_step_read_dense(const char *folder, const char *input, size_t n_in,
                        const struct t2v_kernels *kernels, struct t2v_arena *arena,
                        struct t2v_step *out, struct t2v_err *err);
int t2v_step_read_norm(const char *folder, size_t n_in, struct t2v_arena *arena,
                       struct t2v_step *out, struct t2v_err *err);
/* Appends a description for users, such as "Dense to 24 with Tanh". */
void t2v_step_describe(const struct t2v_step *step, struct t2v_buf *out);

/* y[r] = step(x[r]) for n_row rows that are ld floats apart; x may be overwritten. Returns where
 * the result is: y, or x when the step works in place. */
float *t2v_step_run(const struct t2v_step *step, const struct t2v_kernels *kernels, float *x,
                    float *y, size_t ld, size_t n_row);

/* T2V_EFORMAT, naming the tensor, where a weight of the step is NaN or infinite. number: its place
 * among the steps, for the message. */
int t2v_step_check_finite(const struct t2v_step *step, size_t number, struct t2v_err *err);

/* x /= max(norm of x, 1e-12), in place. */
void t2v_normalize(float *x, size_t n);

#endif
