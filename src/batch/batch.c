/* SPDX-License-Identifier: BSD-3-Clause */
#include "batch/batch.h"

#include "base/clock.h"

#include "base/banned.h"

/* Kernels are near peak from this many tokens on. */
enum { FEWEST_TOK = 128 };

/* Floats for the results of a batch; a single row may need more. */
enum { MAX_FLOATS = 16 << 20 };

/* T2V_BATCH_TOK rows of one token each need the most room of all batches with so many tokens. */
static size_t room_for(size_t of_one, size_t of_longest)
{
    size_t n = of_one < MAX_FLOATS / T2V_BATCH_TOK ? of_one * T2V_BATCH_TOK : MAX_FLOATS;
    n = n > of_longest ? n : of_longest;
    return n != 0 ? n : 1;
}

void t2v_batch_init(struct t2v_batch *batch, const struct t2v_task *task, size_t max_tok)
{
    struct t2v_width one = task->ops->width(task, 1);
    size_t longest_tok = task->max_tok < max_tok ? task->max_tok : max_tok;
    struct t2v_width longest = task->ops->width(task, longest_tok);
    *batch = (struct t2v_batch){
        .task = task,
        .max_tok = max_tok,
        .room = {room_for(one.out, longest.out), room_for(one.spare, longest.spare)},
        .budget = FEWEST_TOK * 2, /* nobody knows yet how large the model is */
    };
}

void t2v_batch_clear(struct t2v_batch *batch)
{
    batch->seqs =
        (struct t2v_seqs){.ids = batch->ids, .start = batch->start, .types = batch->types};
    batch->start[0] = batch->at[0] = 0;
    batch->used = (struct t2v_width){0, 0};
}

bool t2v_batch_is_full(const struct t2v_batch *batch)
{
    return batch->seqs.n_tok >= batch->budget;
}

bool t2v_batch_fits(const struct t2v_batch *batch, size_t n_tok)
{
    struct t2v_width width = batch->task->ops->width(batch->task, n_tok);
    return batch->seqs.n_seq == 0 || (batch->seqs.n_tok + n_tok <= batch->budget &&
                                      batch->used.out + width.out <= batch->room.out &&
                                      batch->used.spare + width.spare <= batch->room.spare);
}

void t2v_batch_place(struct t2v_batch *batch, struct t2v_progress *progress)
{
    struct t2v_seqs *seqs = &batch->seqs;
    struct t2v_work *work = progress->work;
    struct t2v_ready row =
        t2v_progress_take(progress, batch->ids + seqs->n_tok,
                          batch->types != NULL ? batch->types + seqs->n_tok : NULL);
    struct t2v_width width = batch->task->ops->width(batch->task, row.n_tok);
    batch->slots[seqs->n_seq] = (struct t2v_slot){progress, row};
    batch->unseen[seqs->n_seq] = row.unseen;
    if (row.unseen != 0)
        seqs->unseen = batch->unseen;
    progress->placed = true;
    batch->states[seqs->n_seq] = progress->state;
    batch->used.out += width.out;
    batch->used.spare += width.spare;
    seqs->n_tok += row.n_tok;
    seqs->n_seq++;
    batch->start[seqs->n_seq] = seqs->n_tok;
    batch->at[seqs->n_seq] = batch->used.out;
    if (work->n_tok == 0)
        work->begun_ns = t2v_clock_ns();
    work->n_tok += row.n_tok;
}

/* What each lane does with a batch. */
static void encode(void *arg, const struct t2v_lane *lane)
{
    struct t2v_batch *batch = arg;
    const struct t2v_task *task = batch->task;
    const struct t2v_reduction reduction = {
        .seqs = &batch->seqs,
        .states = batch->states,
        .hidden = batch->hidden,
        .at = batch->at,
        .out = batch->out,
        .spare = batch->spare,
    };
    t2v_net_forward(t2v_model_net(task->model), lane, &batch->seqs, batch->scratch, batch->hidden);
    task->ops->reduce(task, lane, &reduction);
}

static void scatter(struct t2v_batch *batch)
{
    for (size_t s = 0; s < batch->seqs.n_seq; s++) {
        const struct t2v_slot *slot = &batch->slots[s];
        size_t first = batch->start[s];
        const struct t2v_taken row = {
            .input = slot->row.input,
            .first = slot->row.first,
            .ids = batch->ids + first,
            .types = batch->types != NULL ? batch->types + first : NULL,
            .n_tok = slot->row.n_tok,
            .values = batch->out + batch->at[s],
        };
        t2v_progress_add(slot->progress, &row);
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
    int rc = t2v_team_run_guarded(team, encode, batch, err);
    for (size_t s = 0; s < batch->seqs.n_seq; s++)
        batch->slots[s].progress->placed = false;
    if (rc != 0)
        return rc; /* rather no vector than a wrong one */
    learn_budget(batch, t2v_clock_ns() - begin);
    scatter(batch);
    return 0;
}
