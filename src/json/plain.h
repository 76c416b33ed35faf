/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_JSON_PLAIN_H
#define T2V_JSON_PLAIN_H
/* JSON strings: the bytes that need no escape, and where a string ends. */
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* The number of bytes at the start of s[0..n) that need no escape: well-formed UTF-8, except
 * quotes, backslashes and controls below U+0020. */
size_t t2v_json_plain_run(const uint8_t *s, size_t n);

/* The index of the quote that ends a string that began before i; s.len if there is none. */
size_t t2v_json_string_end(struct t2v_str s, size_t i);

#endif
