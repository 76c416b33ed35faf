/* SPDX-License-Identifier: BSD-3-Clause */
#include "batch/batch.h"

#include "base/clock.h"
#include "base/guard.h"
#include "base/mem.h"

#include "base/banned.h"

/* With so many tokens the kernels are near their best. */
enum { FEWEST_TOK = 128 };

int t2v_batch_init(struct t2v_batch *batch, const t2v_model *model, size_t max_tok, int n_lane)
{
    const t2v_net *encoder = t2v_model_encoder(model);
    size_t hidden_dim = t2v_net_shape(encoder)->hidden, width = t2v_model_width(model);
    size_t n_hidden;
    *batch = (struct t2v_batch){
        .model = model,
        .hidden_dim = hidden_dim,
        .width = width,
        .max_tok = max_tok,
        .budget = FEWEST_TOK * 2, /* nobody knows yet how large the model is */
    };
    if (!t2v_mul(max_tok, hidden_dim, &n_hidden))
        return T2V_ENOMEM;
    batch->ids = t2v_alloc_zero(max_tok, sizeof *batch->ids);
    batch->start = t2v_alloc_zero(T2V_BATCH_TOK + 1, sizeof *batch->start);
    batch->slots = t2v_alloc_zero(T2V_BATCH_TOK, sizeof *batch->slots);
    batch->hidden = t2v_alloc_aligned(n_hidden, sizeof(float));
    batch->pooled = t2v_alloc_aligned(T2V_BATCH_TOK * width, sizeof(float));
    batch->spare = t2v_alloc_aligned(T2V_BATCH_TOK * width, sizeof(float));
    if (batch->ids == NULL || batch->start == NULL || batch->slots == NULL ||
        batch->hidden == NULL || batch->pooled == NULL || batch->spare == NULL)
        return T2V_ENOMEM;
    return t2v_scratch_new(encoder, max_tok, n_lane, &batch->scratch);
}

void t2v_batch_deinit(struct t2v_batch *batch)
{
    t2v_scratch_free(batch->scratch);
    t2v_free(batch->ids);
    t2v_free(batch->start);
    t2v_free(batch->slots);
    t2v_free(batch->hidden);
    t2v_free(batch->pooled);
    t2v_free(batch->spare);
    *batch = (struct t2v_batch){0};
}

void t2v_batch_clear(struct t2v_batch *batch)
{
    batch->seqs = (struct t2v_seqs){.ids = batch->ids, .start = batch->start};
    batch->start[0] = 0;
}

bool t2v_batch_is_full(const struct t2v_batch *batch)
{
    return batch->seqs.n_tok >= batch->budget;
}

bool t2v_batch_fits(const struct t2v_batch *batch, size_t n_tok)
{
    return batch->seqs.n_seq == 0 || batch->seqs.n_tok + n_tok <= batch->budget;
}

void t2v_batch_place(struct t2v_batch *batch, struct t2v_progress *progress)
{
    struct t2v_seqs *seqs = &batch->seqs;
    struct t2v_work *work = progress->work;
    size_t n_tok = t2v_progress_peek(progress);
    size_t text = t2v_progress_take(progress, batch->ids + seqs->n_tok);
    batch->slots[seqs->n_seq] = (struct t2v_slot){progress, text};
    progress->placed = true;
    seqs->n_tok += n_tok;
    seqs->n_seq++;
    batch->start[seqs->n_seq] = seqs->n_tok;
    if (work->n_tok == 0)
        work->begun_ns = t2v_clock_ns();
    work->n_tok += n_tok;
}

/* What each lane does with a batch. */
static void encode(void *arg, const struct t2v_lane *lane)
{
    struct t2v_batch *batch = arg;
    const struct t2v_seqs *seqs = &batch->seqs;
    t2v_net_forward(t2v_model_encoder(batch->model), lane, seqs, batch->scratch, batch->hidden);
    size_t begin, end;
    t2v_lane_share(lane, seqs->n_seq, 1, &begin, &end);
    for (size_t s = begin; s < end; s++)
        t2v_pool(&batch->slots[s].progress->plan,
                 batch->hidden + seqs->start[s] * batch->hidden_dim,
                 seqs->start[s + 1] - seqs->start[s], batch->hidden_dim,
                 batch->pooled + s * batch->width);
    t2v_model_project(batch->model, batch->pooled + begin * batch->width,
                      batch->spare + begin * batch->width, end - begin);
}

static void scatter(struct t2v_batch *batch)
{
    for (size_t s = 0; s < batch->seqs.n_seq; s++) {
        const struct t2v_slot *slot = &batch->slots[s];
        t2v_progress_add(slot->progress, slot->text, batch->pooled + s * batch->width);
    }
}

/* What the next batch may hold, after one that took ns. A small one says nothing: most of its time
 * goes to reading the weights. */
static void learn_budget(struct t2v_batch *batch, uint64_t ns)
{
    if (batch->seqs.n_tok < FEWEST_TOK)
        return;
    double seen = (double)ns / (double)batch->seqs.n_tok;
    bool first = batch->ns_of_tok == 0;
    batch->ns_of_tok += (seen - batch->ns_of_tok) * (first ? 1 : 0.25);
    double budget = T2V_BATCH_NS / batch->ns_of_tok;
    batch->budget = budget < FEWEST_TOK      ? FEWEST_TOK
                    : budget < T2V_BATCH_TOK ? (size_t)budget
                                             : T2V_BATCH_TOK;
}

int t2v_batch_run(struct t2v_batch *batch, t2v_team *team, struct t2v_err *err)
{
    uint64_t begin = t2v_clock_ns();
    int said;
    do {
        unsigned mark = t2v_guard_mark();
        t2v_team_run(team, encode, batch);
        said = t2v_guard_check(mark, err);
    } while (said > 0);
    for (size_t s = 0; s < batch->seqs.n_seq; s++)
        batch->slots[s].progress->placed = false;
    if (said < 0)
        return said; /* rather no vector than a wrong one */
    learn_budget(batch, t2v_clock_ns() - begin);
    scatter(batch);
    return 0;
}
