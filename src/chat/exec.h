/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_EXEC_H
#define T2V_CHAT_EXEC_H
/* Statements: they append to run->out. */
#include "chat/loop.h"
#include "chat/run.h"

/* Runs a list of statements; NULL: none. */
void t2v_exec(struct t2v_run *run, const struct t2v_node *body);
/* Runs it in the current scope; its output is the value. */
struct t2v_value t2v_exec_capture(struct t2v_run *run, const struct t2v_node *body);
/* Runs a recursive loop over other items, from within it; its output is the value. */
struct t2v_value t2v_exec_recurse(struct t2v_run *run, struct t2v_loop *loop,
                                  struct t2v_value items);

#endif
