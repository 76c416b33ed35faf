/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_MODEL_WORDLEVEL_H
#define T2V_TOKEN_MODEL_WORDLEVEL_H
/* WordLevel: a pre-token is one token, or unknown. */
#include "base/error.h"
#include "base/str.h"
#include "json/json.h"
#include "token/model/model.h"

/* Errors as t2v_token_model_load. */
int t2v_wordlevel_load(const t2v_json *value, const char *where, struct t2v_token_model **out,
                       struct t2v_err *err);

#endif
