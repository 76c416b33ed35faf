/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_SCHEDULER_H
#define T2V_TASK_GENERATE_SCHEDULER_H
/*
 * Which sequences run, and what each step of them computes. Sequences wait in the order in which
 * they came until pages are free. A step has a token of every running sequence, and of those whose
 * prompt is not computed yet a chunk, as large as the time allows. When the pool is full, the
 * sequence that began last gives its pages back and waits, to be computed again; the oldest always
 * goes on. Private to task/generate; for the engine's leader.
 */
#include "task/generate/causal.h"
#include "task/generate/generate.h"
#include "task/generate/pool.h"
#include "task/task.h"

typedef struct t2v_scheduler t2v_scheduler;

/* Both are borrowed; n_lane: of the teams. T2V_ENOMEM. */
int t2v_scheduler_new(const struct t2v_causal *causal, t2v_pool *pool, size_t page_bytes,
                      int n_lane, t2v_scheduler **out);
/* It must have no works. NULL is allowed. */
void t2v_scheduler_free(t2v_scheduler *scheduler);

/* As in struct t2v_step_ops. */
void t2v_scheduler_add(t2v_scheduler *scheduler, struct t2v_stepped *work);
bool t2v_scheduler_is_idle(const t2v_scheduler *scheduler);
bool t2v_scheduler_can_step(t2v_scheduler *scheduler);
int t2v_scheduler_step(t2v_scheduler *scheduler, t2v_team *team, bool ending,
                       struct t2v_stepped **done, struct t2v_err *err);

/* Any thread. */
void t2v_scheduler_get_stats(t2v_scheduler *scheduler, struct t2v_generator_stats *out);

#endif
