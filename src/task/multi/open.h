/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_MULTI_OPEN_H
#define T2V_TASK_MULTI_OPEN_H
/* The task that makes a vector of each token is opened: its settings and its projection. */
#include "base/error.h"
#include "task/embed/embedder.h"
#include "task/multi/multi.h"

/* Opens the task on the model of `first`, which must outlive it; whatever the vectorizer of
 * `first`. *out is set on success alone, and freed by t2v_multi_free. T2V_EUNSUPPORTED: the
 * directory has none of the layouts, or what is not supported, by name; T2V_EFORMAT; T2V_EIO;
 * T2V_ENOMEM. */
int t2v_multi_open(const t2v_embedder *first, t2v_multi **out, struct t2v_err *err);

#endif
