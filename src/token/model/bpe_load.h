/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_MODEL_BPE_LOAD_H
#define T2V_TOKEN_MODEL_BPE_LOAD_H
/* BPE out of tokenizer.json, or of vocab.json. */
#include "base/error.h"
#include "base/str.h"
#include "json/json.h"
#include "token/model/model.h"

/* Adds all of the text of a vocab.json, which messages do not name. */
int t2v_bpe_read_vocab(struct t2v_token_model *model, struct t2v_str text, struct t2v_err *err);
/* Errors as t2v_token_model_load. */
int t2v_bpe_load(const t2v_json *value, const struct t2v_model_lists *lists, const char *where,
                 struct t2v_token_model **out, struct t2v_err *err);

#endif
