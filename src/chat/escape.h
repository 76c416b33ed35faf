/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_ESCAPE_H
#define T2V_CHAT_ESCAPE_H
/* The escapes in a template's strings, which are Python's. */
#include "base/arena.h"
#include "base/str.h"

/* Resolves the escapes in *text, the inside of a string; a text without any is left where it is.
 * Returns NULL, or what is wrong. */
const char *t2v_escape_resolve(struct t2v_str *text, struct t2v_arena *arena);

#endif
