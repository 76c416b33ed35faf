/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_BYTE_LEVEL_H
#define T2V_TOKEN_BYTE_LEVEL_H
/* The alphabet of GPT-2: every byte is a printable character of one or two bytes, so that a
 * vocabulary of text can hold any bytes. Read-only, any thread. */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Appends the characters of the bytes of text. 0 or out's failure. */
int t2v_byte_level_add(struct t2v_str text, struct t2v_buf *out);
/* The byte that a character stands for, or -1. */
int t2v_byte_level_byte(uint32_t cp);
/* The bytes that the character of a byte has, 1 or 2. */
size_t t2v_byte_level_width(uint8_t byte);

#endif
