/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_RUN_H
#define T2V_TASK_EMBED_RUN_H
/*
 * What the engine asks of an embedder: a text becomes the sequences of its walk, their pooled rows
 * are added up, and the sum is finished. Private to task/embed/.
 */
#include "task/task.h"

extern const struct t2v_task_ops t2v_embed_ops;

#endif
