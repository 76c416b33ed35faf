/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/classify/run.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "task/classify/classifier_private.h"
#include "task/classify/rows.h"

#include "base/banned.h"

enum { FIRST_ITEMS = 128 };

/* A work. `start` and `next` use the first part, `take` the second. */
struct state {
    const t2v_classifier *classifier;
    struct t2v_inputs inputs;
    struct t2v_rows rows;

    struct t2v_result result;
    size_t cap_value, cap_id, cap_type, cap_row; /* of its lists, where they grow */
};

static void close_state(void *arg)
{
    struct state *state = arg;
    t2v_rows_deinit(&state->rows);
    t2v_result_deinit(&state->result);
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
    state->result.width = n_label;
    t2v_rows_init(&state->rows, classifier, params != NULL ? params : &none);
    if (task->ops == &t2v_sequence_ops && t2v_mul(inputs->n, n_label, &n_value))
        state->result.values = t2v_alloc_zero(n_value, sizeof(float));
    if (task->ops == &t2v_sequence_ops && state->result.values == NULL) {
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
    size_t n = state->result.width;
    (void)err;
    memcpy(state->result.values + row->input * n, row->values, n * sizeof *row->values);
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

/* The list, with room for `more` items after its n, of which it had room for *cap. NULL: no memory,
 * and the list is as it was. */
static void *reserve(void *list, size_t n, size_t more, size_t *cap, size_t size)
{
    size_t want = n + more, wide = 2 * *cap > FIRST_ITEMS ? 2 * *cap : FIRST_ITEMS;
    if (want <= *cap)
        return list;
    size_t grown = want > wide ? want : wide;
    void *moved = t2v_resize(list, grown, size);
    if (moved != NULL)
        *cap = grown;
    return moved;
}

static bool make_room(struct state *state, size_t n_tok)
{
    struct t2v_result *r = &state->result;
    void *rows = reserve(r->rows, r->n_row, 1, &state->cap_row, sizeof *r->rows);
    if (rows != NULL)
        r->rows = rows;
    void *ids = reserve(r->ids, r->n_tok, n_tok, &state->cap_id, sizeof *r->ids);
    if (ids != NULL)
        r->ids = ids;
    void *types = reserve(r->types, r->n_tok, n_tok, &state->cap_type, sizeof *r->types);
    if (types != NULL)
        r->types = types;
    void *values = reserve(r->values, r->n_tok * r->width, n_tok * r->width, &state->cap_value,
                           sizeof *r->values);
    if (values != NULL)
        r->values = values;
    return rows != NULL && ids != NULL && types != NULL && values != NULL;
}

static int take_tokens(void *arg, const struct t2v_taken *row, struct t2v_err *err)
{
    struct state *state = arg;
    struct t2v_result *result = &state->result;
    size_t n = row->n_tok, at = result->n_tok;
    if (!make_room(state, n))
        return t2v_fail(err, T2V_ENOMEM, "no memory for the logits of %zu tokens", n);
    result->rows[result->n_row++] = (struct t2v_result_row){row->input, row->first, at, n};
    memcpy(result->ids + at, row->ids, n * sizeof *row->ids);
    memcpy(result->types + at, row->types, n * sizeof *row->types);
    memcpy(result->values + at * result->width, row->values,
           n * result->width * sizeof *row->values);
    result->n_tok += n;
    return 0;
}

/* --- the answer --- */

static bool all_finite(const float *x, size_t n)
{
    bool finite = true;
    for (size_t i = 0; i < n; i++)
        finite &= isfinite(x[i]) != 0;
    return finite;
}

/* JSON has no word for what is no number. */
static int finish(void *arg, struct t2v_result *out, size_t *input, struct t2v_err *err)
{
    struct state *state = arg;
    const struct t2v_result *result = &state->result;
    bool by_token = result->rows != NULL;
    size_t n = by_token ? result->n_row : state->inputs.n;
    for (size_t i = 0; i < n; i++) {
        const struct t2v_result_row *row = by_token ? &result->rows[i] : NULL;
        size_t at = by_token ? row->at : i, n_row = by_token ? row->n_tok : 1;
        *input = by_token ? row->input : i;
        if (!all_finite(result->values + at * result->width, n_row * result->width))
            return t2v_fail(err, T2V_EMODEL, "the model gave a logit that is not finite");
    }
    *out = *result;
    state->result = (struct t2v_result){0};
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
    .finish = finish,
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
    .finish = finish,
};
