/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_OLLAMA_H
#define T2V_HTTP_API_OLLAMA_H
/*
 * Ollama's API, as far as it is about vectors: POST /api/embed and the older /api/embeddings.
 * Errors are {"error": "..."}.
 */
#include "http/api/api.h"

extern const struct t2v_api t2v_api_ollama;
/* A name without the tag ":latest", which Ollama's names have where no other is given. */
struct t2v_str t2v_ollama_untagged(struct t2v_str name);

/* {"model", "input": text or texts} to {"embeddings": [[float]]}, each of length 1. */
extern const struct t2v_operation t2v_ollama_embed;
/* {"model", "prompt": text} to {"embedding": [float]}, of the length that the model gives it. */
extern const struct t2v_operation t2v_ollama_embed_one;

#endif
