/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BATCH_RUNNER_H
#define T2V_BATCH_RUNNER_H
/*
 * From works to answers, a batch at a time: what one thread of the engine does. It fills a batch
 * from the works in a task's queue, has its team encode it, and hands back the works that are
 * complete. Tasks that have works take turns. A runner is one thread's at a time; the works in it
 * are the runner's.
 */
#include "base/team.h"
#include "batch/batches.h"
#include "batch/queue.h"

/* What its owner is told, on the thread that calls the runner. */
struct t2v_runner_calls {
    /* Takes over a work whose next sequence may take long to make; NULL: the runner makes it. The
     * owner brings it back by t2v_queues_push. */
    void (*slow)(void *user, struct t2v_progress *progress);
    /* Takes over a work whose next sequence is longer than the runner's batches may be; not called
     * where they may be as long as the task's sequences. */
    void (*too_long)(void *user, struct t2v_progress *progress);
    /* A batch has been encoded: its works have moved on. */
    void (*encoded)(void *user, const struct t2v_seqs *seqs);
    /* The work is complete, or has failed (work->err). */
    void (*complete)(void *user, struct t2v_work *work);
    void *user;
};

struct t2v_runner {
    const struct t2v_task *const *tasks;
    struct t2v_runner_calls calls;
    size_t max_text_tok; /* a text of more tokens is T2V_ETOOLARGE */
    t2v_team *team;
    t2v_token_space *space;
    struct t2v_batches batches;
    struct t2v_queues queues;
    struct t2v_batch *batch;  /* the one that was filled last; NULL: none yet */
    struct t2v_list closing;  /* no sequence is left to place; complete after this batch */
    struct t2v_err lost;      /* a model's file is not what it was: no answer may be believed */
    const char *lost_message; /* what works are told then; NULL: lost's, which has a path */
};

/* The tasks [n] and the team of a runner; most_tok as in t2v_batches_init. */
struct t2v_runner_options {
    const struct t2v_task *const *tasks;
    size_t n_task, most_tok;
    int n_thread;
    size_t max_text_tok;
    const char *lost_message;
};

/* The list of tasks is borrowed; calls is copied. T2V_ENOMEM, with the reason in err; the runner is
 * for t2v_runner_deinit then, too. */
int t2v_runner_init(struct t2v_runner *runner, const struct t2v_runner_options *options,
                    const struct t2v_runner_calls *calls, struct t2v_err *err);
/* Its queues must be empty. A zeroed runner is allowed. */
void t2v_runner_deinit(struct t2v_runner *runner);

/* Takes a work; where it cannot be begun (wrong params, no memory), it is complete at once. */
void t2v_runner_add(struct t2v_runner *runner, struct t2v_work *work);
/* Fills the batch of the task whose turn it is from all its works, in the queue's order, a sequence
 * at a time, for T2V_BATCH_NS at most. */
void t2v_runner_fill(struct t2v_runner *runner);
/* The index of that task. */
size_t t2v_runner_which(const struct t2v_runner *runner);
/* Whether it is a batch of queries. */
bool t2v_runner_has_queries(const struct t2v_runner *runner);
/* Encodes it, if there is anything in it. */
void t2v_runner_encode(struct t2v_runner *runner);
/* Hands back what is complete. */
void t2v_runner_close(struct t2v_runner *runner);
/* All three, until the queues are empty. */
void t2v_runner_finish_all(struct t2v_runner *runner);

#endif
