/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_COMPARE_H
#define T2V_CHAT_COMPARE_H
/* Order, truth and arithmetic of values, with Python's errors. */
#include "chat/run.h"

bool t2v_truth(struct t2v_value v);
/* Below, equal or above: -1, 0, 1; 2 if the two are not ordered (NaN). symbol is for the message:
 * '<' is not supported between ... */
int t2v_order(struct t2v_run *run, struct t2v_value a, struct t2v_value b, const char *symbol);
/* a code b, where code is that of an operator: + - * / // % ** */
struct t2v_value t2v_binary(struct t2v_run *run, unsigned code, struct t2v_value a,
                            struct t2v_value b);
struct t2v_value t2v_negate(struct t2v_run *run, struct t2v_value v);
/* A stable sort by key: [n] values to be compared, items: [n], moved along. */
void t2v_sort(struct t2v_run *run, struct t2v_value *keys, struct t2v_value *items, size_t n,
              bool reverse);

#endif
