/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_SENTENCES_H
#define T2V_HTTP_API_SENTENCES_H
/* POST /sentences: {"inputs": "..." or ["..."]} to the sentences that /vectors makes of each text,
 * [[{"text", "start", "stop"}, ...], ...]. A model that reads a text as a whole gives one. The
 * shape and the errors are those of /tokenize (tei_tokens.h). */
#include "http/api/api.h"

extern const struct t2v_operation t2v_sentences_split;

#endif
