/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_BASE64_H
#define T2V_BASE_BASE64_H
/* Base64 of RFC 4648, section 4: the standard alphabet, padded, without line breaks. */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* Decodes text into out[room] and sets *len to the number of bytes. Returns false, with *len
 * undefined, when text is not base64, when its unused bits are not 0, or when room is too small. */
bool t2v_base64_decode(struct t2v_str text, void *out, size_t room, size_t *len);

/* Appends the base64 of n floats as little-endian float32. */
void t2v_base64_f32s(struct t2v_buf *buf, const float *x, size_t n);

#endif
