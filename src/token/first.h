/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_FIRST_H
#define T2V_TOKEN_FIRST_H
/* The first text of a pair, encoded: it is kept for the next pair, which often has the same (a
 * query and its documents). */
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "token/ids.h"
#include "token/tokenizer.h"

/* Zeroed, it is empty. */
struct t2v_first_text {
    struct t2v_str text; /* borrowed; ptr NULL: none */
    size_t max_tok;      /* of the pair */
    struct t2v_ids ids;  /* the tokens of which a pair may have some: max_tok at most */
    size_t n_tok;        /* of the whole text */
};

/* Encodes text as t2v_tokenizer_encode_bare does, unless *first has it: a text at the same place,
 * of the same length and with the same max_tok is taken for the same. *first is of one tokenizer,
 * and its text must not change. Errors are those of t2v_tokenizer_encode_bare. */
int t2v_first_text_set(struct t2v_first_text *first, const t2v_tokenizer *tokenizer,
                       t2v_token_space *space, struct t2v_str text, size_t max_tok,
                       struct t2v_err *err);
void t2v_first_text_deinit(struct t2v_first_text *first);

#endif
