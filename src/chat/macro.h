/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_MACRO_H
#define T2V_CHAT_MACRO_H
#include "chat/run.h"

/* The text that a macro makes with these arguments. */
struct t2v_value t2v_macro_call(struct t2v_run *run, const struct t2v_macro *macro,
                                const struct t2v_args *args);

#endif
