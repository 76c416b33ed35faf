/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_TASK_H
#define T2V_TASK_TASK_H
/*
 * What is computed from texts with a model: the contract between a task and the engine of batch/,
 * which knows no vectors and no labels. A work is a list of inputs, each a text or a pair of texts,
 * and the other parameters of the request (params). In this header a row is one sequence of tokens
 * that goes through the net. A task provides:
 *
 *   next            The rows of an input: one (a pair to be ranked), or many (the sentences of a
 *                   text, a long context in overlapping windows).
 *   width           How many floats the result of a row has.
 *   reduce          Computes results from hidden states, for the whole batch, with the whole team.
 *   take            Stores one row's result.
 *   finish          Builds the answer after the last row.
 *
 * A batch may have rows of several works, all of one task. The result of a row does not depend on
 * the other rows of the batch (to the bit, except with OpenBLAS).
 *
 * A kind of task is a constant table of functions. Each kind has its own function that opens a task
 * together with its model (task/embed/open.h, task/classify/open.h). A task is read-only after
 * that. The state of a work belongs to the task, from `open` to `close`. `take` runs on the thread
 * that runs the batch, for the rows in the order in which `next` made them; `start` and `next` may
 * run on the feeder's thread, at the same time as `reduce` and `take` of the same work, so they
 * must not share with these anything that changes.
 *
 * A stepped task is different: its works need many passes, each after the result of the one before
 * (generation). It keeps its works itself, and the engine lets it make a step between batches
 * (struct t2v_step_ops).
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "base/team.h"
#include "model/model.h"
#include "net/net.h"
#include "token/tokenizer.h"

/* The inputs of a work; borrowed until the work is done. */
struct t2v_inputs {
    const struct t2v_str *texts;   /* [n], valid UTF-8 */
    const struct t2v_str *seconds; /* [n], of pairs: passages, contexts; NULL: single texts */
    size_t n;
};

/* A row: one sequence of tokens. A zeroed struct is empty. */
struct t2v_row {
    struct t2v_ids ids;   /* .cut: it was cut at the limit. Empty: there is nothing to encode */
    struct t2v_ids types; /* the token_type_ids, if task->typed; else empty */
    size_t first;         /* the engine passes it on to `take`; see struct t2v_result_row */
    size_t unseen;        /* tokens at its end that no token attends to: see struct t2v_seqs */
    size_t behind;        /* tokens of the input's rows after this one, where they are known: the
                           * engine refuses too many before it computes anything; else 0 */
};
void t2v_row_deinit(struct t2v_row *row);

/* One sequence of a per-token result; its values are n_tok rows of `values`. */
struct t2v_result_row {
    size_t input; /* index of the input; sequences are in the order of inputs */
    size_t first; /* of a window: the index of its first token in the context; else 0 */
    size_t at;    /* its tokens are ids[at .. at + n_tok), its values begin at row `at` */
    size_t n_tok;
};

/* The answer of a work, which owns it. values is [n_input, width]. In a per-token result, where
 * `rows` is not NULL, it is [n_tok, width], and ids and types are those of the tokens. */
struct t2v_result {
    float *values;
    size_t width;
    struct t2v_result_row *rows; /* [n_row] */
    size_t n_row;
    int32_t *ids, *types; /* [n_tok]; types is NULL if the task does not use token_type_ids */
    size_t n_tok;
};
void t2v_result_deinit(struct t2v_result *result);

/* A batch after the net: what `reduce` reads and writes. */
struct t2v_reduction {
    const struct t2v_seqs *seqs;
    void *const *states; /* [n_seq]: the state of each sequence's work */
    float *hidden;       /* [n_tok, hidden]; may be overwritten */
    const size_t *at;    /* [n_seq + 1]: the result of sequence s is out[at[s] .. at[s + 1]) */
    float *out;
    float *spare; /* scratch; sequence s starts after the scratch of sequences 0..s-1, each of
                   * t2v_width.spare floats */
};

/* What a row of n_tok tokens needs. */
struct t2v_width {
    size_t out;   /* floats of its result */
    size_t spare; /* floats of scratch for `reduce` */
};

