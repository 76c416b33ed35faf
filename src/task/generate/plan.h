/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_PLAN_H
#define T2V_TASK_GENERATE_PLAN_H
/* What a step of a scheduler computes. Private to task/generate. */
#include "task/generate/state.h"

/* A step has at least so many tokens of prompts: while tokens are being streamed, and else. */
enum { T2V_PLAN_FEWEST_STREAM = 8, T2V_PLAN_FEWEST_PROMPT = 64 };

/* Marks a work as failed, unless it is. rc: negative. */
void t2v_plan_fail(struct t2v_generation *generation, int rc);
/* The work's choices wait to begin, behind those of others. */
void t2v_plan_queue(struct t2v_scheduler *scheduler, struct t2v_generation *generation);
/* Removes running sequence i from those that run. */
void t2v_plan_remove(struct t2v_scheduler *scheduler, size_t i);
/* Lets sequences that wait go on, and then choices begin, one of each work in turn, as far as there
 * are pages for all of their known tokens, and one more for each that runs. Sequences whose clients
 * are slow make room for them, and those of works with several for works that have none running. A
 * work may have failed for want of memory. */
void t2v_plan_admit(struct t2v_scheduler *scheduler);
/* Running sequences that get a token in the next step. */
size_t t2v_plan_count_streams(const struct t2v_scheduler *scheduler);
/* Of the running sequences that take long beside the pass (a grammar with many ways to go on), only
 * as many are in this step as take about so many nanoseconds together, and at least one: the others
 * are skipped. They take turns. */
void t2v_plan_choose_slow(struct t2v_scheduler *scheduler, double ns);
/* Places the step's tokens in the pass. A sequence may run no longer after it, for want of pages,
 * or may have failed for want of memory. */
void t2v_plan_fill(struct t2v_scheduler *scheduler);

#endif
