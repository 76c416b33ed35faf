/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_JSON_PLAIN_H
#define T2V_JSON_PLAIN_H
/* What stands for itself in a JSON string. */
#include <stddef.h>
#include <stdint.h>

/* The bytes at the front of s[0..n) that need no escape: well-formed UTF-8 but for quotes,
 * backslashes and the controls below U+0020. */
size_t t2v_json_plain_run(const uint8_t *s, size_t n);

#endif
