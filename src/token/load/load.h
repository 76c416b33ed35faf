/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_LOAD_LOAD_H
#define T2V_TOKEN_LOAD_LOAD_H
/* A model directory's tokenizer; the t2v_tokenizer_open of tokenizer.h are in load.c, too. */
#include "base/error.h"
#include "token/load/settings.h"
#include "token/parts.h"
#include "token/tokenizer.h"

/* Adds the settings' tokens, makes the matchers, then lets the class change the normalizer. Errors
 * as t2v_tokenizer_open. */
int t2v_settings_apply(const struct t2v_settings *settings, t2v_tokenizer *tokenizer,
                       struct t2v_err *err);

#endif
