/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_BASE64_H
#define T2V_BASE_BASE64_H
/* Base64 as RFC 4648, section 4 has it: the standard alphabet, padded, no line breaks. */
#include <stdbool.h>

#include "base/str.h"

/* Decodes text into out, [room] bytes, and sets *len to how many these are. False, *len then being
 * undefined, where text is not base64 (also where bits that stand for nothing are not 0) or room is
 * too small. */
bool t2v_base64_decode(struct t2v_str text, void *out, size_t room, size_t *len);

#endif
