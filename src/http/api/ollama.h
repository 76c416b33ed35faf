/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_OLLAMA_H
#define T2V_HTTP_API_OLLAMA_H
/*
 * Ollama's API, as far as it is about vectors: POST /api/embed and the older /api/embeddings,
 * GET /api/tags (the models) and /api/version. Errors are {"error": "..."}.
 */
#include "http/api/api.h"

extern const struct t2v_api t2v_api_ollama;
/* {"model", "input": text or texts} to {"embeddings": [[float]]}, each of length 1. */
extern const struct t2v_operation t2v_ollama_embed;
/* {"model", "prompt": text} to {"embedding": [float]}, of the length that the model gives it. */
extern const struct t2v_operation t2v_ollama_embed_one;
extern const struct t2v_operation t2v_ollama_tags, t2v_ollama_version;

#endif
