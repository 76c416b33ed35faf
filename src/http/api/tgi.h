/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_TGI_H
#define T2V_HTTP_API_TGI_H
/*
 * The API of text-generation-inference (TGI) 3.3: a text is continued. Its defaults are TGI's: a
 * request without `parameters` samples, one with `parameters` of {} is greedy, and those of
 * generation_config.json do not count. The stop string stays at the end of the text. tgi_tokens.h
 * has /tokenize, /chat_tokenize and /info of a generator.
 */
#include "http/api/api.h"

/* Its errors: {"error": "...", "error_type": "validation"}. A model that cannot do what is asked,
 * and one that fails, are 424. */
extern const struct t2v_api t2v_api_tgi;

/* POST /generate: {"inputs", "parameters"} to {"generated_text", "details"}. */
extern const struct t2v_operation t2v_tgi_generate;
/* POST /generate_stream: an event for each token. */
extern const struct t2v_operation t2v_tgi_stream;
/* The same at POST /: with "stream": true, events; else a list of one answer. */
extern const struct t2v_operation t2v_tgi_root;

#endif
