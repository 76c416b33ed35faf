/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_BIND_H
#define T2V_CHAT_BIND_H
/* Calls of built-in functions: arguments are assigned to parameters. */
#include "chat/run.h"

/* The method `native` of an object, as a value. */
struct t2v_value t2v_bind(struct t2v_run *run, const struct t2v_native *native,
                          struct t2v_value self);
/* Calls it; fails if the arguments do not fit its parameters. */
struct t2v_value t2v_native_call(struct t2v_run *run, const struct t2v_native *native,
                                 struct t2v_value self, const struct t2v_args *args);
/* The one of n that has this name, or NULL. */
const struct t2v_native *t2v_native_find(const struct t2v_native *natives, size_t n,
                                         struct t2v_str name);

/* Arguments of a native with params. The default for MISSING; a failure if of another type. */
int64_t t2v_arg_int(struct t2v_run *run, struct t2v_value arg, int64_t missing);
struct t2v_str t2v_arg_text(struct t2v_run *run, struct t2v_value arg, const char *missing);

#endif
