/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_VECTORS_H
#define T2V_HTTP_API_VECTORS_H
/*
 * POST /vectors: reads a body into a struct t2v_question, and writes the answer from its vectors.
 * No tree is made of the body: a question holds the texts and the parameters only. Unknown members
 * are checked and dropped.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "http/api/api.h"
#include "task/embed/params.h"

extern const struct t2v_api t2v_api_vectors;
extern const struct t2v_operation t2v_vectors_embed;

/* A parsed body; the state of this API's jobs. */
struct t2v_question {
    char *bytes; /* [n_byte], owned; the texts and the params point into it */
    size_t n_byte;
    struct t2v_str *texts; /* [n_text], owned */
    size_t n_text;
    bool many; /* "texts" was sent: the answer is {"vectors", "dim"} */
    struct t2v_embed_params params;
    const t2v_embedder *embedder; /* set by the operation, after t2v_question_read */
};

/* Reads a body. True: *question is set, and is freed with t2v_question_deinit. False: *fault says
 * why not. dim: the model's, which bounds how many texts one answer may hold. */
bool t2v_question_read(struct t2v_question *question, struct t2v_str body, size_t dim,
                       struct t2v_fault *fault);
void t2v_question_deinit(struct t2v_question *question);

/* What a question takes of memory, and what its answer will, with vectors of dim components. */
size_t t2v_question_bytes(const struct t2v_question *question);
size_t t2v_question_answer_bytes(const struct t2v_question *question, size_t dim);

/* {"text", "vector", "dim"}, or {"vectors", "dim"} for many, from vectors [question->n_text, dim].
 */
void t2v_question_answer(const struct t2v_question *question, const float *vectors, size_t dim,
                         struct t2v_buf *buf);
/* The engine's failure: err_text is the index of the text to blame. */
void t2v_question_fail(const struct t2v_question *question, const struct t2v_err *err,
                       size_t err_text, struct t2v_fault *fault);

#endif
