/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_EVAL_H
#define T2V_CHAT_EVAL_H
#include "chat/run.h"

/* The value of an expression. */
struct t2v_value t2v_eval(struct t2v_run *run, const struct t2v_node *node);
/* The value of a chain of filters whose innermost input is `input`. chain may be NULL. */
struct t2v_value t2v_eval_filters(struct t2v_run *run, const struct t2v_node *chain,
                                  struct t2v_value input);
/* The value of a CALL with one more named argument, unless that is MISSING. */
struct t2v_value t2v_eval_call(struct t2v_run *run, const struct t2v_node *node,
                               struct t2v_value caller);

#endif
