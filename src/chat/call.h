/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_CALL_H
#define T2V_CHAT_CALL_H
#include "chat/run.h"

/* callee(args): a function, method, macro, recursive loop, or joiner. */
struct t2v_value t2v_call(struct t2v_run *run, struct t2v_value callee,
                          const struct t2v_args *args);

#endif
