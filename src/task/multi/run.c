/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/multi/run.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "task/collect.h"
#include "task/multi/multi_private.h"
#include "token/encode.h"

#include "base/banned.h"

/* A work. `start` and `next` use the first part, `take` the second. */
struct state {
    const t2v_multi *multi;
    struct t2v_inputs inputs;
    struct t2v_multi_params params;
    size_t input;
    bool ended; /* the input has given its row */

    struct t2v_collector collector;
    int32_t *ids;  /* [cap]: of the tokens that count of the row that is taken */
    float *values; /* [cap, width] */
    size_t cap;
};

static void close_state(void *arg)
{
    struct state *state = arg;
    t2v_collect_deinit(&state->collector);
    t2v_free(state->ids);
    t2v_free(state->values);
    t2v_free(state);
}

static int fill_state(struct state *state, struct t2v_err *err)
{
    const t2v_multi *multi = state->multi;
    int64_t dim = state->params.dimensions;
    size_t n;
    if (dim < 0 || (uint64_t)dim > multi->dim)
        return t2v_fail(err, T2V_EFORMAT, "%" PRId64 " dimensions; the model has %zu", dim,
                        multi->dim);
    state->collector.result.width = dim != 0 ? (size_t)dim : multi->dim;
    state->cap = multi->task.max_tok;
    state->ids = t2v_alloc_zero(state->cap, sizeof *state->ids);
    if (t2v_mul(state->cap, multi->dim, &n))
        state->values = t2v_alloc(n * sizeof *state->values);
    if (state->ids == NULL || state->values == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for %zu texts", state->inputs.n);
    return 0;
}

static int open_state(const t2v_task *task, const struct t2v_inputs *inputs, const void *params,
                      void **out, struct t2v_err *err)
{
    struct state *state = t2v_alloc_zero(1, sizeof *state);
    if (state == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for %zu texts", inputs->n);
    state->multi = (const t2v_multi *)task;
    state->inputs = *inputs;
    if (params != NULL)
        state->params = *(const struct t2v_multi_params *)params;
    int rc = fill_state(state, err);
    if (rc != 0)
        close_state(state);
    else
        *out = state;
    return rc;
}

/* --- next row --- */

static int start(void *arg, size_t input, struct t2v_err *err)
{
    struct state *state = arg;
    (void)err;
    state->input = input;
    state->ended = false;
    return 0;
}

/* The ids of the marker, the prompt and the text. */
static int encode(const struct state *state, t2v_token_space *space, struct t2v_ids *ids,
                  struct t2v_err *err)
{
    const t2v_multi *multi = state->multi;
    const t2v_tokenizer *tokenizer = t2v_model_tokenizer(multi->task.model);
    int side = state->params.query ? T2V_MULTI_QUERY : T2V_MULTI_DOCUMENT;
    size_t max_tok = multi->settings.sides[side].max_tok;
    size_t limit = state->params.keep_all ? SIZE_MAX : max_tok;
    struct t2v_str text = state->inputs.texts[state->input];
    struct t2v_buf buf;
    t2v_buf_init(&buf, SIZE_MAX);
    if (multi->prompts[side].len != 0) {
        t2v_buf_add(&buf, multi->prompts[side].ptr, multi->prompts[side].len);
        t2v_buf_add(&buf, text.ptr, text.len);
        text = t2v_buf_str(&buf);
    }
    int rc = buf.fail != 0
                 ? t2v_fail(err, T2V_ENOMEM, "no memory for a text of %zu bytes", text.len)
                 : t2v_tokenizer_encode_marked(tokenizer, space, multi->markers[side], text, limit,
                                               ids, err);
    t2v_buf_deinit(&buf);
    if (rc == 0 && ids->len > max_tok)
        rc = t2v_fail(err, T2V_ETOOLARGE, "a text of %zu tokens, and at most %zu are allowed",
                      ids->len, max_tok);
    return rc == 0 ? t2v_model_check_ids(multi->task.model, ids, err) : rc;
}

static int next(void *arg, t2v_token_space *space, struct t2v_row *row, bool *more,
                struct t2v_err *err)
{
    struct state *state = arg;
    const struct t2v_multi_settings *settings = &state->multi->settings;
    *more = !state->ended;
    if (state->ended)
        return 0;
    state->ended = true;
    row->unseen = 0;
    int rc = encode(state, space, &row->ids, err);
    size_t n = row->ids.len, to = state->params.query ? settings->expand_to : 0;
    while (rc == 0 && row->ids.len < to) {
        if (t2v_ids_add(&row->ids, state->multi->expand_id) != 0)
            rc = t2v_fail(err, T2V_ENOMEM, "no memory for %zu tokens", to);
    }
    if (rc == 0 && !settings->attend)
        row->unseen = row->ids.len - n;
    return rc;
}

/* --- vectors of hidden states --- */

/* Two rows of scratch for each token. */
static struct t2v_width width(const t2v_task *task, size_t n_tok)
{
    const t2v_multi *multi = (const t2v_multi *)task;
    return (struct t2v_width){n_tok * multi->dim, 2 * n_tok * multi->width};
}

/* Takes this lane's tokens through the projection, whichever row they are of. */
static void reduce(const t2v_task *task, const struct t2v_lane *lane,
                   const struct t2v_reduction *batch)
{
    const t2v_multi *multi = (const t2v_multi *)task;
    const struct t2v_kernels *kernels = t2v_model_kernels(task->model);
    size_t hidden = t2v_net_shape(t2v_model_net(task->model))->hidden, ld = multi->width;
    size_t begin, end;
    t2v_lane_share(lane, batch->seqs->n_tok, 1, &begin, &end);
    size_t n = end - begin;
    float *x = batch->spare + 2 * begin * ld, *other = x + n * ld;
    for (size_t t = 0; t < n; t++)
        memcpy(x + t * ld, batch->hidden + (begin + t) * hidden, hidden * sizeof *x);
    for (size_t i = 0; i < multi->n_step && n != 0; i++) {
        float *y = t2v_step_run(&multi->steps[i], kernels, x, other, ld, n);
        if (y != x) {
            other = x;
            x = y;
        }
    }
    for (size_t t = 0; t < n; t++)
        memcpy(batch->out + (begin + t) * multi->dim, x + t * ld, multi->dim * sizeof *x);
}

/* --- the answer --- */

static bool is_skipped(const struct state *state, int32_t id)
{
    const t2v_multi *multi = state->multi;
    int side = state->params.query ? T2V_MULTI_QUERY : T2V_MULTI_DOCUMENT;
    if (!multi->settings.sides[side].skips)
        return false;
    for (size_t i = 0; i < multi->n_skip; i++) {
        if (multi->skips[i] == id)
            return true;
    }
    return false;
}

static int take(void *arg, const struct t2v_taken *row, struct t2v_err *err)
{
    struct state *state = arg;
    size_t dim = state->collector.result.width, n = 0;
    for (size_t t = 0; t < row->n_tok; t++) {
        float *vector = state->values + n * dim;
        if (is_skipped(state, row->ids[t]))
            continue;
        memcpy(vector, row->values + t * state->multi->dim, dim * sizeof *vector);
        if (state->multi->normalize)
            t2v_normalize(vector, dim);
        state->ids[n++] = row->ids[t];
    }
    const struct t2v_taken counted = {
        .input = row->input, .ids = state->ids, .n_tok = n, .values = state->values};
    return t2v_collect(&state->collector, &counted, err);
}

static int finish(void *arg, struct t2v_result *out, size_t *input, struct t2v_err *err)
{
    struct state *state = arg;
    return t2v_collect_finish(&state->collector, out, input, err);
}

const struct t2v_task_ops t2v_multi_ops = {
    .name = "embed-multi",
    .open = open_state,
    .close = close_state,
    .start = start,
    .next = next,
    .width = width,
    .reduce = reduce,
    .take = take,
    .finish = finish,
};
