/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BATCH_PROGRESS_H
#define T2V_BATCH_PROGRESS_H
/*
 * The state of one work in the engine: the input that is being turned into rows, the rows that are
 * ready for a batch, and the task's state, which takes their results. It has one owner at a time,
 * the leader, the express thread or the feeder; only t2v_progress_add may be called while the
 * feeder has it. Nothing here locks.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch/engine.h"
#include "task/task.h"

enum { T2V_READY_SEQ = 64 }; /* rows that may be ready at once */

/* A ready row, less its tokens. */
struct t2v_ready {
    size_t input, first; /* as in struct t2v_row and struct t2v_result_row */
    size_t n_tok, unseen;
};

struct t2v_progress {
    struct t2v_work *work; /* its `progress` is this */
    unsigned rank;         /* an enum t2v_rank */
    bool placed;           /* a row of it is in the batch that is being encoded */
    const struct t2v_task *task;
    size_t which; /* index of the task in the engine's list */
    void *state;  /* the task's */
    bool ended;   /* no further row will come: all inputs are at their end, or work->err is set */

    /* The input whose rows are being made. */
    size_t input;
    bool begun;         /* the task has begun it */
    struct t2v_row row; /* that it made last */
    size_t n_tok;       /* of its rows so far */
    bool cut;           /* a row of it was cut at the token limit */

    /* Ready rows: ready[first .. n_ready), their tokens end to end from n_taken on. */
    struct t2v_ready ready[T2V_READY_SEQ];
    size_t first, n_ready;
    struct t2v_ids ready_ids, ready_types; /* types: where the task is typed */
    size_t n_taken;

    /* t2v_progress_add's own. */
    struct t2v_err add_err; /* code 0: all went well */
    size_t add_input;       /* the input that it is about */
};

/* Begins a work. NULL, with work->err set, for wrong params or T2V_ENOMEM. Both are borrowed. */
struct t2v_progress *t2v_progress_new(const struct t2v_task *task, struct t2v_work *work);
/* NULL is allowed. */
void t2v_progress_free(struct t2v_progress *progress);

/* What bounds one call of t2v_progress_fill; it may go over each by one row. */
struct t2v_fill {
    size_t n_seq;         /* at most T2V_READY_SEQ */
    size_t n_tok;         /* stop when so many tokens are ready */
    uint64_t deadline_ns; /* clock; UINT64_MAX: none */
    size_t max_text_tok;  /* an input of more is T2V_ETOOLARGE */
};

/* Adds ready rows until one of the bounds is met, the work is cancelled, or it has ended. All that
 * was ready must have been taken. A row without tokens is never ready. */
void t2v_progress_fill(struct t2v_progress *progress, t2v_token_space *space,
                       const struct t2v_fill *fill);

/* True when the next row may take longer to make than the engine's thread may spend on it: its
 * input is a large one. */
bool t2v_progress_is_slow(const struct t2v_progress *progress);

/* Tokens of the next ready row; 0: none is ready. */
size_t t2v_progress_peek(const struct t2v_progress *progress);
/* Takes it: its tokens go to ids[], and types[] unless that is NULL. */
struct t2v_ready t2v_progress_take(struct t2v_progress *progress, int32_t *ids, int32_t *types);

/* Gives a row's result to its work. Rows come in the order in which they were taken. */
void t2v_progress_add(struct t2v_progress *progress, const struct t2v_taken *row);
/* All rows are added: the answer becomes the work's. work->err where the task finds it wrong; a
 * work that has failed is left as it is. */
void t2v_progress_finish(struct t2v_progress *progress);

#endif
