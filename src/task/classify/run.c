/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/classify/run.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "task/classify/classifier_private.h"
#include "task/classify/rows.h"
#include "task/collect.h"

#include "base/banned.h"

/* A work. `start` and `next` use the first part, `take` the second. */
struct state {
    const t2v_classifier *classifier;
    struct t2v_inputs inputs;
    struct t2v_rows rows;

    struct t2v_collector collector; /* of sequences: its result.values alone */
};

static void close_state(void *arg)
{
    struct state *state = arg;
    t2v_rows_deinit(&state->rows);
    t2v_collect_deinit(&state->collector);
    t2v_free(state);
}

static int open_state(const t2v_task *task, const struct t2v_inputs *inputs, const void *params,
                      void **out, struct t2v_err *err)
{
    static const struct t2v_classify_params none = {0};
    const t2v_classifier *classifier = (const t2v_classifier *)task;
    size_t n_label = t2v_classifier_n_label(classifier), n_value;
    struct state *state = t2v_alloc_zero(1, sizeof *state);
    if (state == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for %zu texts", inputs->n);
    state->classifier = classifier;
    state->inputs = *inputs;
    state->collector.result.width = n_label;
    t2v_rows_init(&state->rows, classifier, params != NULL ? params : &none);
    if (task->ops == &t2v_sequence_ops && t2v_mul(inputs->n, n_label, &n_value))
        state->collector.result.values = t2v_alloc_zero(n_value, sizeof(float));
    if (task->ops == &t2v_sequence_ops && state->collector.result.values == NULL) {
        close_state(state);
        return t2v_fail(err, T2V_ENOMEM, "no memory for %zu texts", inputs->n);
    }
    *out = state;
    return 0;
}

/* --- next rows --- */

static int start(void *arg, size_t input, struct t2v_err *err)
{
    struct state *state = arg;
    const struct t2v_str *seconds = state->inputs.seconds;
    (void)err;
    t2v_rows_start(&state->rows, state->inputs.texts[input],
                   seconds != NULL ? seconds[input] : (struct t2v_str){NULL, 0});
    return 0;
}

static int next(void *arg, t2v_token_space *space, struct t2v_row *row, bool *more,
                struct t2v_err *err)
{
    struct state *state = arg;
    return t2v_rows_next(&state->rows, space, row, more, err);
}

/* --- logits of hidden states --- */

/* out[n] = the mean of the rows. */
static void mean_rows(const float *hidden, size_t n_tok, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t t = 0; t < n_tok; t++)
            sum += (double)hidden[t * n + i];
        out[i] = (float)(sum / (double)n_tok);
    }
}

/* y = dense(x) and what comes after it, for n_row rows of n. */
static void run_dense(const t2v_classifier *classifier, const float *x, size_t n_row, float *y)
{
    const struct t2v_linear *dense = &classifier->dense;
    size_t n = dense->n_out;
    const struct t2v_linear_call call = {
        .layer = dense,
        .act = classifier->act,
        .x = x,
        .stride = n * sizeof *x,
        .n_row = n_row,
        .end = n,
        .y = y,
        .ldy = n,
    };
    dense->form->linear(&call);
    for (size_t i = 0; i < n_row * n && classifier->tanh; i++)
        y[i] = tanhf(y[i]);
    if (classifier->gamma != NULL)
        t2v_model_kernels(classifier->model)
            ->layer_norm(y, NULL, n_row, n, classifier->gamma, classifier->beta, classifier->eps,
                         y);
}

/* logits = the head of n_row rows; spare: n_row rows. */
static void run_head(const t2v_classifier *classifier, const float *x, size_t n_row, float *spare,
                     float *logits)
{
    const struct t2v_linear *out = &classifier->out;
    if (n_row == 0)
        return;
    if (classifier->dense.n_out != 0) {
        run_dense(classifier, x, n_row, spare);
        x = spare;
    }
    const struct t2v_linear_call call = {
        .layer = out,
        .act = T2V_ACT_NONE,
        .x = x,
        .stride = out->n_in * sizeof *x,
        .n_row = n_row,
        .end = out->n_out,
        .y = logits,
        .ldy = out->n_out,
    };
    out->form->linear(&call);
}

