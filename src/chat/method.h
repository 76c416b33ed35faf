/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_METHOD_H
#define T2V_CHAT_METHOD_H
#include "chat/run.h"

/* The methods of str. */
extern const struct t2v_native t2v_text_methods[], t2v_split_methods[];
extern const size_t t2v_n_text_method, t2v_n_split_method;

/* The method object.name, bound to its object. False: there is none. For what would change the
 * object, or has two underscores, an undefined value that says so. */
bool t2v_method_find(struct t2v_run *run, struct t2v_value object, struct t2v_str name,
                     struct t2v_value *out);

#endif
