/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_MULTI_RUN_H
#define T2V_TASK_MULTI_RUN_H
/* The functions that the engine calls: texts become rows, and hidden states become vectors. Private
 * to task/multi/. */
#include "task/task.h"

extern const struct t2v_task_ops t2v_multi_ops;

#endif
