/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_DECODE_LOSSY_H
#define T2V_TOKEN_DECODE_LOSSY_H
/*
 * Bytes that come in parts, as text: what is not UTF-8 becomes U+FFFD, one for each maximal subpart
 * of an ill-formed sequence (Unicode's chapter 3.9; String::from_utf8_lossy of Rust). A character
 * whose last bytes have not come yet waits: at most three bytes are kept.
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

/* How many bytes at the start of s (not empty) begin a well-formed character, 0 to 4; *whole: they
 * are all of it. */
size_t t2v_lossy_begins(struct t2v_str s, bool *whole);
/* Appends the characters that are certain now. 0 or out's failure. */
int t2v_lossy_add(struct t2v_lossy *lossy, struct t2v_str bytes, struct t2v_buf *out);
/* The end: what is kept becomes U+FFFD. 0 or out's failure. */
int t2v_lossy_end(struct t2v_lossy *lossy, struct t2v_buf *out);

#endif
