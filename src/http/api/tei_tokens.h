/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_TEI_TOKENS_H
#define T2V_HTTP_API_TEI_TOKENS_H
/*
 * The tokenizer by text-embeddings-inference's API: texts to tokens, and ids to text. The engine
 * has no part in it. Errors are those of tei.h.
 */
#include "http/api/api.h"

/* POST /tokenize: {"inputs", "add_special_tokens", "prompt_name"} to a list for each text of
 * {"id", "text", "special", "start", "stop"}; start and stop are bytes of the text. Nothing is cut
 * at the model's limit. */
extern const struct t2v_operation t2v_tei_tokenize;
/* POST /decode: {"ids": [int] or [[int]], "skip_special_tokens"} to [string]. */
extern const struct t2v_operation t2v_tei_decode;

#endif
