/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_PRINT_H
#define T2V_CHAT_PRINT_H
/* Values as text: Python's str and repr. */
#include "chat/run.h"

/* Appends str(v), or repr(v), to out. */
void t2v_print(struct t2v_run *run, struct t2v_buf *out, struct t2v_value v);
void t2v_print_repr(struct t2v_run *run, struct t2v_buf *out, struct t2v_value v);
/* The same as values; strings are returned as they are by t2v_str_value. */
struct t2v_value t2v_str_value(struct t2v_run *run, struct t2v_value v);
struct t2v_value t2v_repr(struct t2v_run *run, struct t2v_value v);
/* Appends repr of a float: the shortest decimal that reads back as the same. */
void t2v_print_float(struct t2v_buf *out, double x);

#endif
