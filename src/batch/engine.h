/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BATCH_ENGINE_H
#define T2V_BATCH_ENGINE_H
/*
 * Turns texts into results; a task (task/task.h) defines which. A thread, the leader, takes works
 * from a queue, lets the task turn their texts into rows of tokens, puts rows of one or several
 * works end to end into a batch, encodes it with the whole team of threads, and passes the results
 * to the task. Works that arrive while a batch runs are queued. The next batch takes small works
 * first, then large ones in turn, up to a token budget. While a batch, or a step of a stepped task,
 * takes long, the express thread encodes small works at the same time; queries at once, and those
 * that wait between two batches are the next batch, at most every second one. So a short text waits
 * for long ones no longer than about one batch. Without a leader (`leader` false) the caller of
 * t2v_engine_run does the leader's work itself: bench, selftest, the tests.
 *
 * An engine has one or several tasks, each with its own model or one that tasks share. A batch has
 * rows of one task only. While works of several tasks wait, their batches take turns. So a short
 * text of one task waits for a flood of another's no longer than about one batch. The rules above
 * are for the works of one task; how many tokens a batch has is also each task's own.
 *
 * Works of a stepped task (generation) are the task's from the start: they wait in no queue here.
 * While there are any, the leader makes a step of each such task after each batch.
 *
 * Threads: submit, cancel, wake, stalled_ms and stats may be called from any thread. `done` is
 * called exactly once for every submitted work, by the leader or by the express thread, with no
 * lock held. The caller then owns the work again, and `done` may free it.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/hist.h"
#include "base/str.h"
#include "task/task.h"

typedef struct t2v_engine t2v_engine;

/* One request. The caller sets the first part, keeps everything it points to unchanged until done,
 * and calls t2v_work_deinit after it. */
struct t2v_work {
    const struct t2v_task *task;   /* one of the engine's; NULL: its first */
    const struct t2v_str *texts;   /* [n_text], valid UTF-8 */
    const struct t2v_str *seconds; /* [n_text], of pairs of texts; NULL: single texts */
    size_t n_text;
    const void *params; /* of the task: struct t2v_embed_params, ...; NULL: the defaults */
    bool is_query;      /* somebody waits for the answer: if small, it goes before others */
    void (*done)(struct t2v_work *work);
    void *user;

    /* The answer. */
    struct t2v_err err;       /* code 0: all went well */
    size_t err_text;          /* where err.code is set and a text is to blame: its index */
    struct t2v_result result; /* owned by the work; empty on failure */

    /* What it took. */
    uint64_t queued_ns; /* clock when it was submitted */
    uint64_t begun_ns;  /* clock when its first batch began */
    uint64_t ended_ns;
    uint64_t encode_ns; /* making ids of its texts, part of it while its batches ran */
    size_t n_tok;       /* encoded, special tokens included */
    size_t n_cut;       /* texts of which a sequence was cut at the token limit */

    /* The engine's own. */
    atomic_bool cancelled;         /* stays so once it is */
    size_t which;                  /* index of its task */
    size_t bytes;                  /* t2v_small_bytes of it */
    struct t2v_progress *progress; /* once it is begun; batch/progress.h */
    struct t2v_stepped stepped;    /* of a stepped task */
    struct t2v_work *next;         /* in a list, batch/queue.h */
};

struct t2v_engine_options {
    int n_thread;        /* the team; at least 1 */
    bool leader;         /* start the threads that take submitted works */
    size_t max_queue;    /* works waiting or running; one more is T2V_EBUSY */
    size_t max_text_tok; /* a text of more tokens is T2V_ETOOLARGE */
};

/* An engine of n_task tasks, at least 1. They are borrowed and must outlive the engine; the list is
 * copied. T2V_ENOMEM; *out is left as it was then. */
int t2v_engine_new(const struct t2v_task *const *tasks, size_t n_task,
                   const struct t2v_engine_options *options, t2v_engine **out, struct t2v_err *err);
/* Finishes what is queued (each work's done is called), ends the threads. NULL is allowed. */
void t2v_engine_free(t2v_engine *engine);

/* Queues work; done will be called. T2V_EBUSY when the queue is full: then done is not called. */
int t2v_engine_submit(t2v_engine *engine, struct t2v_work *work);
/* Any thread: ends the work as soon as possible. done is still called. */
void t2v_work_cancel(struct t2v_work *work);
/* Any thread: what a stepped task's works wait for may have come. */
void t2v_engine_wake(t2v_engine *engine);
/* Without a leader: does the work on the calling thread (and the team), and calls done if there is
 * one before it returns. */
void t2v_engine_run(t2v_engine *engine, struct t2v_work *work);

void t2v_work_deinit(struct t2v_work *work);

/* Milliseconds for which work has waited without progress; 0 when nothing waits. A step of the team
 * within a batch is progress, but only this call notices it. So call it more often than the limit
 * that you compare the result with. */
uint64_t t2v_engine_stalled_ms(t2v_engine *engine);
/* The process was stopped: the time until now does not count as a stall. */
void t2v_engine_resumed(t2v_engine *engine);
/* The threads of its team. */
int t2v_engine_threads(const t2v_engine *engine);
/* The option. */
size_t t2v_engine_max_text_tok(const t2v_engine *engine);

struct t2v_engine_stats {
    uint64_t n_batch, n_tok, n_seq;
    size_t n_waiting;          /* works queued or running now */
    struct t2v_hist batch_tok; /* tokens in a batch */
    struct t2v_hist batch_seq; /* sequences in a batch */
};
void t2v_engine_get_stats(t2v_engine *engine, struct t2v_engine_stats *out);

/* What was done for one task. */
struct t2v_task_stats {
    uint64_t n_work; /* complete, or failed */
    uint64_t n_batch, n_tok, n_seq;
};
/* Adds those of one of its tasks to *out. */
void t2v_engine_add_task_stats(t2v_engine *engine, const struct t2v_task *task,
                               struct t2v_task_stats *out);

#endif
