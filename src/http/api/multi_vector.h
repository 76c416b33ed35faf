/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_MULTI_VECTOR_H
#define T2V_HTTP_API_MULTI_VECTOR_H
/* Jina's POST /v1/multi-vector: a vector for each token of a text, for late interaction. */
#include "http/api/api.h"

/* Its errors are OpenAI's object, and beside it `detail`, which Jina's clients show. */
extern const struct t2v_api t2v_api_multi_vector;
extern const struct t2v_operation t2v_multi_vector_embed;

#endif
