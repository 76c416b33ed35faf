/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_SPACE_H
#define T2V_TOKEN_SPACE_H
/* The scratch memory of one thread; tokenizer.h makes and frees it. For this folder. */
#include "token/parts.h"
#include "token/tokenizer.h"

/* Frees buffers that only a very long text (without white space) needed: called after each text,
 * and for the buffers of pairs after each pair. */
void t2v_token_space_shrink(t2v_token_space *space);
void t2v_token_space_shrink_pair(t2v_token_space *space);

#endif
