/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/sparse/run.h"

#include <math.h>

#include "base/mem.h"
#include "task/collect.h"
#include "task/embed/source.h"
#include "task/sparse/sparse_private.h"

#include "base/banned.h"

/* A work. `start` and `next` use the source, `take` the rest. */
struct state {
    struct t2v_embed_source source; /* the first member */

    struct t2v_collector collector;
    int32_t *ids;  /* [vocab]: of the row that is taken */
    float *values; /* [vocab] */
    size_t vocab;
};

static void close_state(void *arg)
{
    struct state *state = arg;
    t2v_embed_source_deinit(&state->source);
    t2v_collect_deinit(&state->collector);
    t2v_free(state->ids);
    t2v_free(state->values);
    t2v_free(state);
}

static int open_state(const t2v_task *task, const struct t2v_inputs *inputs, const void *params,
                      void **out, struct t2v_err *err)
{
    const t2v_sparse *sparse = (const t2v_sparse *)task;
    struct state *state = t2v_alloc_zero(1, sizeof *state);
    if (state == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for %zu texts", inputs->n);
    state->vocab = t2v_sparse_vocab(sparse);
    state->collector.result.width = 1;
    state->ids = t2v_alloc_zero(state->vocab, sizeof *state->ids);
    state->values = t2v_alloc_zero(state->vocab, sizeof *state->values);
    int rc = state->ids != NULL && state->values != NULL
                 ? t2v_embed_source_init(&state->source, sparse->embedder, inputs, params, err)
                 : t2v_fail(err, T2V_ENOMEM, "no memory for %zu texts", inputs->n);
    if (rc != 0)
        close_state(state);
    else
        *out = state;
    return rc;
}

static struct t2v_width width(const t2v_task *task, size_t n_tok)
{
    const t2v_sparse *sparse = (const t2v_sparse *)task;
    return (struct t2v_width){sparse->head.decoder.n_out, n_tok * sparse->head.dense.n_out};
}

/* --- weights of hidden states --- */

/* Rows of tokens that go through the decoder together: 64 logits for each of at most
 * T2V_PANEL_MAX entries fit on the stack. */
enum { ROWS = 64 };

/* y = norm(act(dense(x))) for n_row rows. */
static void transform(const t2v_sparse *sparse, const float *x, size_t n_row, float *y)
{
    const struct t2v_mlm_head *head = &sparse->head;
    size_t n = head->dense.n_out;
    const struct t2v_linear_call call = {
        .layer = &head->dense,
        .act = head->act,
        .x = x,
        .stride = n * sizeof *x,
        .n_row = n_row,
        .end = n,
        .y = y,
        .ldy = n,
    };
    if (n_row == 0)
        return;
    head->dense.form->linear(&call);
    t2v_model_kernels(sparse->task.model)
        ->layer_norm(y, NULL, n_row, n, head->gamma, head->beta, head->eps, y);
}

/* The weight of a logit. A NaN stays one. */
static float weight_of(const t2v_sparse *sparse, float logit)
{
    float weight = log1pf(logit < 0 ? 0 : logit);
    return sparse->twice ? log1pf(weight) : weight;
}

/* Adds n_row tokens' logits, [n_row, n], to the entries so far: the largest logits, or the sums of
 * weights. */
static void add_logits(const t2v_sparse *sparse, const float *logits, size_t n_row, size_t n,
                       float *entries)
{
    for (size_t r = 0; r < n_row; r++) {
        const float *row = logits + r * n;
        for (size_t i = 0; i < n; i++) {
            if (sparse->sum)
                entries[i] += weight_of(sparse, row[i]);
            else if (row[i] > entries[i] || isnan(row[i]))
                entries[i] = row[i];
        }
    }
}

/* entries = the weights of the vocabulary's entries from `column` on, as many as the layer has,
 * after n_tok transformed rows. */
static void run_column(const t2v_sparse *sparse, const struct t2v_linear *layer, const float *rows,
                       size_t n_tok, float *entries)
{
    float logits[ROWS * T2V_PANEL_MAX];
    size_t n = layer->n_out;
    for (size_t i = 0; i < n; i++)
        entries[i] = 0; /* relu's least */
    for (size_t t = 0; t < n_tok; t += ROWS) {
        const struct t2v_linear_call call = {
            .layer = layer,
            .act = T2V_ACT_NONE,
            .x = rows + t * layer->n_in,
            .stride = layer->n_in * sizeof *rows,
            .n_row = n_tok - t < ROWS ? n_tok - t : ROWS,
            .end = n,
            .y = logits,
            .ldy = n,
        };
        layer->form->linear(&call);
        add_logits(sparse, logits, call.n_row, n, entries);
    }
    for (size_t i = 0; i < n && !sparse->sum; i++)
        entries[i] = weight_of(sparse, entries[i]);
}

/* The lanes share the tokens of the first layer, then the decoder's panels. */
static void reduce(const t2v_task *task, const struct t2v_lane *lane,
                   const struct t2v_reduction *batch)
{
    const t2v_sparse *sparse = (const t2v_sparse *)task;
    const struct t2v_linear *decoder = &sparse->head.decoder;
    const size_t *first = batch->seqs->start;
    size_t hidden = decoder->n_in, begin, end;
    t2v_lane_share(lane, batch->seqs->n_tok, 1, &begin, &end);
    transform(sparse, batch->hidden + begin * hidden, end - begin, batch->spare + begin * hidden);
    t2v_lane_barrier(lane);
    t2v_lane_share(lane, decoder->n_out, decoder->form->panel, &begin, &end);
    for (size_t c = begin; c < end; c += decoder->form->panel) {
        struct t2v_linear panel = *decoder;
        panel.weight = t2v_linear_panel(decoder, c);
        panel.n_out = end - c < decoder->form->panel ? end - c : decoder->form->panel;
        panel.bias = decoder->bias != NULL ? decoder->bias + c : NULL;
        for (size_t s = 0; s < batch->seqs->n_seq; s++)
            run_column(sparse, &panel, batch->spare + first[s] * hidden, first[s + 1] - first[s],
                       batch->out + batch->at[s] + c);
    }
}

/* --- the answer --- */

static int take(void *arg, const struct t2v_taken *row, struct t2v_err *err)
{
    struct state *state = arg;
    size_t n = 0;
    for (size_t i = 0; i < state->vocab; i++) {
        if (row->values[i] == 0)
            continue;
        state->ids[n] = (int32_t)i;
        state->values[n++] = row->values[i];
    }
    const struct t2v_taken pairs = {
        .input = row->input, .ids = state->ids, .n_tok = n, .values = state->values};
    return t2v_collect(&state->collector, &pairs, err);
}

static int finish(void *arg, struct t2v_result *out, size_t *input, struct t2v_err *err)
{
    struct state *state = arg;
    return t2v_collect_finish(&state->collector, out, input, err);
}

const struct t2v_task_ops t2v_sparse_ops = {
    .name = "embed-sparse",
    .open = open_state,
    .close = close_state,
    .start = t2v_embed_source_start,
    .next = t2v_embed_source_next,
    .width = width,
    .reduce = reduce,
    .take = take,
    .finish = finish,
};
