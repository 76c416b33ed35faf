/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_ROOT_H
#define T2V_HTTP_API_ROOT_H
/*
 * POST /, where clients of Hugging Face's inference endpoints and of text-embeddings-inference send
 * different requests to the same path. The body decides what is meant, then what the model can do;
 * the operation that is meant then reads the body. Errors are those of tei.h.
 */
#include "http/api/api.h"

/* A job of it becomes one of the operation that is meant (job->operation). */
extern const struct t2v_operation t2v_root;

#endif
