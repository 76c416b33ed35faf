/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/tei_rows.h"

#include <string.h>

#include "http/api/tei.h"
#include "http/body.h"
#include "http/job.h"
#include "http/service.h"
#include "json/write.h"

#include "base/banned.h"

enum {
    NUMBERS_MAX = 8 * 1024 * 1024, /* in an answer, at most */
    NUMBER_BYTES = 20,             /* of one in an answer, with its comma, at most */
    KEPT_BYTES = 2 * sizeof(float) + 2 * sizeof(int32_t), /* of one in a result that has grown */
    ENTRY_BYTES = 48,                                     /* {"index":249999,"value":1.2345678}, */
    SPECIALS = 4,             /* tokens for which more than the text is counted */
    TOKENS_OF_BYTE = 8,       /* a character may become several when it is normalised */
    LARGE_NUMBERS = 16 * 1024 /* that take about a millisecond to write */
};

struct rows_state {
    struct t2v_embedding embedding; /* the first member */
    size_t n_number;                /* in the answer, at most */
};

/* ---- Reading ---- */

/* The members of a body; both routes have the same. */
enum { INPUTS, MODEL, PROMPT, TRUNCATE, DIRECTION, N_MEMBER };

static bool read_members(struct t2v_str body, struct t2v_str values[N_MEMBER],
                         struct t2v_embedding *embedding, struct t2v_fault *fault)
{
    static const char *const names[N_MEMBER] = {"inputs", "model", "prompt_name", "truncate",
                                                "truncation_direction"};
    embedding->member = names[INPUTS];
    embedding->params.encode = (struct t2v_embed_encode){.given = true, .empty_ok = true};
    return t2v_body_members(body, "{\"inputs\": \"hello\"}", names, values, N_MEMBER, fault);
}

/* embedder: whose prompts count. */
static bool read_texts(const struct t2v_service *service, const struct t2v_str values[N_MEMBER],
                       const t2v_embedder *embedder, struct t2v_embedding *embedding,
                       struct t2v_fault *fault)
{
    struct t2v_embed_encode *encode = &embedding->params.encode;
    const struct t2v_tei_length length = {values[TRUNCATE], values[DIRECTION]};
    return t2v_tei_read_prompt(values[PROMPT], embedder, encode, fault) &&
           t2v_tei_read_length(&length, encode, fault) &&
           t2v_embedding_read_texts(service, values[INPUTS], embedding, fault);
}

/* The tokens of a text of len bytes, at most. A text is cut at max_tok, but of DPR that is a
 * sentence's limit; a prompt comes before the text. */
static size_t most_tokens(const t2v_embedder *embedder, size_t len)
{
    size_t max_tok = t2v_embedder_max_tok(embedder);
    size_t n = len < SIZE_MAX / TOKENS_OF_BYTE - SPECIALS ? TOKENS_OF_BYTE * (len + SPECIALS) : len;
    if (strcmp(t2v_embedder_vectorizer(embedder), "default") == 0)
        return n;
    return t2v_embedder_n_prompt(embedder) != 0 || n > max_tok ? max_tok : n;
}

/* Counts n more numbers of the answer, and refuses too many. */
static void count_numbers(struct rows_state *state, size_t n, struct t2v_fault *fault)
{
    state->n_number += n < NUMBERS_MAX ? n : (size_t)NUMBERS_MAX + 1;
    if (state->n_number <= NUMBERS_MAX)
        return;
    t2v_fault_set(fault, 413,
                  "the answer for %zu texts may have more than %d numbers, the limit: send fewer",
                  state->embedding.texts.n, NUMBERS_MAX);
    fault->loc = (struct t2v_loc){state->embedding.member, NULL, -1};
}

/* ---- Hooks that both have ---- */

static void write_failure(struct t2v_job *job)
{
    const struct rows_state *state = job->state;
    t2v_tei_fix_fault(&state->embedding.params.encode, &job->fault);
}

static void set_work(struct t2v_job *job, const struct t2v_task *task)
{
    const struct t2v_embedding *embedding = job->state;
    job->work.texts = embedding->texts.list;
    job->work.n_text = embedding->texts.n;
    job->work.params = &embedding->params;
    job->work.task = task;
}

static bool is_large(const struct t2v_job *job)
{
    const struct t2v_result *result = &job->work.result;
    return job->work.err.code == 0 && result->n_tok * result->width > LARGE_NUMBERS;
}

/* Calls write for each row of text i, from *r on; afterwards *r is the first row of the next. */
static void write_rows(const struct t2v_result *result, size_t i, size_t *r, struct t2v_buf *buf,
                       void (*write)(const struct t2v_result *, const struct t2v_result_row *,
                                     const char *, struct t2v_buf *))
{
    const char *comma = "";
    t2v_buf_adds(buf, i != 0 ? ",[" : "[");
    for (; *r < result->n_row && result->rows[*r].input == i; ++*r) {
        write(result, &result->rows[*r], comma, buf);
        comma = result->rows[*r].n_tok != 0 ? "," : comma;
    }
    t2v_buf_addc(buf, ']');
}

