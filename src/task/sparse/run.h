/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_SPARSE_RUN_H
#define T2V_TASK_SPARSE_RUN_H
/* The functions that the engine calls: texts become rows, and hidden states become weights. Private
 * to task/sparse/. */
#include "task/task.h"

extern const struct t2v_task_ops t2v_sparse_ops;

#endif
