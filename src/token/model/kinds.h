/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_MODEL_KINDS_H
#define T2V_TOKEN_MODEL_KINDS_H
/* The kinds of models: which one the `model` of a tokenizer.json is, and how it is read. */
#include <stdbool.h>

#include "base/error.h"
#include "json/json.h"
#include "token/model/model.h"

/* True when the kind of model that value describes, beside these lists, is read from lists; then
 * value need not have them. */
bool t2v_token_model_takes_lists(const t2v_json *value, const struct t2v_model_lists *lists);
/* Reads the `model` of tokenizer.json; where is its path there. lists: may be NULL for a kind that
 * is read from the tree alone. T2V_EFORMAT, T2V_EUNSUPPORTED (a kind that we do not know),
 * T2V_ETOOLARGE, T2V_ENOMEM. */
int t2v_token_model_load(const t2v_json *value, const struct t2v_model_lists *lists,
                         const char *where, struct t2v_token_model **out, struct t2v_err *err);

#endif
