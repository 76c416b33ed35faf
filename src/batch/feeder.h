/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BATCH_FEEDER_H
#define T2V_BATCH_FEEDER_H
/*
 * A thread that tokenises large texts, so that the leader need not: a word of 15 MiB takes seconds,
 * and short texts must not wait for it. It processes works in the order of t2v_feeder_give, those
 * of different tasks in turn, at a lower priority than the team that encodes.
 */
#include "batch/progress.h"

typedef struct t2v_feeder t2v_feeder;

/* fed(user, progress) is called on the feeder's thread, once for each t2v_feeder_give, with no lock
 * held: sequences are ready, or the work has no more, has failed or is cancelled.
 * T2V_ENOMEM, also where no thread can be started; *out is untouched then. */
int t2v_feeder_new(size_t n_task, size_t max_text_tok,
                   void (*fed)(void *user, struct t2v_progress *progress), void *user,
                   t2v_feeder **out);
/* fed must have been called for every work. NULL is allowed. */
void t2v_feeder_free(t2v_feeder *feeder);

/* Queues a work, so that sequences of it become ready. The feeder owns it until fed is called. */
void t2v_feeder_give(t2v_feeder *feeder, struct t2v_progress *progress);

#endif
