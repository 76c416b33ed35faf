/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_REGEX_ESCAPE_H
#define T2V_REGEX_ESCAPE_H
/*
 * Escapes and named sets of Oniguruma: \n, \x{e9}, \d, \p{L}, [:alpha:], \b, \1. Outside of a class
 * a set is written as a class of its own. Errors: T2V_EUNSUPPORTED, T2V_EFORMAT.
 */
#include <stdbool.h>
#include <stdint.h>

#include "regex/translation.h"

/* Translates an escape; tr->at is after the backslash. inside: within [...]. */
int t2v_escape(struct t2v_translation *tr, bool inside);
/* Reads an escape that is one character; tr->at is after the letter. Its code point, or -1 if it is
 * something else. */
int64_t t2v_escape_char(struct t2v_translation *tr, char letter);
/* Translates [:name:] or [:^name:] within [...]; tr->at is at the '['. */
int t2v_escape_posix_set(struct t2v_translation *tr);

#endif
