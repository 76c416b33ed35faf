/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_CLASSIFY_RUN_H
#define T2V_TASK_CLASSIFY_RUN_H
/*
 * The functions that the engine calls for a classifier: they turn texts and pairs into rows, and
 * hidden states into logits. Private to task/classify/.
 */
#include "task/task.h"

/* T2V_CLASSIFY_SEQUENCE: the result has a row of logits for each input. */
extern const struct t2v_task_ops t2v_sequence_ops;
/* The other two kinds: the result has a row of logits for each token. */
extern const struct t2v_task_ops t2v_token_ops;

#endif
