/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_PIPELINE_H
#define T2V_TASK_EMBED_PIPELINE_H
/*
 * The way from hidden states to a vector: pooling, then steps on the row of each sequence. Read
 * from modules.json and the folders it names, as the sentence-transformers library reads them.
 * Those files are a stranger's: folders stay inside the model directory, sizes must fit each other,
 * and what we do not run is refused by name. Private to task/embed/.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "kernel/kernel.h"
#include "task/embed/embedder.h"
#include "json/json.h"

enum { T2V_MAX_STEP = 16, T2V_PATH_BYTES = 4096 };

enum t2v_step_kind { T2V_STEP_DENSE, T2V_STEP_NORM, T2V_STEP_NORMALIZE };

struct t2v_step {
    enum t2v_step_kind kind;
    size_t n_in, n_out;
    struct t2v_linear linear;       /* dense: [n_out, n_in] */
    const struct t2v_step_act *act; /* dense */
    const float *gamma, *beta;      /* layer norm: [n_in] */
};

/* The prompts that a task can choose. */
enum { T2V_PROMPT_QUERY, T2V_PROMPT_DOCUMENT, T2V_N_PROMPT };

struct t2v_pipeline {
    enum t2v_pooling modes[T2V_MAX_MODE]; /* laid side by side, in this order */
    size_t n_mode;
    bool skip_prompt; /* the prompt's tokens are left out of pooling */
    struct t2v_step steps[T2V_MAX_STEP];
    size_t n_step;
    size_t width;                         /* of the widest row between pooling and vector */
    size_t dim;                           /* of the vector */
    size_t cut_dim;                       /* truncate_dim, below dim; 0: vectors are not cut */
    struct t2v_str prompts[T2V_N_PROMPT]; /* empty: none */
};

/* T2V_EUNSUPPORTED, naming the module, where modules.json of dir begins with one that is neither a
 * Transformer nor a StaticEmbedding, such as a Router. */
int t2v_pipeline_check_first(const char *dir, struct t2v_err *err);

/* The folder of the first module, where modules.json of dir puts it in one: "DIR/PATH", and whether
 * that module is a StaticEmbedding. *out is an empty string where there is no modules.json, or the
 * module is in dir itself. */
int t2v_pipeline_first(const char *dir, char out[T2V_PATH_BYTES], bool *is_static,
                       struct t2v_err *err);

/* Reads the pipeline of dir for an encoder of `hidden`; without modules.json it is mean pooling.
 * What it keeps lies in arena. */
int t2v_pipeline_read(const char *dir, size_t hidden, const struct t2v_kernels *kernels,
                      struct t2v_arena *arena, struct t2v_pipeline *out, struct t2v_err *err);

/* The same where the encoder is a bag: StaticEmbedding, and behind it nothing but Normalize, which
 * changes nothing, as every answer has length 1. */
int t2v_pipeline_read_bag(const char *dir, size_t hidden, struct t2v_arena *arena,
                          struct t2v_pipeline *out, struct t2v_err *err);

/* One mode and no step; more steps may be added. */
void t2v_pipeline_simple(struct t2v_pipeline *out, enum t2v_pooling mode, size_t hidden);
/* Adds the layer, without an activation. It is borrowed. */
void t2v_pipeline_add_linear(struct t2v_pipeline *pipeline, const struct t2v_linear *linear);

/* "mean of 384, Normalize": for people. */
void t2v_pipeline_describe(const struct t2v_pipeline *pipeline, struct t2v_buf *out);

/* --- steps.c --- */

/* Reads one module's config.json and weights in folder, for rows of n_in. */
int t2v_step_read_dense(const char *folder, size_t n_in, const struct t2v_kernels *kernels,
                        struct t2v_arena *arena, struct t2v_step *out, struct t2v_err *err);
int t2v_step_read_norm(const char *folder, size_t n_in, struct t2v_arena *arena,
                       struct t2v_step *out, struct t2v_err *err);
void t2v_step_describe(const struct t2v_step *step, struct t2v_buf *out);

/* y[r] = step(x[r]) for n_row rows that lie ld floats apart; x may be overwritten. Returns where
 * the result is: y, or x when the step works in place. */
float *t2v_step_run(const struct t2v_step *step, const struct t2v_kernels *kernels, float *x,
                    float *y, size_t ld, size_t n_row);

/* T2V_EFORMAT, naming the tensor, where a weight of the step is NaN or infinite. number: its place
 * among the steps, for the message. */
int t2v_step_check_finite(const struct t2v_step *step, size_t number, struct t2v_err *err);

/* x[n] / its length, or / 1e-12 when that is more. */
void t2v_normalize(float *x, size_t n);

/* DIR/NAME parsed, an object (or an array, for modules.json): *out stays NULL when there is no such
 * file. */
int t2v_pool_json(const char *dir, const char *name, enum t2v_json_type type, t2v_json **out,
                  struct t2v_err *err);
/* *out, which holds the default, becomes what config says under key; null counts as not there. */
int t2v_pool_switch(const t2v_json *config, const char *key, bool *out, struct t2v_err *err);

#endif
