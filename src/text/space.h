/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEXT_SPACE_H
#define T2V_TEXT_SPACE_H
/* White space as Python's str.isspace and str.split() have it. */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

bool t2v_space_is(uint32_t cp);

/* Appends " ".join(text.split()) to out; text is valid UTF-8. 0 or out's failure. */
int t2v_space_collapse(struct t2v_str text, struct t2v_buf *out);

#endif
