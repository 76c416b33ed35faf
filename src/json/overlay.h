/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_JSON_OVERLAY_H
#define T2V_JSON_OVERLAY_H
#include "base/buf.h"
#include "base/str.h"

/* Merges two JSON objects, given as text: appends to out the members of object, then those of more.
 * If both have a key, a reader uses the last one, that of more. 0, T2V_ENOMEM or T2V_ETOOLARGE
 * (out's limit). */
int t2v_json_overlay(struct t2v_str object, struct t2v_str more, struct t2v_buf *out);

#endif
