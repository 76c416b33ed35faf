/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_JSON_OVERLAY_H
#define T2V_JSON_OVERLAY_H
#include "base/buf.h"
#include "base/str.h"

/* Copies the text of an object to out, with the members of more, another object's text, after its
 * own: where both have a key, a reader takes the last one, that of more. Both texts must be JSON
 * objects. T2V_ENOMEM, T2V_ETOOLARGE (out has a ceiling). */
int t2v_json_overlay(struct t2v_str object, struct t2v_str more, struct t2v_buf *out);

#endif
