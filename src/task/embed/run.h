/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_RUN_H
#define T2V_TASK_EMBED_RUN_H
/*
 * The functions that the engine calls for an embedder: they split a text into sequences (walk.h),
 * pool each sequence, add the pooled rows up, and turn the sum into the vector. Private to
 * task/embed/.
 */
#include "task/task.h"

extern const struct t2v_task_ops t2v_embed_ops;

#endif
