/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_OLLAMA_TEXT_H
#define T2V_HTTP_API_OLLAMA_TEXT_H
/*
 * Ollama's API, as far as it generates text: POST /api/generate and /api/chat, which stream lines
 * of JSON unless `stream` is false. Of the options, those that say how tokens are chosen count;
 * those of generation_config.json fill in for what is left out.
 */
#include "http/api/api.h"

/* {"model", "prompt", ...}: the prompt goes through the model's chat template, if it has one,
 * unless `raw` is true. */
extern const struct t2v_operation t2v_ollama_generate;
/* {"model", "messages", ...} */
extern const struct t2v_operation t2v_ollama_chat;

#endif
