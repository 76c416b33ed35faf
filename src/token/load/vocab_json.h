/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_LOAD_VOCAB_JSON_H
#define T2V_TOKEN_LOAD_VOCAB_JSON_H
/* vocab.json and merges.txt, of RoBERTa and GPT-2. */
#include "base/error.h"
#include "token/load/settings.h"
#include "token/parts.h"
#include "token/tokenizer.h"

/* Fills a zeroed *tokenizer (its `added` initialised)
 * from vocab.json (path) and merges.txt; settings->slow is set. What was made stays in *tokenizer
 * on failure. T2V_EFORMAT, T2V_EUNSUPPORTED, T2V_ETOOLARGE, T2V_ENOMEM, T2V_EIO. */
int t2v_load_bytes(const char *path, const char *merges_path, t2v_tokenizer *tokenizer,
                   struct t2v_settings *settings, struct t2v_err *err);

#endif
