/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_MODEL_UNIGRAM_H
#define T2V_TOKEN_MODEL_UNIGRAM_H
/* Unigram: splits a pre-token into the tokens with the largest sum of scores. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "json/json.h"
#include "token/model/model.h"

/* A Unigram model made step by step: new, add each token, finish. After a failure free it. A
 * token's id is the number of those added before it. add: T2V_ENOMEM, T2V_ETOOLARGE. */
int t2v_unigram_new(size_t n_byte, struct t2v_token_model **out);
int t2v_unigram_add(struct t2v_token_model *model, struct t2v_str token, double score);
/* unk_id: -1 for none. */
int t2v_unigram_finish(struct t2v_token_model *model, int64_t unk_id, bool byte_fallback,
                       struct t2v_err *err);
int t2v_unigram_load(const t2v_json *value, const struct t2v_model_lists *lists, const char *where,
                     struct t2v_token_model **out, struct t2v_err *err);

#endif
