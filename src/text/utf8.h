/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEXT_UTF8_H
#define T2V_TEXT_UTF8_H
/* UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing above U+10FFFF. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* True when all of s is valid; else *bad (may be NULL) is where its first ill-formed sequence
 * starts, as Python's UnicodeDecodeError.start. */
bool t2v_utf8_valid(struct t2v_str s, size_t *bad);

/* Decodes the code point at the start of s (which is not empty) into *cp and returns its length in
 * bytes, 1 to 4. A wrong byte gives U+FFFD and 1, so that a loop always moves on. */
int t2v_utf8_decode(struct t2v_str s, uint32_t *cp);

/* The code point that ends at the end of s (not empty); as t2v_utf8_decode otherwise. */
int t2v_utf8_decode_last(struct t2v_str s, uint32_t *cp);

/* Writes cp (a valid scalar value) and returns its length, 1 to 4. */
int t2v_utf8_encode(uint32_t cp, char out[4]);

/* utf8proc's version and Unicode's: "2.8.0, Unicode 15.0.0". */
const char *t2v_utf8_library(void);

#endif
