/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_OLLAMA_MODELS_H
#define T2V_HTTP_API_OLLAMA_MODELS_H
/*
 * Ollama's API, as far as it is about models: GET /api/tags (those that there are), GET /api/ps
 * (those that are loaded: the same), POST /api/show (what is known of one) and GET /api/version.
 */
#include "http/api/api.h"

extern const struct t2v_operation t2v_ollama_tags, t2v_ollama_ps, t2v_ollama_version;
/* {"model"} or the older {"name"}, any model of the server; a name that is none of ours: the first
 * that generates, or else the first. */
extern const struct t2v_operation t2v_ollama_show;

#endif
