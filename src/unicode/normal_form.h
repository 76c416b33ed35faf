/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_UNICODE_NORMAL_FORM_H
#define T2V_UNICODE_NORMAL_FORM_H
/*
 * NFD, NFC, NFKD and NFKC, of the same age as the Hugging Face library's, see code_point.h. Any
 * thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* A growing list of code points. A zeroed struct is empty; freed with t2v_cps_deinit. */
struct t2v_cps {
    uint32_t *ptr;
    size_t len, cap;
};
int t2v_cps_add(struct t2v_cps *cps, uint32_t cp); /* 0 or T2V_ENOMEM */
void t2v_cps_deinit(struct t2v_cps *cps);
/* Puts runs of code points with a combining class into canonical order. 0 or T2V_ENOMEM. */
int t2v_cps_order(struct t2v_cps *cps);

/* Appends a normal form of text (NFD; compat: NFKD; compose: NFC or NFKC) to out. scratch: two
 * lists, overwritten. from: see from.h, or NULL. A character that is composed of several is aligned
 * with the first of them, and one that comes of decomposing with what it was part of; where marks
 * change places, the alignments stay in the order of the text, as the library's do. T2V_ENOMEM, or
 * the failure of out or from. */
int t2v_unicode_normal_form(struct t2v_str text, bool compat, bool compose,
                            struct t2v_cps scratch[2], struct t2v_buf *out, struct t2v_buf *from);

#endif