/* --- a sequence's head --- */

static struct t2v_width sequence_width(const t2v_task *task, size_t n_tok)
{
    const t2v_classifier *classifier = (const t2v_classifier *)task;
    (void)n_tok;
    return (struct t2v_width){classifier->out.n_out, 2 * classifier->out.n_in};
}

/* This lane's rows: one for each sequence, in the first half of what they may use. */
static void reduce_sequences(const t2v_task *task, const struct t2v_lane *lane,
                             const struct t2v_reduction *batch)
{
    const t2v_classifier *classifier = (const t2v_classifier *)task;
    const size_t *first = batch->seqs->start;
    size_t n = classifier->out.n_in, begin, end;
    t2v_lane_share(lane, batch->seqs->n_seq, 1, &begin, &end);
    float *x = batch->spare + 2 * n * begin;
    for (size_t s = begin; s < end; s++) {
        const float *hidden = batch->hidden + first[s] * n;
        float *row = x + (s - begin) * n;
        if (classifier->mean)
            mean_rows(hidden, first[s + 1] - first[s], n, row);
        else
            memcpy(row, hidden, n * sizeof *row);
    }
    run_head(classifier, x, end - begin, x + (end - begin) * n, batch->out + batch->at[begin]);
}

static int take_sequence(void *arg, const struct t2v_taken *row, struct t2v_err *err)
{
    struct state *state = arg;
    size_t n = state->collector.result.width;
    (void)err;
    memcpy(state->collector.result.values + row->input * n, row->values, n * sizeof *row->values);
    return 0;
}

/* --- the head of each token --- */

static struct t2v_width token_width(const t2v_task *task, size_t n_tok)
{
    const t2v_classifier *classifier = (const t2v_classifier *)task;
    return (struct t2v_width){n_tok * classifier->out.n_out, n_tok * classifier->dense.n_out};
}

/* This lane's tokens, whichever row they are of. */
static void reduce_tokens(const t2v_task *task, const struct t2v_lane *lane,
                          const struct t2v_reduction *batch)
{
    const t2v_classifier *classifier = (const t2v_classifier *)task;
    size_t n = classifier->out.n_in, begin, end;
    t2v_lane_share(lane, batch->seqs->n_tok, 1, &begin, &end);
    run_head(classifier, batch->hidden + begin * n, end - begin,
             batch->spare + begin * classifier->dense.n_out,
             batch->out + begin * classifier->out.n_out);
}

static int take_tokens(void *arg, const struct t2v_taken *row, struct t2v_err *err)
{
    struct state *state = arg;
    return t2v_collect(&state->collector, row, err);
}

/* --- the answer --- */

static int finish_tokens(void *arg, struct t2v_result *out, size_t *input, struct t2v_err *err)
{
    struct state *state = arg;
    return t2v_collect_finish(&state->collector, out, input, err);
}

/* JSON has no word for what is no number. */
static int finish_sequences(void *arg, struct t2v_result *out, size_t *input, struct t2v_err *err)
{
    struct state *state = arg;
    struct t2v_result *result = &state->collector.result;
    for (size_t i = 0; i < state->inputs.n * result->width; i++) {
        *input = i / result->width;
        if (!isfinite(result->values[i]))
            return t2v_fail(err, T2V_EMODEL, "the model gave a logit that is not finite");
    }
    *out = *result;
    *result = (struct t2v_result){0};
    return 0;
}

const struct t2v_task_ops t2v_sequence_ops = {
    .name = "classify-sequence",
    .open = open_state,
    .close = close_state,
    .start = start,
    .next = next,
    .width = sequence_width,
    .reduce = reduce_sequences,
    .take = take_sequence,
    .finish = finish_sequences,
};

const struct t2v_task_ops t2v_token_ops = {
    .name = "classify-token",
    .open = open_state,
    .close = close_state,
    .start = start,
    .next = next,
    .width = token_width,
    .reduce = reduce_tokens,
    .take = take_tokens,
    .finish = finish_tokens,
};
