/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEST_BATCH_FIRST_TASK_H
#define T2V_TEST_BATCH_FIRST_TASK_H
/*
 * A task over the model of another one: the sum of the hidden states of the first token of each
 * row, where a row is ROW_TOK tokens and every fourth byte of the text is one. The first byte of a
 * text can make it fail: 's' in start, 'n' in next, 't' in take, 'f' in finish; and so does 'o', if
 * it is the first text, in open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "task/task.h"

enum { ROW_TOK = 16, N_FIRST_ID = 50 };

struct first_state {
    const t2v_task *task;
    struct t2v_inputs inputs;
    size_t input, at; /* of the row that is next */
    size_t hidden;
    float *sums; /* [inputs.n, hidden] */
};

static inline size_t first_hidden(const t2v_task *task)
{
    return t2v_net_shape(t2v_model_net(task->model))->hidden;
}

static inline char first_byte(const struct t2v_inputs *inputs, size_t input)
{
    return inputs->n > input && inputs->texts[input].len > 0 ? inputs->texts[input].ptr[0] : 0;
}

static inline int first_open(const t2v_task *task, const struct t2v_inputs *inputs,
                             const void *params, void **out, struct t2v_err *err)
{
    (void)params;
    if (first_byte(inputs, 0) == 'o')
        return t2v_fail(err, T2V_EUNSUPPORTED, "open");
    struct first_state *state = calloc(1, sizeof *state);
    *state = (struct first_state){.task = task, .inputs = *inputs, .hidden = first_hidden(task)};
    state->sums = calloc(inputs->n * state->hidden + 1, sizeof(float));
    *out = state;
    return 0;
}

static inline void first_close(void *arg)
{
    struct first_state *state = arg;
    free(state->sums);
    free(state);
}

static inline int first_start(void *arg, size_t input, struct t2v_err *err)
{
    struct first_state *state = arg;
    state->input = input;
    state->at = 0;
    return first_byte(&state->inputs, input) == 's' ? t2v_fail(err, T2V_EEMPTY, "start") : 0;
}

static inline int first_next(void *arg, t2v_token_space *space, struct t2v_row *row, bool *more,
                             struct t2v_err *err)
{
    struct first_state *state = arg;
    const struct t2v_str text = state->inputs.texts[state->input];
    (void)space;
    row->ids.len = 0;
    *more = state->at < text.len;
    if (*more && first_byte(&state->inputs, state->input) == 'n')
        return t2v_fail(err, T2V_ETOOLARGE, "next");
    for (size_t i = 0; i < ROW_TOK && state->at < text.len; i++, state->at += 4) {
        int rc = t2v_ids_add(&row->ids, (unsigned char)text.ptr[state->at] % N_FIRST_ID);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static inline struct t2v_width first_width(const t2v_task *task, size_t n_tok)
{
    (void)n_tok;
    return (struct t2v_width){first_hidden(task), 1};
}

static inline void first_reduce(const t2v_task *task, const struct t2v_lane *lane,
                                const struct t2v_reduction *batch)
{
    size_t begin, end, hidden = first_hidden(task);
    t2v_lane_share(lane, batch->seqs->n_seq, 1, &begin, &end);
    for (size_t s = begin; s < end; s++) {
        const float *from = batch->hidden + batch->seqs->start[s] * hidden;
        for (size_t i = 0; i < hidden; i++)
            batch->out[batch->at[s] + i] = from[i];
    }
}

static inline int first_take(void *arg, const struct t2v_taken *row, struct t2v_err *err)
{
    struct first_state *state = arg;
    if (first_byte(&state->inputs, row->input) == 't')
        return t2v_fail(err, T2V_ENOMEM, "take");
    for (size_t i = 0; i < state->hidden; i++)
        state->sums[row->input * state->hidden + i] += row->values[i];
    return 0;
}

static inline int first_finish(void *arg, struct t2v_result *out, size_t *input,
                               struct t2v_err *err)
{
    struct first_state *state = arg;
    size_t n = state->inputs.n * state->hidden;
    for (*input = 0; *input < state->inputs.n; ++*input) {
        if (first_byte(&state->inputs, *input) == 'f')
            return t2v_fail(err, T2V_EMODEL, "finish");
    }
    *out = (struct t2v_result){.values = t2v_alloc_zero(n, sizeof(float)), .width = state->hidden};
    assert_non_null(out->values);
    for (size_t i = 0; i < n; i++)
        out->values[i] = state->sums[i];
    return 0;
}

/* The task over the model of `other`, which must have N_FIRST_ID tokens at least. */
static inline struct t2v_task first_task(const t2v_task *other)
{
    static const struct t2v_task_ops ops = {
        .name = "first",
        .open = first_open,
        .close = first_close,
        .start = first_start,
        .next = first_next,
        .width = first_width,
        .reduce = first_reduce,
        .take = first_take,
        .finish = first_finish,
    };
    return (struct t2v_task){.ops = &ops, .model = other->model, .max_tok = ROW_TOK};
}

#endif
