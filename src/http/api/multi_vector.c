/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/multi_vector.h"

#include "http/api/embedding.h"
#include "http/api/openai.h"
#include "http/body.h"
#include "http/job.h"
#include "http/service.h"
#include "json/write.h"

#include "base/banned.h"

enum {
    FLOATS_MAX = 16 * 1024 * 1024, /* in one answer: 64 MiB of vectors, some 200 MiB of text */
    LARGE_FLOATS = 16 * 1024,      /* above it, writing an answer takes about a millisecond */
    MARKER_TOK = 64                /* special tokens and prefixes of a text are fewer */
};

struct state {
    struct t2v_texts texts;
    struct t2v_multi_params params;
    const struct t2v_served *served;
};

/* ---- Errors ---- */

static void fail(const struct t2v_fault *fault, struct t2v_reply *reply)
{
    t2v_api_openai.fail(fault, reply);
    if (reply->buf.fail != 0)
        return;
    reply->buf.len--; /* the last brace */
    t2v_buf_adds(&reply->buf, ",\"detail\":");
    t2v_fault_write_msg(fault, &reply->buf);
    t2v_buf_adds(&reply->buf, "}");
}

const struct t2v_api t2v_api_multi_vector = {.name = "multi-vector", .fail = fail};

/* ---- Reading ---- */

/* Most tokens that a text can have, markers too; a query may be expanded to its limit. */
static size_t most_tok(const struct state *state, struct t2v_str text)
{
    size_t limit = t2v_multi_max_tok(state->served->multi, state->params.query);
    size_t n = t2v_text_most_tok(text, limit) + MARKER_TOK;
    return state->params.query || n > limit ? limit : n;
}

static size_t most_floats(const struct state *state)
{
    size_t n_tok = 0;
    for (size_t i = 0; i < state->texts.n; i++)
        n_tok += most_tok(state, state->texts.list[i]);
    return n_tok * t2v_multi_dim(state->served->multi);
}

/* A word that is `query_word` for queries, or one of others for documents. */
static bool read_word(struct t2v_str value, const char *name, const char *query_word, bool *query,
                      struct t2v_fault *fault)
{
    struct t2v_texts texts = {0};
    if (!t2v_texts_read_optional(&texts, value, (struct t2v_loc){name, NULL, -1}, fault))
        return false;
    *query |= t2v_str_is(t2v_texts_first(&texts), query_word);
    t2v_texts_deinit(&texts);
    return true;
}

static bool read_type(struct t2v_str value, struct t2v_fault *fault)
{
    const struct t2v_loc loc = {"embedding_type", NULL, -1};
    struct t2v_str word;
    return t2v_texts_read_word(value, loc, "float", "only float is given here", &word, fault);
}

static void read_body(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    enum { INPUT, MODEL, TYPE, DIMENSIONS, TASK, INPUT_TYPE, N };
    static const char *const names[N] = {"input",      "model", "embedding_type",
                                         "dimensions", "task",  "input_type"};
    const struct t2v_loc loc = {names[INPUT], NULL, -1};
    struct t2v_str values[N] = {{NULL, 0}};
    struct state *state = job->state;
    struct t2v_fault *fault = &job->fault;
    if (!t2v_body_members(body, "{\"input\": [\"hello\"]}", names, values, N, fault))
        return;
    state->served = t2v_models_read(service->models, values[MODEL], T2V_CAN_MULTI, fault);
    if (state->served == NULL || !read_type(values[TYPE], fault) ||
        !t2v_dimensions_read(values[DIMENSIONS], t2v_multi_dim(state->served->multi),
                             &state->params.dimensions, fault) ||
        !read_word(values[TASK], names[TASK], "retrieval.query", &state->params.query, fault) ||
        !read_word(values[INPUT_TYPE], names[INPUT_TYPE], "query", &state->params.query, fault) ||
        !t2v_texts_read(&state->texts, values[INPUT], loc, 0, fault))
        return;
    size_t n = most_floats(state);
    if (n > FLOATS_MAX) {
        t2v_fault_set(fault, 413,
                      "the vectors of these %zu texts may be %zu numbers, the limit is %d",
                      state->texts.n, n, (int)FLOATS_MAX);
        fault->loc = loc;
    }
}

/* ---- The other hooks ---- */

static bool plan(struct t2v_service *service, struct t2v_job *job)
{
    const struct state *state = job->state;
    (void)service;
    job->work.texts = state->texts.list;
    job->work.n_text = state->texts.n;
    job->work.params = &state->params;
    job->work.task = t2v_multi_task(state->served->multi);
    return true;
}

static size_t bytes(const struct t2v_service *service, const struct t2v_job *job)
{
    const struct state *state = job->state;
    size_t n = most_floats(state);
    (void)service;
    /* The result's lists grow by doubling. */
    return t2v_texts_bytes(&state->texts) + 2 * n * sizeof(float) + t2v_json_f32s_bytes(n) +
           state->texts.n * 64;
}

static bool is_large(const struct t2v_job *job)
{
    const struct t2v_result *result = &job->work.result;
    return job->work.err.code == 0 && result->n_tok * result->width > LARGE_FLOATS;
}

static void write_vectors(const struct t2v_result *result, const struct t2v_result_row *row,
                          struct t2v_buf *buf)
{
    for (size_t t = 0; t < row->n_tok; t++) {
        t2v_buf_adds(buf, t != 0 ? "," : "");
        t2v_json_write_f32s(buf, result->values + (row->at + t) * result->width, result->width);
    }
}

static void write_answer(struct t2v_job *job)
{
    const struct state *state = job->state;
    const struct t2v_work *work = &job->work;
    struct t2v_buf *buf = &job->reply.buf;
    if (work->err.code != 0) {
        t2v_fault_work(&job->fault, &work->err);
        job->fault.loc =
            (struct t2v_loc){"input", NULL, state->texts.many ? (ptrdiff_t)work->err_text : -1};
        return;
    }
    t2v_buf_adds(buf, "{\"object\":\"list\",\"data\":[");
    for (size_t i = 0; i < work->result.n_row; i++) {
        const struct t2v_result_row *row = &work->result.rows[i];
        t2v_buf_addf(buf, "%s{\"object\":\"embeddings\",\"index\":%zu,\"embeddings\":[",
                     i != 0 ? "," : "", row->input);
        write_vectors(&work->result, row, buf);
        t2v_buf_adds(buf, "]}");
    }
    t2v_buf_adds(buf, "],\"model\":");
    t2v_json_write_str(buf, t2v_str_of(state->served->name));
    t2v_buf_addf(buf, ",\"usage\":{\"prompt_tokens\":%zu,\"total_tokens\":%zu}}", work->n_tok,
                 work->n_tok);
}

static void deinit(void *arg)
{
    struct state *state = arg;
    t2v_texts_deinit(&state->texts);
}

const struct t2v_operation t2v_multi_vector_embed = {
    .api = &t2v_api_multi_vector,
    .state_size = sizeof(struct state),
    .read = read_body,
    .plan = plan,
    .bytes = bytes,
    .is_large = is_large,
    .write = write_answer,
    .deinit = deinit,
};
