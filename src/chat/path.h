/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_PATH_H
#define T2V_CHAT_PATH_H
#include "chat/run.h"

/* The value under a path in v, as filters take it by `attribute`: "a.b.0", an index, or MISSING or
 * none: v itself. What is undefined on the way becomes `missing`, if that is neither MISSING nor
 * none. */
struct t2v_value t2v_path_get(struct t2v_run *run, struct t2v_value v, struct t2v_value path,
                              struct t2v_value missing);
/* In lower case if it is a text. */
struct t2v_value t2v_path_fold(struct t2v_run *run, struct t2v_value v);

#endif
