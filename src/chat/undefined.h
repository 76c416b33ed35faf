/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_UNDEFINED_H
#define T2V_CHAT_UNDEFINED_H
/* Undefined values: of a variable that does not exist, of an attribute or item that an object
 * lacks, or for a reason of its own. */
#include "chat/run.h"

struct t2v_value t2v_undefined_name(struct t2v_run *run, struct t2v_str name);
struct t2v_value t2v_undefined_in(struct t2v_run *run, struct t2v_value object,
                                  struct t2v_value name);
struct t2v_value t2v_undefined_hint(struct t2v_run *run, const char *hint);
/* Fails with the message of an undefined value. */
struct t2v_value t2v_undefined_raise(struct t2v_run *run, struct t2v_value v);

#endif
