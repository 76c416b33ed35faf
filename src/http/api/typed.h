/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_TYPED_H
#define T2V_HTTP_API_TYPED_H
/* Errors as {"error": message, "error_type": name}, with the names of text-embeddings-inference. */
#include "http/api/api.h"

/* The `fail` of an API (api.h). */
void t2v_typed_fail(const struct t2v_fault *fault, struct t2v_reply *reply);

#endif
