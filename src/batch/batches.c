/* SPDX-License-Identifier: BSD-3-Clause */
#include "batch/batches.h"

#include "base/mem.h"

#include "base/banned.h"

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static const t2v_net *net_of(const struct t2v_batch *batch)
{
    return t2v_model_net(batch->task->model);
}

/* Memory for the largest of the batches. */
static int allocate(struct t2v_batches *batches)
{
    struct t2v_batch *memory = &batches->memory;
    size_t n_hidden = 1, n;
    bool typed = false;
    for (size_t i = 0; i < batches->n; i++) {
        const struct t2v_batch *batch = &batches->of[i];
        if (!t2v_mul(batch->max_tok, t2v_net_shape(net_of(batch))->hidden, &n))
            return T2V_ENOMEM;
        n_hidden = larger(n_hidden, n);
        memory->max_tok = larger(memory->max_tok, batch->max_tok);
        memory->room.out = larger(memory->room.out, batch->room.out);
        memory->room.spare = larger(memory->room.spare, batch->room.spare);
        typed = typed || batch->task->typed;
    }
    memory->ids = t2v_alloc_zero(memory->max_tok, sizeof *memory->ids);
    memory->start = t2v_alloc_zero(T2V_BATCH_TOK + 1, sizeof *memory->start);
    memory->unseen = t2v_alloc_zero(T2V_BATCH_TOK, sizeof *memory->unseen);
    memory->slots = t2v_alloc_zero(T2V_BATCH_TOK, sizeof *memory->slots);
    memory->states = t2v_alloc_zero(T2V_BATCH_TOK, sizeof *memory->states);
    memory->at = t2v_alloc_zero(T2V_BATCH_TOK + 1, sizeof *memory->at);
    memory->hidden = t2v_alloc_aligned(n_hidden, sizeof(float));
    memory->out = t2v_alloc_aligned(memory->room.out, sizeof(float));
    memory->spare = t2v_alloc_aligned(memory->room.spare, sizeof(float));
    if (typed)
        memory->types = t2v_alloc_zero(memory->max_tok, sizeof *memory->types);
    bool got = memory->ids != NULL && memory->start != NULL && memory->unseen != NULL &&
               memory->slots != NULL && memory->states != NULL && memory->at != NULL &&
               memory->hidden != NULL && memory->out != NULL && memory->spare != NULL &&
               (memory->types != NULL || !typed);
    return got ? 0 : T2V_ENOMEM;
}

static void lend(const struct t2v_batch *memory, struct t2v_batch *batch)
{
    batch->ids = memory->ids;
    batch->types = batch->task->typed ? memory->types : NULL;
    batch->start = memory->start;
    batch->unseen = memory->unseen;
    batch->slots = memory->slots;
    batch->states = memory->states;
    batch->at = memory->at;
    batch->hidden = memory->hidden;
    batch->out = memory->out;
    batch->spare = memory->spare;
}

/* Index of the first batch of the same net. */
static size_t first_of_net(const struct t2v_batches *batches, size_t which)
{
    size_t i = 0;
    while (net_of(&batches->of[i]) != net_of(&batches->of[which]))
        i++;
    return i;
}

static int make_scratch(struct t2v_batches *batches, size_t which, int n_lane)
{
    struct t2v_batch *batch = &batches->of[which];
    size_t first = first_of_net(batches, which), max_tok = 0;
    if (first < which) {
        batch->scratch = batches->of[first].scratch;
        return 0;
    }
    for (size_t i = which; i < batches->n; i++) {
        if (net_of(&batches->of[i]) == net_of(batch))
            max_tok = larger(max_tok, batches->of[i].max_tok);
    }
    return t2v_scratch_new(net_of(batch), max_tok, n_lane, &batch->scratch);
}

int t2v_batches_init(struct t2v_batches *batches, const struct t2v_task *const *tasks,
                     size_t n_task, size_t most_tok, int n_lane)
{
    *batches = (struct t2v_batches){.of = t2v_alloc_zero(n_task, sizeof *batches->of)};
    if (batches->of == NULL)
        return T2V_ENOMEM;
    batches->n = n_task;
    for (size_t i = 0; i < n_task; i++) {
        size_t longest = tasks[i]->max_tok < most_tok ? tasks[i]->max_tok : most_tok;
        t2v_batch_init(&batches->of[i], tasks[i], larger(longest, T2V_BATCH_TOK));
    }
    int rc = allocate(batches);
    for (size_t i = 0; i < n_task && rc == 0; i++) {
        lend(&batches->memory, &batches->of[i]);
        rc = make_scratch(batches, i, n_lane);
    }
    return rc;
}

void t2v_batches_deinit(struct t2v_batches *batches)
{
    struct t2v_batch *memory = &batches->memory;
    for (size_t i = 0; i < batches->n; i++) {
        if (first_of_net(batches, i) == i)
            t2v_scratch_free(batches->of[i].scratch);
    }
    t2v_free(batches->of);
    t2v_free(memory->ids);
    t2v_free(memory->types);
    t2v_free(memory->start);
    t2v_free(memory->unseen);
    t2v_free(memory->slots);
    t2v_free(memory->states);
    t2v_free(memory->at);
    t2v_free(memory->hidden);
    t2v_free(memory->out);
    t2v_free(memory->spare);
    *batches = (struct t2v_batches){0};
}
