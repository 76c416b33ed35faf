/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_UNICODE_LOWER_H
#define T2V_UNICODE_LOWER_H
/* Python's str.lower (of 3.11; code points that Unicode has assigned since then have their case).
 * Read-only; any thread. */
#include "base/buf.h"
#include "base/str.h"

/* Appends text.lower() to out; text is valid UTF-8. 0 or out's failure. */
int t2v_lower(struct t2v_str text, struct t2v_buf *out);

#endif
