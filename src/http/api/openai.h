/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_OPENAI_H
#define T2V_HTTP_API_OPENAI_H
/* OpenAI's API: POST /v1/embeddings, GET /v1/models and /v1/models/ID. */
#include "http/api/api.h"

extern const struct t2v_api t2v_api_openai;
extern const struct t2v_operation t2v_openai_embed;
extern const struct t2v_operation t2v_openai_models, t2v_openai_model;

#endif