/* One row's result; borrowed for the call of `take`. */
struct t2v_taken {
    size_t input, first;        /* as in struct t2v_result_row */
    const int32_t *ids, *types; /* [n_tok]; types is NULL if the task does not use them */
    size_t n_tok;
    const float *values; /* [t2v_width.out] */
};

typedef struct t2v_task t2v_task;

struct t2v_task_ops {
    const char *name; /* "embed" */

    /* Begins a work of n inputs, which may be 0. params: of the kind's own type; NULL: the
     * defaults. *out is set only on success, and freed by `close`. T2V_ENOMEM, T2V_EUNSUPPORTED
     * for pairs where the task has none, or the code of a mistake in params. */
    int (*open)(const t2v_task *task, const struct t2v_inputs *inputs, const void *params,
                void **out, struct t2v_err *err);
    void (*close)(void *state);

    /* Begins an input; inputs are begun in order. Errors: whatever is wrong with the input. */
    int (*start)(void *state, size_t input, struct t2v_err *err);
    /* Replaces *row, which is used again and again, by the input's next row and sets *more, or
     * clears *more at its end. A row has at most task->max_tok tokens; the task truncates, the
     * engine counts. Every id must have a row in the embeddings: by t2v_model_use.every_row, or by
     * t2v_model_check_ids here. A row without ids is dropped, and `take` is not called for it. */
    int (*next)(void *state, t2v_token_space *space, struct t2v_row *row, bool *more,
                struct t2v_err *err);

    /* Both fields grow with n_tok, or are constant; out is at least 1. */
    struct t2v_width (*width)(const t2v_task *task, size_t n_tok);

    /* Computes the results of all rows of the batch. Every lane of the team calls it and does its
     * share (t2v_lane_share over n_seq); the results are complete when all lanes have returned.
     * `hidden` is complete on entry; a lane writes only what belongs to its own rows. It may run
     * again for the same batch, with new hidden states, so it changes nothing else. What is not
     * finite must stay so. */
    void (*reduce)(const t2v_task *task, const struct t2v_lane *lane,
                   const struct t2v_reduction *batch);
    /* Stores the result of one row. */
    int (*take)(void *state, const struct t2v_taken *row, struct t2v_err *err);
    /* Called after the last row: builds the answer and moves it to *out. It refuses a result that
     * is not finite (T2V_EMODEL). *input is read only on failure: the input that failed. */
    int (*finish)(void *state, struct t2v_result *out, size_t *input, struct t2v_err *err);
};

/* A work of a stepped task. */
struct t2v_stepped {
    const void *params;           /* the work's, of the task's own type */
    const atomic_bool *cancelled; /* give up as soon as possible */
    struct t2v_err err;           /* code 0: all went well */
    size_t n_tok;                 /* computed so far */
    struct t2v_stepped *next;     /* in its owner's list */
};

/* Of a stepped task; all are called by the engine's leader alone. */
struct t2v_step_ops {
    /* Takes a work, until `step` returns it. */
    void (*add)(const t2v_task *task, struct t2v_stepped *work);
    /* Whether it has no works. */
    bool (*is_idle)(const t2v_task *task);
    /* Whether a step would do anything: its works may all wait for their clients. */
    bool (*can_step)(const t2v_task *task);
    /* Moves its works on with the whole team, for about as long as a batch takes. ending: works
     * that wait for their clients are given up. *done: those that are complete, linked by next.
     * T2V_EIO: a file of the model is not what it was, and all works have failed. */
    int (*step)(const t2v_task *task, t2v_team *team, bool ending, struct t2v_stepped **done,
                struct t2v_err *err);
};

struct t2v_task {
    const struct t2v_task_ops *ops;   /* NULL: a stepped task */
    const struct t2v_step_ops *steps; /* of a stepped task; else NULL */
    const t2v_model *model;           /* borrowed from the owner of the task */
    size_t max_tok;                   /* of a row */
    bool typed;                       /* uses token_type_ids; else all are 0 */
};

#endif
