/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_DECODE_LOSSY_H
#define T2V_TOKEN_DECODE_LOSSY_H
/*
 * Turns bytes that come in parts into text. Each maximal subpart of an ill-formed sequence becomes
 * U+FFFD (Unicode, chapter 3.9; String::from_utf8_lossy of Rust). The first bytes of a character
 * that is not complete are kept, at most three.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

#define T2V_LOSSY_SIGN "\xef\xbf\xbd" /* U+FFFD */

/* A zeroed struct has kept nothing. */
struct t2v_lossy {
    char kept[4];
    size_t n;
};

/* The number of bytes at the start of s (not empty) that begin a well-formed character, 0 to 4.
 * *whole: they are the whole character. */
size_t t2v_lossy_begins(struct t2v_str s, bool *whole);
/* Appends the characters that are complete. 0 or out's failure. */
int t2v_lossy_add(struct t2v_lossy *lossy, struct t2v_str bytes, struct t2v_buf *out);
/* After the last byte: kept bytes become U+FFFD. 0 or out's failure. */
int t2v_lossy_end(struct t2v_lossy *lossy, struct t2v_buf *out);

#endif
