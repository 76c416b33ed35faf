/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/embed/run.h"

#include <math.h>

#include "base/mem.h"
#include "task/embed/embedder_private.h"
#include "task/embed/params.h"
#include "task/embed/sum.h"
#include "task/embed/walk.h"

#include "base/banned.h"

/* A work. `start` and `next` use the first part, `take` the second. */
struct state {
    const t2v_embedder *embedder;
    struct t2v_inputs inputs;
    struct t2v_embed_resolved params;
    size_t input; /* the one being walked */
    struct t2v_walk walk;
    size_t *divisors; /* [inputs.n]: what each text's sum is divided by */

    struct t2v_sum sum;
};

static void close_state(void *arg)
{
    struct state *state = arg;
    t2v_walk_deinit(&state->walk);
    t2v_free(state->divisors);
    t2v_free(state->sum.exact);
    t2v_free(state->sum.vectors);
    t2v_free(state);
}

static int allocate(struct state *state, struct t2v_err *err)
{
    size_t n = state->inputs.n, dim = state->params.dim, n_float;
    state->divisors = t2v_alloc_zero(n, sizeof *state->divisors);
    state->sum.exact = t2v_alloc_zero(dim, sizeof *state->sum.exact);
    state->sum.pool = &state->params.pool;
    state->sum.dim = dim;
    if (t2v_mul(n, dim, &n_float))
        state->sum.vectors = t2v_alloc_zero(n_float, sizeof(float));
    if (state->divisors == NULL || state->sum.exact == NULL || state->sum.vectors == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for %zu texts", n);
    return 0;
}

static int open_state(const t2v_task *task, const struct t2v_inputs *inputs, const void *params,
                      void **out, struct t2v_err *err)
{
    static const struct t2v_embed_params none = {0};
    struct state *state = t2v_alloc_zero(1, sizeof *state);
    if (state == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for %zu texts", inputs->n);
    state->embedder = (const t2v_embedder *)task;
    state->inputs = *inputs;
    int rc =
        t2v_embed_resolve(state->embedder, params != NULL ? params : &none, &state->params, err);
    if (rc == 0)
        rc = allocate(state, err);
    if (rc != 0)
        close_state(state);
    else
        *out = state;
    return rc;
}

/* --- next rows --- */

static int start(void *arg, size_t input, struct t2v_err *err)
{
    struct state *state = arg;
    state->input = input;
    return t2v_walk_start(&state->walk, state->embedder, state->inputs.texts[input], &state->params,
                          err);
}

static int next(void *arg, t2v_token_space *space, struct t2v_row *row, bool *more,
                struct t2v_err *err)
{
    struct state *state = arg;
    int rc = t2v_walk_next(&state->walk, space, &row->ids, more, err);
    if (rc == 0 && !*more) {
        state->divisors[state->input] = t2v_walk_divisor(&state->walk);
        t2v_walk_deinit(&state->walk);
        state->walk = (struct t2v_walk){0};
    }
    return rc;
}

/* --- width of a result --- */

static struct t2v_width width(const t2v_task *task, size_t n_tok)
{
    (void)n_tok;
    size_t n = ((const t2v_embedder *)task)->pipeline.width;
    return (struct t2v_width){n, n};
}

/* --- take result --- */

static size_t n_step_of(const struct t2v_reduction *batch, size_t s)
{
    return ((const struct state *)batch->states[s])->params.n_step;
}

/* How many rows from s on go through the same steps. */
static size_t same_steps(const struct t2v_reduction *batch, size_t s, size_t end)
{
    size_t n = 1;
    while (s + n < end && n_step_of(batch, s + n) == n_step_of(batch, s))
        n++;
    return n;
}

/* Pools this lane's rows, and takes them through the pipeline's steps. */
static void reduce(const t2v_task *task, const struct t2v_lane *lane,
                   const struct t2v_reduction *batch)
{
    const t2v_embedder *embedder = (const t2v_embedder *)task;
    const struct t2v_seqs *seqs = batch->seqs;
    size_t dim = t2v_net_shape(t2v_model_net(embedder->model))->hidden, begin, end;
    t2v_lane_share(lane, seqs->n_seq, 1, &begin, &end);
    for (size_t s = begin; s < end; s++) {
        const struct state *state = batch->states[s];
        size_t first = seqs->start[s];
        t2v_pool_run(&state->params.pool, batch->hidden + first * dim, seqs->start[s + 1] - first,
                     dim, batch->out + batch->at[s]);
    }
    for (size_t s = begin, n; s < end; s += n) {
        n = same_steps(batch, s, end);
        t2v_embedder_project(embedder, n_step_of(batch, s), batch->out + batch->at[s],
                             batch->spare + batch->at[s], n);
    }
}

static int take(void *arg, const struct t2v_taken *row, struct t2v_err *err)
{
    struct state *state = arg;
    (void)err;
    t2v_sum_add(&state->sum, row->input, row->values);
    return 0;
}

/* A model with broken weights can give what is no number, and JSON has no word for that: such an
 * answer is an error. */
static int finish(void *arg, struct t2v_result *out, size_t *input, struct t2v_err *err)
{
    struct state *state = arg;
    size_t dim = state->params.dim;
    t2v_sum_settle(&state->sum);
    for (size_t t = 0; t < state->inputs.n; t++) {
        float *vector = state->sum.vectors + t * dim;
        bool finite = true;
        t2v_embedder_finish(state->embedder, &state->params.encode, vector, dim,
                            state->divisors[t]);
        for (size_t i = 0; i < dim; i++)
            finite &= isfinite(vector[i]) != 0;
        *input = t;
        if (!finite)
            return t2v_fail(err, T2V_EMODEL, "the model gave a vector that is not finite");
    }
    *out = (struct t2v_result){.values = state->sum.vectors, .width = dim};
    state->sum.vectors = NULL;
    return 0;
}

const struct t2v_task_ops t2v_embed_ops = {
    .name = "embed",
    .open = open_state,
    .close = close_state,
    .start = start,
    .next = next,
    .width = width,
    .reduce = reduce,
    .take = take,
    .finish = finish,
};
