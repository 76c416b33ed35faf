/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_BODY_H
#define T2V_HTTP_BODY_H
/* What a body that is not JSON most likely is, so that the answer can say how to send it. */
#include "base/str.h"

/* body: one that the JSON reader refused. Returns a static message, which quotes nothing of it;
 * NULL when it looks like JSON, and the reader's own message is the better one. */
const char *t2v_body_mistake(struct t2v_str body);

#endif
