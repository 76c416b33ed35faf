/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_SPARSE_OPEN_H
#define T2V_TASK_SPARSE_OPEN_H
/* The task that makes sparse vectors is opened: its settings are read, and the head is loaded. */
#include "base/error.h"
#include "task/embed/embedder.h"
#include "task/sparse/sparse.h"

/* Opens the task on the model of `first`, which must outlive it. Prompts and limits are those of
 * the directory under sentence-transformers, whatever the vectorizer of `first`. *out is set on
 * success alone, and freed by t2v_sparse_free. T2V_EUNSUPPORTED: the model has no such head, or
 * modules.json has modules other than a Transformer and SpladePooling; else as t2v_embedder_open.
 */
int t2v_sparse_open(const t2v_embedder *first, t2v_sparse **out, struct t2v_err *err);

#endif
