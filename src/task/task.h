/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_TASK_H
#define T2V_TASK_TASK_H
/*
 * What is computed from texts with a model: the contract between a task and the engine of batch/,
 * which knows no vectors and no labels. A work is a list of inputs, each a text or a pair of texts,
 * and what the request says beside them (params). The engine asks a task three questions:
 *
 *   next rows          How does an input become rows, sequences of token ids and token types? One
 *                      (a pair to be ranked), or many (the sentences of a text, a long context in
 *                      overlapping windows).
 *   width of a result  How many floats do the hidden states of a row become?
 *   take result        What are they, and what becomes of them? `reduce` makes them of the hidden
 *                      states, by the whole team, for all rows of a batch; `take` gives those of
 *                      one row to its work; `finish` makes the answer when no row is left.
 *
 * Rows of several works share a batch, all of one task. What a row gives does not depend on its
 * neighbours.
 *
 * A kind of task is a constant table of functions. A task is made by its own `open` function, which
 * opens the model too (task/embed/embedder.h, task/classify/classifier.h), and is read-only after
 * that. The state of a work is the task's own (`open` to `close`). The engine calls `start`, `next`
 * and `finish` on one thread at a time, `take` on its own thread, in the order in which `next` made
 * the rows. `next` and `take` of one work may run at the same time on two threads, so they share
 * nothing that changes.
 *
 * Generation will need two things more: a `next` that can wait for the result of the row before,
 * and a row that names its past, the keys and values of earlier tokens (struct t2v_seqs has it).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "base/team.h"
#include "model/model.h"
#include "net/net.h"
#include "token/tokenizer.h"

/* What a work is about. All is borrowed until the work is done. */
struct t2v_inputs {
    const struct t2v_str *texts;   /* [n], valid UTF-8 */
    const struct t2v_str *seconds; /* [n], of pairs: passages, contexts; NULL: single texts */
    size_t n;
};

/* A sequence of tokens that goes through the net as one. A zeroed struct is empty. */
struct t2v_row {
    struct t2v_ids ids; /* .cut: it was cut at the limit. Without ids there is nothing to encode */
    struct t2v_ids types; /* of each token, where the task is typed; else empty */
    size_t first;         /* the task's own: see struct t2v_result_row */
};
void t2v_row_deinit(struct t2v_row *row);

/* One row of a result that has a row for each token. */
struct t2v_result_row {
    size_t input; /* rows come in the order of inputs */
    size_t first; /* where in its input it begins: of a span the token of the context, else 0 */
    size_t at;    /* its tokens are ids[at .. at + n_tok) */
    size_t n_tok;
};

/* The answer of a work, which owns it. values is [n_input, width], or where `rows` is not NULL a
 * row for each token, [n_tok, width], with the tokens beside them. */
struct t2v_result {
    float *values;
    size_t width;
    struct t2v_result_row *rows; /* [n_row] */
    size_t n_row;
    int32_t *ids, *types; /* [n_tok]; types is NULL where the task is not typed */
    size_t n_tok;
};
void t2v_result_deinit(struct t2v_result *result);

/* A batch whose rows went through the net, as the task's lanes see it. */
struct t2v_reduction {
    const struct t2v_seqs *seqs; /* row s is one of its sequences */
    void *const *states;         /* [n_seq]: of the work that each row belongs to */
    float *hidden;               /* [n_tok, hidden]; may be overwritten */
    const size_t *at;            /* [n_seq + 1]: row s becomes out[at[s] .. at[s + 1]) */
    float *out;
    float *spare; /* row s may use t2v_width.spare floats, those of all rows before it come first */
};

/* What a row of so many tokens needs. */
struct t2v_width {
    size_t out;   /* floats of its result */
    size_t spare; /* floats that `reduce` needs to make it */
};

/* One row's result. */
struct t2v_taken {
    size_t input, first;
    const int32_t *ids, *types; /* [n_tok]; types is NULL where the task is not typed */
    size_t n_tok;
    const float *values; /* [t2v_width.out] */
};

typedef struct t2v_task t2v_task;

struct t2v_task_ops {
    const char *name; /* "embed" */

    /* Begins a work. params: of the kind's own type; NULL: the defaults. *out is set on success
     * alone, and freed by `close`. T2V_ENOMEM, or what is wrong with params. */
    int (*open)(const t2v_task *task, const struct t2v_inputs *inputs, const void *params,
                void **out, struct t2v_err *err);
    void (*close)(void *state);

    /* Begins an input; they come in order. Errors name what is wrong with it. */
    int (*start)(void *state, size_t input, struct t2v_err *err);
    /* Replaces *row by the input's next row and sets *more, or clears *more at its end. */
    int (*next)(void *state, t2v_token_space *space, struct t2v_row *row, bool *more,
                struct t2v_err *err);

    /* out is at least 1. Both grow with n_tok, or are constant. */
    struct t2v_width (*width)(const t2v_task *task, size_t n_tok);

    /* Called by all lanes of the team together. It is done when all lanes have returned. */
    void (*reduce)(const t2v_task *task, const struct t2v_lane *lane,
                   const struct t2v_reduction *batch);
    int (*take)(void *state, const struct t2v_taken *row, struct t2v_err *err);
    /* No further row comes. Moves the answer to *out; on failure, which may be T2V_EMODEL (a
     * result that is not finite), *input is the one to blame. */
    int (*finish)(void *state, struct t2v_result *out, size_t *input, struct t2v_err *err);
};

struct t2v_task {
    const struct t2v_task_ops *ops;
    const t2v_model *model; /* borrowed from whoever made the task */
    size_t max_tok;         /* of a row */
    bool typed;             /* its rows have token types; else all are 0 */
};

#endif
