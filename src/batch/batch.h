/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BATCH_BATCH_H
#define T2V_BATCH_BATCH_H
/*
 * A batch: rows of one or several works, end to end. Rows are placed one at a time; the team
 * encodes and reduces them together; each row's result goes to its work. All rows are of one task.
 * One thread uses the same batch again and again. batches.h allocates its memory.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/team.h"
#include "batch/progress.h"
#include "net/net.h"
#include "task/task.h"

/* Maximum tokens of a batch; a longer sequence, if the model takes one, is a batch of its own. */
enum { T2V_BATCH_TOK = 1024 };

/* The time that a batch should take, in nanoseconds: other works delay a short request by so
 * much. */
enum { T2V_BATCH_NS = 50 * 1000 * 1000 };

/* Whose row a sequence of the batch is. */
struct t2v_slot {
    struct t2v_progress *progress;
    struct t2v_ready row;
};

struct t2v_batch {
    const struct t2v_task *task;
    size_t max_tok;        /* of a sequence */
    struct t2v_width room; /* what all rows of a batch may need together */
    size_t budget;         /* tokens of the next batch */
    double ns_of_tok;      /* a running mean; 0: nothing is known yet */

    /* Borrowed memory. */
    t2v_scratch *scratch;
    int32_t *ids, *types;   /* [max_tok]; types is NULL where the task is not typed */
    size_t *start;          /* [T2V_BATCH_TOK + 1] */
    size_t *unseen;         /* [T2V_BATCH_TOK] */
    struct t2v_slot *slots; /* [T2V_BATCH_TOK] */
    void **states;          /* [T2V_BATCH_TOK]: the tasks' states, of each row's work */
    size_t *at;             /* [T2V_BATCH_TOK + 1]: where each row's result begins in out */
    float *hidden;          /* [max_tok, hidden] */
    float *out, *spare;     /* [room.out], [room.spare] */

    /* The rows that are placed. */
    struct t2v_seqs seqs;
    struct t2v_width used; /* what they need */
};

/* A batch of at most max_tok tokens (at least T2V_BATCH_TOK), still without memory. The task is
 * borrowed. */
void t2v_batch_init(struct t2v_batch *batch, const struct t2v_task *task, size_t max_tok);

/* Takes everything out. */
void t2v_batch_clear(struct t2v_batch *batch);
/* Whether as many tokens as the team encodes in T2V_BATCH_NS are in it. */
bool t2v_batch_is_full(const struct t2v_batch *batch);
/* Whether a row of n_tok may still be placed; in an empty batch every one may. */
bool t2v_batch_fits(const struct t2v_batch *batch, size_t n_tok);
/* Lays the work's next ready row at the end; there must be one. */
void t2v_batch_place(struct t2v_batch *batch, struct t2v_progress *progress);
/* Encodes what is placed and gives each row's result to its work, in the order of the rows. T2V_EIO
 * when a file of the model has changed (see base/guard.h): works then get no result. */
int t2v_batch_run(struct t2v_batch *batch, t2v_team *team, struct t2v_err *err);

#endif
