/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BATCH_BATCHES_H
#define T2V_BATCH_BATCHES_H
/*
 * The batches of one thread, one for each task of the engine, and their memory. The thread uses one
 * batch at a time, from its first row to its last result, so all share the same memory, which is as
 * large as the largest needs. Scratch of the net is shared by the tasks of one net. The system
 * provides a page of it only when the page is first used.
 */
#include "batch/batch.h"

struct t2v_batches {
    struct t2v_batch *of; /* [n] */
    size_t n;
    struct t2v_batch memory; /* owns what the batches borrow, except scratch: the first batch of
                              * each net owns that */
};

/* Batches for a team of n_lane. A batch has at most most_tok tokens, or as many as the longest
 * sequence of its task if that is less; but at least T2V_BATCH_TOK. The tasks are borrowed.
 * T2V_ENOMEM; the batches are for t2v_batches_deinit then, too. */
int t2v_batches_init(struct t2v_batches *batches, const struct t2v_task *const *tasks,
                     size_t n_task, size_t most_tok, int n_lane);
/* A zeroed struct is allowed. */
void t2v_batches_deinit(struct t2v_batches *batches);

#endif
