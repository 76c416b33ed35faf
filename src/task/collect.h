/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_COLLECT_H
#define T2V_TASK_COLLECT_H
/*
 * Collects the rows of a per-token result (see struct t2v_result). Private to task/.
 */
#include <stddef.h>

#include "base/error.h"
#include "task/task.h"

/* A zeroed struct but for result.width is empty. The lists grow. */
struct t2v_collector {
    struct t2v_result result;
    size_t cap_value, cap_id, cap_type, cap_row;
};

/* Adds a row: values is [row->n_tok, result.width]. T2V_ENOMEM; the collector is as it was then. */
int t2v_collect(struct t2v_collector *collector, const struct t2v_taken *row, struct t2v_err *err);
/* Moves the result to *out. T2V_EMODEL where a value is not finite: *input is then the input that
 * it belongs to. */
int t2v_collect_finish(struct t2v_collector *collector, struct t2v_result *out, size_t *input,
                       struct t2v_err *err);
void t2v_collect_deinit(struct t2v_collector *collector);

#endif
