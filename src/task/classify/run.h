/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_CLASSIFY_RUN_H
#define T2V_TASK_CLASSIFY_RUN_H
/*
 * What the engine asks of a classifier: texts and pairs become rows, and these logits. Private to
 * task/classify/.
 */
#include "task/task.h"

/* Of a sequence's head: a row of logits for each input. */
extern const struct t2v_task_ops t2v_sequence_ops;
/* Of the other two: a row of logits for each token. */
extern const struct t2v_task_ops t2v_token_ops;

#endif
