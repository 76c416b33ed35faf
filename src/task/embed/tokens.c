/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/embed/tokens.h"

#include <string.h>

#include "base/mem.h"
#include "task/collect.h"
#include "task/embed/open.h"
#include "task/embed/source.h"

#include "base/banned.h"

struct t2v_token_embedder {
    struct t2v_task task; /* the first member: a task of this kind is a token embedder */
    const t2v_embedder *embedder;
    t2v_embedder *own; /* NULL: another's is used */
};

/* A work. `start` and `next` use the source, `take` the collector. */
struct state {
    struct t2v_embed_source source; /* the first member */
    struct t2v_collector collector;
};

static size_t hidden_of(const t2v_task *task)
{
    return t2v_net_shape(t2v_model_net(task->model))->hidden;
}

static void close_state(void *arg)
{
    struct state *state = arg;
    t2v_embed_source_deinit(&state->source);
    t2v_collect_deinit(&state->collector);
    t2v_free(state);
}

static int open_state(const t2v_task *task, const struct t2v_inputs *inputs, const void *params,
                      void **out, struct t2v_err *err)
{
    const t2v_embedder *embedder = ((const t2v_token_embedder *)task)->embedder;
    struct state *state = t2v_alloc_zero(1, sizeof *state);
    if (state == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for %zu texts", inputs->n);
    state->collector.result.width = hidden_of(task);
    int rc = t2v_embed_source_init(&state->source, embedder, inputs, params, err);
    if (rc != 0)
        close_state(state);
    else
        *out = state;
    return rc;
}

static struct t2v_width width(const t2v_task *task, size_t n_tok)
{
    return (struct t2v_width){n_tok * hidden_of(task), 0};
}

/* Copies this lane's tokens, whichever row they are of. */
static void reduce(const t2v_task *task, const struct t2v_lane *lane,
                   const struct t2v_reduction *batch)
{
    size_t n = hidden_of(task), begin, end;
    t2v_lane_share(lane, batch->seqs->n_tok, 1, &begin, &end);
    memcpy(batch->out + begin * n, batch->hidden + begin * n,
           (end - begin) * n * sizeof *batch->out);
}

static int take(void *arg, const struct t2v_taken *row, struct t2v_err *err)
{
    struct state *state = arg;
    return t2v_collect(&state->collector, row, err);
}

static int finish(void *arg, struct t2v_result *out, size_t *input, struct t2v_err *err)
{
    struct state *state = arg;
    return t2v_collect_finish(&state->collector, out, input, err);
}

static const struct t2v_task_ops ops = {
    .name = "embed-tokens",
    .open = open_state,
    .close = close_state,
    .start = t2v_embed_source_start,
    .next = t2v_embed_source_next,
    .width = width,
    .reduce = reduce,
    .take = take,
    .finish = finish,
};

/* The default vectorizer would split a text into sentences. */
static int choose_embedder(t2v_token_embedder *tokens, const t2v_embedder *embedder,
                           struct t2v_err *err)
{
    struct t2v_err why = {0};
    tokens->embedder = embedder;
    if (strcmp(t2v_embedder_vectorizer(embedder), "default") != 0)
        return 0;
    int rc = t2v_embedder_open_texts(embedder, &tokens->own, &why);
    if (rc == T2V_EUNSUPPORTED)
        return 0;
    tokens->embedder = tokens->own;
    return rc == 0 ? 0 : t2v_fail(err, rc, "%s", why.msg);
}

int t2v_token_embedder_open(const t2v_embedder *embedder, t2v_token_embedder **out,
                            struct t2v_err *err)
{
    if (t2v_model_is_static(t2v_embedder_model(embedder)))
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "static embeddings have no hidden states of their tokens");
    t2v_token_embedder *tokens = t2v_alloc_zero(1, sizeof *tokens);
    if (tokens == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    int rc = choose_embedder(tokens, embedder, err);
    if (rc != 0) {
        t2v_token_embedder_free(tokens);
        return rc;
    }
    const struct t2v_task *task = t2v_embedder_task(tokens->embedder);
    tokens->task = (struct t2v_task){.ops = &ops, .model = task->model, .max_tok = task->max_tok};
    *out = tokens;
    return 0;
}

void t2v_token_embedder_free(t2v_token_embedder *tokens)
{
    if (tokens != NULL)
        t2v_embedder_free(tokens->own);
    t2v_free(tokens);
}

const t2v_embedder *t2v_token_embedder_embedder(const t2v_token_embedder *tokens)
{
    return tokens->embedder;
}

const struct t2v_task *t2v_token_embedder_task(const t2v_token_embedder *tokens)
{
    return &tokens->task;
}