static void write_all(struct t2v_job *job,
                      void (*write)(const struct t2v_result *, const struct t2v_result_row *,
                                    const char *, struct t2v_buf *))
{
    struct t2v_buf *buf = &job->reply.buf;
    size_t r = 0;
    if (!t2v_embedding_succeeded(job)) {
        write_failure(job);
        return;
    }
    t2v_buf_addc(buf, '[');
    for (size_t i = 0; i < job->work.n_text; i++)
        write_rows(&job->work.result, i, &r, buf, write);
    t2v_buf_addc(buf, ']');
}

/* ---- The vectors of tokens ---- */

static void read_embed_all(const struct t2v_service *service, struct t2v_str body,
                           struct t2v_job *job)
{
    struct t2v_str values[N_MEMBER] = {{NULL, 0}};
    struct rows_state *state = job->state;
    struct t2v_embedding *embedding = &state->embedding;
    struct t2v_fault *fault = &job->fault;
    if (!read_members(body, values, embedding, fault) ||
        !t2v_embedding_choose(service, values[MODEL], embedding, fault))
        return;
    const struct t2v_served *served = embedding->served;
    if (served->tokens == NULL) {
        t2v_fault_set(fault, 404, "the model %.80s has static embeddings: no hidden states",
                      served->name);
        return;
    }
    const t2v_embedder *embedder = t2v_token_embedder_embedder(served->tokens);
    if (!read_texts(service, values, embedder, embedding, fault))
        return;
    size_t hidden = t2v_net_shape(t2v_model_net(served->model))->hidden;
    for (size_t i = 0; i < embedding->texts.n && fault->status == 0; i++)
        count_numbers(state, hidden * most_tokens(embedder, embedding->texts.list[i].len), fault);
}

static bool plan_all(struct t2v_service *service, struct t2v_job *job)
{
    const struct t2v_embedding *embedding = job->state;
    (void)service;
    set_work(job, t2v_token_embedder_task(embedding->served->tokens));
    return true;
}

static size_t bytes_all(const struct t2v_service *service, const struct t2v_job *job)
{
    const struct rows_state *state = job->state;
    (void)service;
    return t2v_texts_bytes(&state->embedding.texts) +
           state->n_number * (NUMBER_BYTES + 2 * sizeof(float));
}

static void write_tokens(const struct t2v_result *result, const struct t2v_result_row *row,
                         const char *comma, struct t2v_buf *buf)
{
    for (size_t t = row->at; t < row->at + row->n_tok; t++) {
        t2v_buf_adds(buf, t != row->at ? "," : comma);
        t2v_json_write_f32s(buf, result->values + t * result->width, result->width);
    }
}

static void write_embed_all(struct t2v_job *job)
{
    write_all(job, write_tokens);
}

const struct t2v_operation t2v_tei_embed_all = {
    .api = &t2v_api_tei,
    .state_size = sizeof(struct rows_state),
    .read = read_embed_all,
    .plan = plan_all,
    .bytes = bytes_all,
    .is_large = is_large,
    .write = write_embed_all,
    .deinit = t2v_embedding_deinit,
};

/* ---- Sparse vectors ---- */

static void read_sparse(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    struct t2v_str values[N_MEMBER] = {{NULL, 0}};
    struct rows_state *state = job->state;
    struct t2v_embedding *embedding = &state->embedding;
    struct t2v_fault *fault = &job->fault;
    if (!read_members(body, values, embedding, fault))
        return;
    const struct t2v_served *served =
        t2v_models_read(service->models, values[MODEL], T2V_CAN_SPARSE, fault);
    embedding->served = served;
    if (served == NULL ||
        !read_texts(service, values, t2v_sparse_embedder(served->sparse), embedding, fault))
        return;
    for (size_t i = 0; i < embedding->texts.n && fault->status == 0; i++)
        count_numbers(state, t2v_sparse_vocab(served->sparse), fault);
}

static bool plan_sparse(struct t2v_service *service, struct t2v_job *job)
{
    const struct t2v_embedding *embedding = job->state;
    (void)service;
    set_work(job, t2v_sparse_task(embedding->served->sparse));
    return true;
}

static size_t bytes_sparse(const struct t2v_service *service, const struct t2v_job *job)
{
    const struct rows_state *state = job->state;
    (void)service;
    return t2v_texts_bytes(&state->embedding.texts) + state->n_number * (ENTRY_BYTES + KEPT_BYTES);
}

static void write_entries(const struct t2v_result *result, const struct t2v_result_row *row,
                          const char *comma, struct t2v_buf *buf)
{
    for (size_t t = row->at; t < row->at + row->n_tok; t++) {
        t2v_buf_adds(buf, t != row->at ? "," : comma);
        t2v_buf_adds(buf, "{\"index\":");
        t2v_json_write_int(buf, result->ids[t]);
        t2v_buf_adds(buf, ",\"value\":");
        t2v_json_write_f32(buf, result->values[t]);
        t2v_buf_addc(buf, '}');
    }
}

static void write_sparse(struct t2v_job *job)
{
    write_all(job, write_entries);
}

const struct t2v_operation t2v_tei_embed_sparse = {
    .api = &t2v_api_tei,
    .state_size = sizeof(struct rows_state),
    .read = read_sparse,
    .plan = plan_sparse,
    .bytes = bytes_sparse,
    .is_large = is_large,
    .write = write_sparse,
    .deinit = t2v_embedding_deinit,
};
