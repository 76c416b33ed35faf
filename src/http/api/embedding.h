/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_EMBEDDING_H
#define T2V_HTTP_API_EMBEDDING_H
/*
 * Jobs that embed texts, for the APIs whose vectors are those of sentence-transformers: what they
 * share beside the shapes of their requests and answers. An API's operation has hooks `read` and
 * `write` of its own, and the others from here. Its state begins with struct t2v_embedding.
 */
#include <stdbool.h>
#include <stddef.h>

#include "http/api/api.h"
#include "http/api/texts.h"
#include "http/models.h"
#include "task/embed/params.h"

struct t2v_embedding {
    struct t2v_texts texts;
    struct t2v_embed_params params; /* its strings point into texts, or are static */
    const struct t2v_served *served;
    const char *member; /* of the body that has the texts, for errors; static: "input" */
    size_t float_bytes; /* of a number in the answer, at most; 0: as t2v_json_f32s_bytes */
};

/* For `read`: chooses the model. name: of the request, a JSON value. False: *fault is set. */
bool t2v_embedding_choose(const struct t2v_service *service, struct t2v_str name,
                          struct t2v_embedding *embedding, struct t2v_fault *fault);
/* For `read`, after it: the texts of value, which is member's; t2v_texts_read says what it may be.
 * Where the settings accept token ids, these are decoded to texts. False: *fault is set. */
bool t2v_embedding_read_texts(const struct t2v_service *service, struct t2v_str value,
                              struct t2v_embedding *embedding, struct t2v_fault *fault);
/* How many texts a request may have at most: their vectors must fit into one answer. */
size_t t2v_embedding_most_texts(const t2v_embedder *embedder);
/* For `read`, after it: refuses more texts than an answer may have numbers (413). */
bool t2v_embedding_check(const struct t2v_embedding *embedding, struct t2v_fault *fault);
/* For `read`: the member `dimensions`, a whole number from 1 to most, into *out; missing or null:
 * unchanged. False: *fault is set. */
bool t2v_dimensions_read(struct t2v_str value, size_t most, int64_t *out, struct t2v_fault *fault);
/* The same into params.dimensions. */
bool t2v_embedding_read_dimensions(struct t2v_str value, struct t2v_embedding *embedding,
                                   struct t2v_fault *fault);

/* Hooks. */
bool t2v_embedding_plan(struct t2v_service *service, struct t2v_job *job);
size_t t2v_embedding_bytes(const struct t2v_service *service, const struct t2v_job *job);
bool t2v_embedding_is_large(const struct t2v_job *job);
void t2v_embedding_deinit(void *state);

/* For `write`: true if the work succeeded; else job->fault is set, and names the text to blame. */
bool t2v_embedding_succeeded(struct t2v_job *job);

#endif
