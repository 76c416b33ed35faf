/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_UNICODE_UPPER_H
#define T2V_UNICODE_UPPER_H
/* Python's str.upper, capitalize, title and swapcase, as unicode/lower.h has str.lower. Read-only;
 * any thread. */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* The code points whose upper or title case is more than one; sorted; zeros follow. upper_data.c */
struct t2v_upper_special {
    uint32_t cp, upper[3], title[3];
};
extern const struct t2v_upper_special t2v_upper_specials[];
extern const size_t t2v_upper_n_special;

/* Each appends to out; text is valid UTF-8. 0 or out's failure. */
int t2v_upper(struct t2v_str text, struct t2v_buf *out);
int t2v_upper_capitalize(struct t2v_str text, struct t2v_buf *out);
int t2v_upper_title(struct t2v_str text, struct t2v_buf *out);
int t2v_upper_swapcase(struct t2v_str text, struct t2v_buf *out);

#endif
