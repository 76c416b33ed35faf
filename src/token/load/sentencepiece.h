/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_LOAD_SENTENCEPIECE_H
#define T2V_TOKEN_LOAD_SENTENCEPIECE_H
/* SentencePiece's model file and the settings. */
#include "base/error.h"
#include "token/load/settings.h"
#include "token/parts.h"
#include "token/tokenizer.h"

/* The name of the SentencePiece model of the settings' class, or NULL. */
const char *t2v_spm_file(const struct t2v_settings *settings);
/* Fills a zeroed *tokenizer (its `added` initialised). What was made stays in *tokenizer on
 * failure. T2V_EFORMAT, T2V_EUNSUPPORTED, T2V_ETOOLARGE, T2V_ENOMEM, T2V_EIO. */
int t2v_load_spm(const char *path, t2v_tokenizer *tokenizer, struct t2v_settings *settings,
                 struct t2v_err *err);

#endif
