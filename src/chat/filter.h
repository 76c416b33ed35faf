/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_FILTER_H
#define T2V_CHAT_FILTER_H
/* Filters and tests, by name. */
#include "chat/run.h"

extern const struct t2v_native t2v_text_filters[], t2v_number_filters[], t2v_list_filters[],
    t2v_group_filters[], t2v_select_filters[], t2v_tests[];
extern const size_t t2v_n_text_filter, t2v_n_number_filter, t2v_n_list_filter, t2v_n_group_filter,
    t2v_n_select_filter, t2v_n_test;

/* Calls them on a value; fails if there is none of that name. */
struct t2v_value t2v_filter_call(struct t2v_run *run, struct t2v_str name, struct t2v_value v,
                                 const struct t2v_args *args);
bool t2v_test_call(struct t2v_run *run, struct t2v_str name, struct t2v_value v,
                   const struct t2v_args *args);
bool t2v_filter_exists(struct t2v_str name);
bool t2v_test_exists(struct t2v_str name);

#endif
