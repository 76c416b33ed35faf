/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_UNICODE_LOWER_H
#define T2V_UNICODE_LOWER_H
/* Python's str.lower (of 3.11; code points that Unicode has assigned since then have their case).
 * Read-only; any thread. */
#include "base/buf.h"
#include "base/str.h"

/* Appends text.lower() to out; text is valid UTF-8. 0 or out's failure. */
int t2v_lower(struct t2v_str text, struct t2v_buf *out);

/* The same for the character at text[begin, next), which depends on those around it: a sigma at the
 * end of a word has another lower case. */
void t2v_lower_one(struct t2v_str text, const char *begin, const char *next, struct t2v_buf *out);

#endif
