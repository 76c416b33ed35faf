/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_FIRST_H
#define T2V_TOKEN_FIRST_H
/* The first text of a pair, encoded: it is kept for the next pair, which often has the same (a
 * query and its documents). */
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "token/ids.h"

/* Zeroed, it is empty. */
struct t2v_first_text {
    struct t2v_str text; /* borrowed; ptr NULL: none */
    size_t max_tok;      /* of the pair */
    struct t2v_ids ids;  /* the tokens of which a pair may have some: max_tok at most */
    size_t n_tok;        /* of the whole text */
};

/* Whether *first is of this text: at the same place, of the same length and with the same
 * max_tok. The text must not have changed, and the tokenizer must be the same. */
bool t2v_first_text_is(const struct t2v_first_text *first, struct t2v_str text, size_t max_tok);
/* first->ids has all tokens of text: sets the rest, and drops ids that no pair can have, those at
 * the start if cut_left. */
void t2v_first_text_set(struct t2v_first_text *first, struct t2v_str text, size_t max_tok,
                        bool cut_left);
void t2v_first_text_deinit(struct t2v_first_text *first);

#endif
