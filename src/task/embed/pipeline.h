/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_PIPELINE_H
#define T2V_TASK_EMBED_PIPELINE_H
/*
 * The pipeline turns hidden states into a vector: pooling, then steps on the row of each sequence.
 * It is read from modules.json and the folders named there, as the sentence-transformers library
 * reads them. Those files are untrusted: folders must be inside the model directory, sizes must fit
 * each other, and an unsupported module is refused by name. Private to task/embed/.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "kernel/kernel.h"
#include "task/embed/pool.h"
#include "task/embed/steps.h"

enum { T2V_MAX_STEP = 16 };

/* The prompts that a task can choose. */
enum { T2V_PROMPT_QUERY, T2V_PROMPT_DOCUMENT, T2V_N_PROMPT };

/* A prompt of config_sentence_transformers.json. */
struct t2v_prompt {
    struct t2v_str name, text;
    size_t n_tok; /* as pooling leaves them out; set when the embedder is opened */
};

struct t2v_pipeline {
    enum t2v_pooling modes[T2V_MAX_MODE]; /* concatenated, in this order */
    size_t n_mode;
    bool skip_prompt; /* the prompt's tokens are left out of pooling */
    struct t2v_step steps[T2V_MAX_STEP];
    size_t n_step;
    size_t width;                         /* of the widest row between pooling and vector */
    size_t dim;                           /* of the vector */
    size_t cut_dim;                       /* truncate_dim, below dim; 0: vectors are not cut */
    struct t2v_str prompts[T2V_N_PROMPT]; /* empty: none */
    struct t2v_prompt *named;             /* [n_named], in the order of the file */
    size_t n_named;
    size_t default_prompt; /* index of default_prompt_name in named; SIZE_MAX: none */
    bool unit;             /* the last step is Normalize; static embeddings: there is one */
};

/* Reads the pipeline of dir for hidden states of `hidden` floats; without modules.json it is mean
 * pooling. What it keeps is in arena. */
int t2v_pipeline_read(const char *dir, size_t hidden, const struct t2v_kernels *kernels,
                      struct t2v_arena *arena, struct t2v_pipeline *out, struct t2v_err *err);

/* The prompts alone, after mean pooling, whatever modules.json says. */
int t2v_pipeline_read_texts(const char *dir, size_t hidden, struct t2v_arena *arena,
                            struct t2v_pipeline *out, struct t2v_err *err);

/* The same as t2v_pipeline_read for static embeddings: StaticEmbedding, then nothing but Normalize,
 * which changes nothing, as every answer has unit norm. */
int t2v_pipeline_read_static(const char *dir, size_t hidden, struct t2v_arena *arena,
                             struct t2v_pipeline *out, struct t2v_err *err);

/* One mode and no step; more steps may be added. */
void t2v_pipeline_simple(struct t2v_pipeline *out, enum t2v_pooling mode, size_t hidden);
/* Adds the layer, without an activation. It is borrowed. */
void t2v_pipeline_add_linear(struct t2v_pipeline *pipeline, const struct t2v_linear *linear);

/* Appends a description for users, such as "mean of 384, Normalize". */
void t2v_pipeline_describe(const struct t2v_pipeline *pipeline, struct t2v_buf *out);

#endif
