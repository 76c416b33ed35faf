/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_JSON_PLAIN_H
#define T2V_JSON_PLAIN_H
/* JSON strings: what stands for itself in one, and where one ends. */
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* The bytes at the front of s[0..n) that need no escape: well-formed UTF-8 but for quotes,
 * backslashes and the controls below U+0020. */
size_t t2v_json_plain_run(const uint8_t *s, size_t n);

/* The index of the quote that ends a string begun before i; s.len when there is none. */
size_t t2v_json_string_end(struct t2v_str s, size_t i);

#endif
