/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BATCH_FEEDER_H
#define T2V_BATCH_FEEDER_H
/*
 * A thread that cuts large texts into sequences, so that the engine's thread need not: a word of
 * 15 MiB takes seconds to tokenise, and short texts must not wait for it. It takes what it is given
 * in order, and runs at a lower priority than the team that encodes.
 */
#include "batch/progress.h"

typedef struct t2v_feeder t2v_feeder;

/* fed(user, progress) is called on the feeder's thread, once for each progress given, with no lock
 * held: sequences are ready, or it has ended, or its work is cancelled.
 * T2V_ENOMEM, also where no thread can be started; *out is untouched then. */
int t2v_feeder_new(size_t max_text_tok, void (*fed)(void *user, struct t2v_progress *progress),
                   void *user, t2v_feeder **out);
/* Nothing may be with it any more. NULL is allowed. */
void t2v_feeder_free(t2v_feeder *feeder);

/* Has sequences made ready; the progress is the feeder's until fed is called. */
void t2v_feeder_give(t2v_feeder *feeder, struct t2v_progress *progress);

#endif
