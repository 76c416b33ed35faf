/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_FUNCTION_H
#define T2V_CHAT_FUNCTION_H
#include "chat/run.h"

/* The global functions: range, namespace, raise_exception, ...; NULL if there is none. */
const struct t2v_native *t2v_function_find(struct t2v_str name);

#endif
