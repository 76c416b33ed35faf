/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_UNICODE_SPACE_H
#define T2V_UNICODE_SPACE_H
/* White space as Python's str.isspace, str.split and re's \s have it: 29 code points, all below
 * U+3001. Read-only; any thread. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

bool t2v_space_is(uint32_t cp);

/* The length in bytes, 1 to 3, of the white space character at the start of s; 0 when there is
 * none, or s is empty. */
int t2v_space_first(struct t2v_str s);
/* The same at the end of s. */
int t2v_space_last(struct t2v_str s);

/* Where the white space that begins at `at` (<= text.len) ends; `at` when none begins there. */
size_t t2v_space_skip(struct t2v_str text, size_t at);

/* text.strip() */
struct t2v_str t2v_space_strip(struct t2v_str text);

/* Appends " ".join(text.split()) to out; text is valid UTF-8. 0 or out's failure. */
int t2v_space_collapse(struct t2v_str text, struct t2v_buf *out);

#endif
