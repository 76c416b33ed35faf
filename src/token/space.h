/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_SPACE_H
#define T2V_TOKEN_SPACE_H
/* The scratch memory of one thread; tokenizer.h has how it is made and freed. For this room. */
#include "token/parts.h"

/* Lets go of what only a very long text (without white space) needed: after each text; and of its
 * pair, after each pair. */
void t2v_token_space_shrink(t2v_token_space *space);
void t2v_token_space_shrink_pair(t2v_token_space *space);

#endif
