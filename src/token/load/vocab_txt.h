/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_LOAD_VOCAB_TXT_H
#define T2V_TOKEN_LOAD_VOCAB_TXT_H
/* vocab.txt and the settings. */
#include <stdint.h>

#include "base/error.h"
#include "token/load/settings.h"
#include "token/parts.h"
#include "token/tokenizer.h"

/* Fills a zeroed *tokenizer (its `added` initialised). What was made stays in *tokenizer on
 * failure. T2V_EFORMAT, T2V_EUNSUPPORTED, T2V_ETOOLARGE, T2V_ENOMEM, T2V_EIO. */
int t2v_load_legacy(const char *path, t2v_tokenizer *tokenizer, struct t2v_settings *settings,
                    struct t2v_err *err);
/* The ids that transformers' slow tokenizer gives to its special tokens, -1 for those that are not
 * there; vocab.json has them too. */
void t2v_legacy_special_ids(const t2v_tokenizer *tokenizer, const struct t2v_settings *settings,
                            int32_t ids[T2V_N_SPECIAL]);

#endif
