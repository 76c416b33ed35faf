/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_ANSWERS_H
#define T2V_HTTP_API_ANSWERS_H
/* The part of a text that answers a question. */
#include "http/api/api.h"

/* POST /answers as Weaviate's qna-transformers container: {"text", "question"} to {"text",
 * "question", "answer", "certainty"}, the last two null if there is no answer. The formula is that
 * of t2v_server_options.answers_formula. Errors have a string `error`. */
extern const struct t2v_operation t2v_answers_weaviate;
/* Hugging Face's question answering: {"inputs": {"question", "context"}, "parameters"} to
 * {"answer", "score", "start", "end"}, or a list of these if top_k is above 1. */
extern const struct t2v_operation t2v_answers_hub;

#endif
