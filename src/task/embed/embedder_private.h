/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_EMBEDDER_PRIVATE_H
#define T2V_TASK_EMBED_EMBEDDER_PRIVATE_H
/* What the files of task/embed/ know of an embedder. */
#include "base/arena.h"
#include "task/embed/embedder.h"
#include "task/embed/encode.h"
#include "task/embed/message.h"
#include "task/embed/model2vec.h"
#include "task/embed/pipeline.h"
#include "task/embed/transformer.h"
#include "task/embed/vectorizer.h"

struct t2v_embedder {
    struct t2v_task task; /* the first member: a task of this kind is an embedder */
    t2v_model *model;
    bool borrowed;             /* the model is another embedder's */
    bool texts;                /* modules.json is not run: see t2v_embedder_open_texts */
    struct t2v_json_file meta; /* the marker model_config, which /meta shows for config.json */
    t2v_punkt *punkt;
    struct t2v_arena arena;
    int threads;               /* that packed the weights */
    const char *bidirectional; /* as the options had it, in arena; may be NULL */
    enum t2v_vectorizer vectorizer;
    bool direct_tokenize, prefixes;
    struct t2v_transformer transformer; /* under sentence-transformers; else zeroed */
    struct t2v_message message;         /* the same */
    struct t2v_pipeline pipeline;
    size_t max_tok;                    /* the longest sequence */
    size_t task_tok[T2V_N_PROMPT];     /* the same for a task_type */
    size_t n_prompt_tok[T2V_N_PROMPT]; /* as pooling leaves them out */
    const char *described;             /* the pipeline in words, in arena */
    struct t2v_model2vec m2v;          /* under the vectorizer model2vec */
};

/* UPSTREAM: pooling_strategy counts under the default vectorizer alone, and there not for DPR. */
bool t2v_embedder_reads_pooling(const t2v_embedder *embedder);
/* Turns n_row pooled rows, pipeline.width floats apart, into vectors of t2v_embedder_max_dim in
 * place, by the first n_step steps. spare is as large as rows. Any thread, on rows of its own. */
void t2v_embedder_project(const t2v_embedder *embedder, size_t n_step, float *rows, float *spare,
                          size_t n_row);
/* The last step: vector[dim], the sum over a text's sequences, becomes what is answered. divisor is
 * t2v_walk_divisor's. */
void t2v_embedder_finish(const t2v_embedder *embedder, const struct t2v_embed_encode *encode,
                         float *vector, size_t dim, size_t divisor);

#endif
