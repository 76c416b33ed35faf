/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_MODEL_WORDPIECE_H
#define T2V_TOKEN_MODEL_WORDPIECE_H
/* WordPiece: takes the longest token that the rest of the pre-token begins with, until the end. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "json/json.h"
#include "token/model/model.h"

/* A WordPiece model made step by step: new, add each token, finish. n_byte: about how
 * many bytes the tokens have. After a failure free it. */
int t2v_wordpiece_new(size_t n_byte, struct t2v_token_model **out);
int t2v_wordpiece_add(struct t2v_token_model *model, struct t2v_str token, int32_t id);
/* Where the vocabulary lacks unk_token, a text that needs it fails. */
void t2v_wordpiece_finish(struct t2v_token_model *model, struct t2v_str unk_token,
                          struct t2v_str prefix, size_t max_chars);
int t2v_wordpiece_load(const t2v_json *value, const char *where, struct t2v_token_model **out,
                       struct t2v_err *err);

#endif
