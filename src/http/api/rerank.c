/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/rerank.h"

#include "base/mem.h"
#include "http/api/scoring.h"
#include "http/api/typed.h"
#include "http/body.h"
#include "http/job.h"
#include "json/write.h"
#include "task/answer/score.h"
#include "unicode/space.h"

#include "base/banned.h"

enum {
    AROUND_BYTES = 96, /* of an answer, for each document beside its text */
    HEAD_BYTES = 512   /* beside them and the query; the model's name may have 128 bytes */
};

enum form {
    TEI,      /* "texts" */
    WEAVIATE, /* "documents" */
    PROPERTY, /* "property": Weaviate's container with one text */
    COHERE
};

struct rank_state {
    struct t2v_scoring scoring; /* the first member */
    enum form form;
    bool raw;       /* logits instead of their sigmoid */
    bool with_text; /* the answer has the documents */
    size_t most;    /* results in the answer, at most */
    size_t *order;  /* [n], owned: scratch of `write` */
};

/* ---- Errors ---- */

const struct t2v_api t2v_api_rerank = {.name = "rerank", .measured = true, .fail = t2v_typed_fail};

/* Cohere's clients read "message", Jina's "detail", OpenAI's (as everywhere below /v1) "error". */
static void fail_cohere(const struct t2v_fault *fault, struct t2v_reply *reply)
{
    struct t2v_buf *buf = &reply->buf;
    t2v_buf_adds(buf, "{\"message\":");
    t2v_fault_write_msg(fault, buf);
    t2v_buf_adds(buf, ",\"detail\":");
    t2v_fault_write_msg(fault, buf);
    t2v_buf_adds(buf, ",\"error\":{\"message\":");
    t2v_fault_write_msg(fault, buf);
    t2v_buf_addf(buf, ",\"type\":\"%s\",\"param\":",
                 fault->status < 500 ? "invalid_request_error" : "server_error");
    if (fault->loc.outer != NULL)
        t2v_json_write_str(buf, t2v_str_of(fault->loc.outer));
    else
        t2v_buf_adds(buf, "null");
    t2v_buf_adds(buf, ",\"code\":null}}");
}

const struct t2v_api t2v_api_cohere = {.name = "cohere", .fail = fail_cohere};

/* ---- Reading ---- */

/* The query's and the documents' pairs. UPSTREAM: sentence-transformers 3 strips both of white
 * space, so Weaviate's container does. */
static bool make_pairs(struct rank_state *state, struct t2v_fault *fault)
{
    struct t2v_scoring *scoring = &state->scoring;
    size_t n = scoring->texts.n;
    bool strip = state->form == WEAVIATE || state->form == PROPERTY;
    struct t2v_str query = strip ? t2v_space_strip(scoring->query.list[0]) : scoring->query.list[0];
    if (!t2v_scoring_make(scoring, n, true, fault))
        return false;
    state->order = t2v_alloc_zero(n + 1, sizeof *state->order);
    if (state->order == NULL) {
        t2v_fault_no_memory(fault);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        struct t2v_str text = scoring->texts.list[i];
        scoring->list[i] = query;
        scoring->list[n + i] = strip ? t2v_space_strip(text) : text;
    }
    scoring->answer_bytes = HEAD_BYTES + t2v_scoring_written(&scoring->query) + n * AROUND_BYTES +
                            (state->with_text ? t2v_scoring_written(&scoring->texts) : 0);
    return true;
}

static bool refuse_empty(const char *name, struct t2v_fault *fault)
{
    t2v_fault_set(fault, 400, "an empty array: at least one text is needed");
    fault->loc = (struct t2v_loc){name, NULL, -1};
    return false;
}

enum { QUERY, TEXTS, DOCUMENTS, PROPERTY_TEXT, RAW, RETURN_TEXT, TRUNCATE, DIRECTION, MODEL, N };

/* The members that choose how it is done. A wrong type is an error in every form. */
static bool read_choices(const struct t2v_str *values, struct rank_state *state,
                         struct t2v_fault *fault)
{
    return t2v_body_read_bool(values[RAW], "raw_scores", &state->raw, fault) &&
           t2v_body_read_bool(values[RETURN_TEXT], "return_text", &state->with_text, fault) &&
           t2v_scoring_read_truncate(values[TRUNCATE], values[DIRECTION], &state->scoring, fault);
}

static bool read_tei(const struct t2v_str *values, struct rank_state *state,
                     struct t2v_fault *fault)
{
    struct t2v_scoring *scoring = &state->scoring;
    state->form = TEI;
    if (!t2v_texts_read_array(&scoring->texts, values[TEXTS], (struct t2v_loc){"texts", NULL, -1},
                              0, fault))
        return false;
    return scoring->texts.n != 0 || refuse_empty("texts", fault);
}

/* A string or null, though its text is not needed. */
static bool check_property(struct t2v_str value, struct t2v_fault *fault)
{
    struct t2v_texts texts = {0};
    bool ok = t2v_texts_read_optional(&texts, value, (struct t2v_loc){"property", NULL, -1}, fault);
    t2v_texts_deinit(&texts);
    return ok;
}

static bool read_weaviate(const struct t2v_str *values, struct rank_state *state,
                          struct t2v_fault *fault)
{
    struct t2v_texts *texts = &state->scoring.texts;
    state->with_text = true; /* whatever the choices are: they are for TEI's form */
    state->scoring.whole = false;
    state->form = t2v_body_has(values[DOCUMENTS]) ? WEAVIATE : PROPERTY;
    state->scoring.member = state->form == WEAVIATE ? "documents" : "property";
    if (state->form == PROPERTY)
        return t2v_scoring_read_string(values[PROPERTY_TEXT], "property", texts, fault);
    return check_property(values[PROPERTY_TEXT], fault) &&
           t2v_texts_read_array(texts, values[DOCUMENTS], (struct t2v_loc){"documents", NULL, -1},
                                0, fault);
}

/* The body's form. False: it is none, or two at once. */
static bool find_form(const struct t2v_str *values, enum form *form, struct t2v_fault *fault)
{
    bool weaviate = t2v_body_has(values[DOCUMENTS]) || t2v_body_has(values[PROPERTY_TEXT]);
    bool tei = t2v_body_has(values[TEXTS]);
    *form = tei ? TEI : WEAVIATE;
    if (tei && weaviate)
        t2v_fault_invalid(fault, "value_error", (struct t2v_loc){"texts", NULL, -1},
                          "beside documents or property: send either texts (as to "
                          "text-embeddings-inference) or documents (as Weaviate does)");
    else if (!tei && !weaviate)
        t2v_fault_invalid(fault, "missing", (struct t2v_loc){"texts", NULL, -1},
                          "the field is missing (or documents, as Weaviate sends it)");
    return tei != weaviate;
}

static void read_rank(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    static const char *const names[N] = {
        "query",      "texts",       "documents", "property",
        "raw_scores", "return_text", "truncate",  "truncation_direction",
        "model"};
    struct t2v_str values[N] = {{NULL, 0}};
    struct rank_state *state = job->state;
    struct t2v_scoring *scoring = &state->scoring;
    struct t2v_fault *fault = &job->fault;
    enum form form = TEI;
    scoring->member = "texts";
    state->most = SIZE_MAX;
    bool ok = t2v_body_members(body, "{\"query\": \"hello\", \"texts\": [\"hi\"]}", names, values,
                               N, fault) &&
              find_form(values, &form, fault) &&
              t2v_scoring_choose(service, values[MODEL], T2V_CAN_RANK, form == TEI ? 424 : 404,
                                 scoring, fault) &&
              t2v_scoring_read_string(values[QUERY], "query", &scoring->query, fault) &&
              read_choices(values, state, fault) &&
              (form == TEI ? read_tei(values, state, fault) : read_weaviate(values, state, fault));
    if (ok)
        make_pairs(state, fault);
}

static void read_cohere(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    enum { C_QUERY, C_DOCUMENTS, C_MOST, C_RETURN, C_MODEL, C_N };
    static const char *const names[C_N] = {"query", "documents", "top_n", "return_documents",
                                           "model"};
    struct t2v_str values[C_N] = {{NULL, 0}};
    struct rank_state *state = job->state;
    struct t2v_scoring *scoring = &state->scoring;
    struct t2v_fault *fault = &job->fault;
    const struct t2v_loc loc = {names[C_DOCUMENTS], NULL, -1};
    scoring->member = names[C_DOCUMENTS];
    state->form = COHERE;
    state->most = SIZE_MAX;
    bool ok = t2v_body_members(body, "{\"query\": \"hello\", \"documents\": [\"hi\"]}", names,
                               values, C_N, fault) &&
              t2v_scoring_choose(service, values[C_MODEL], T2V_CAN_RANK, 404, scoring, fault) &&
              t2v_scoring_read_count(values[C_MOST], names[C_MOST], NULL, &state->most, fault) &&
              t2v_body_read_bool(values[C_RETURN], names[C_RETURN], &state->with_text, fault) &&
              t2v_scoring_read_string(values[C_QUERY], names[C_QUERY], &scoring->query, fault) &&
              t2v_texts_read_documents(&scoring->texts, values[C_DOCUMENTS], loc, fault);
    if (ok && (scoring->texts.n != 0 || refuse_empty(names[C_DOCUMENTS], fault)))
        make_pairs(state, fault);
}

/* ---- Answering ---- */

static void write_tei(const struct rank_state *state, const float *scores, struct t2v_buf *buf)
{
    t2v_buf_adds(buf, "[");
    for (size_t i = 0; i < state->scoring.n; i++) {
        size_t at = state->order[i];
        t2v_buf_addf(buf, "%s{\"index\":%zu,\"score\":", i != 0 ? "," : "", at);
        t2v_json_write_f32(buf, scores[at]);
        if (state->with_text) {
            t2v_buf_adds(buf, ",\"text\":");
            t2v_json_write_str(buf, state->scoring.texts.list[at]);
        }
        t2v_buf_adds(buf, "}");
    }
    t2v_buf_adds(buf, "]");
}

static void write_weaviate(const struct rank_state *state, const float *scores, struct t2v_buf *buf)
{
    const struct t2v_scoring *scoring = &state->scoring;
    t2v_buf_adds(buf, "{\"query\":");
    t2v_json_write_str(buf, scoring->query.list[0]);
    if (state->form == PROPERTY) {
        t2v_buf_adds(buf, ",\"property\":");
        t2v_json_write_str(buf, scoring->texts.list[0]);
        t2v_buf_adds(buf, ",\"score\":");
        t2v_json_write_f32(buf, scores[0]);
        t2v_buf_adds(buf, ",\"scores\":null}");
        return;
    }
    t2v_buf_adds(buf, ",\"scores\":[");
    for (size_t i = 0; i < scoring->n; i++) {
        t2v_buf_adds(buf, i != 0 ? ",{\"document\":" : "{\"document\":");
        t2v_json_write_str(buf, scoring->texts.list[i]);
        t2v_buf_adds(buf, ",\"score\":");
        t2v_json_write_f32(buf, scores[i]);
        t2v_buf_adds(buf, "}");
    }
    t2v_buf_adds(buf, "],\"property\":null,\"score\":null}");
}

static void write_cohere(const struct rank_state *state, const float *scores, size_t n_tok,
                         struct t2v_buf *buf)
{
    const struct t2v_scoring *scoring = &state->scoring;
    t2v_buf_adds(buf, "{\"object\":\"list\",\"model\":");
    t2v_json_write_str(buf, t2v_str_of(scoring->served->name));
    t2v_buf_adds(buf, ",\"results\":[");
    for (size_t i = 0; i < scoring->n && i < state->most; i++) {
        size_t at = state->order[i];
        t2v_buf_addf(buf, "%s{\"index\":%zu,\"relevance_score\":", i != 0 ? "," : "", at);
        t2v_json_write_f32(buf, scores[at]);
        if (state->with_text) {
            t2v_buf_adds(buf, ",\"document\":{\"text\":");
            t2v_json_write_str(buf, scoring->texts.list[at]);
            t2v_buf_adds(buf, "}");
        }
        t2v_buf_adds(buf, "}");
    }
    t2v_buf_addf(
        buf,
        "],\"meta\":{\"api_version\":{\"version\":\"2\"},\"billed_units\":{\"search_units\""
        ":0}},\"usage\":{\"prompt_tokens\":%zu,\"total_tokens\":%zu}}",
        n_tok, n_tok);
}

static void write_rank(struct t2v_job *job)
{
    const struct rank_state *state = job->state;
    const struct t2v_scoring *scoring = &state->scoring;
    float *scores = job->work.result.values;
    struct t2v_buf *buf = &job->reply.buf;
    if (!t2v_scoring_succeeded(job))
        return;
    if (state->form == WEAVIATE || state->form == PROPERTY) {
        for (size_t i = 0; i < scoring->n; i++)
            t2v_classifier_score(scoring->served->classifier, scores + i);
        write_weaviate(state, scores, buf);
        return;
    }
    t2v_apply(state->raw ? T2V_APPLY_NONE : T2V_APPLY_SIGMOID, scores, scoring->n);
    t2v_rank(scores, scoring->n, T2V_TIES_LAST, state->order);
    if (state->form == TEI)
        write_tei(state, scores, buf);
    else
        write_cohere(state, scores, job->work.n_tok, buf);
}

/* Without documents there is no work. */
static bool plan(struct t2v_service *service, struct t2v_job *job)
{
    const struct rank_state *state = job->state;
    if (state->scoring.n != 0)
        return t2v_scoring_plan(service, job);
    write_weaviate(state, NULL, &job->reply.buf);
    return false;
}

static size_t bytes(const struct t2v_service *service, const struct t2v_job *job)
{
    const struct rank_state *state = job->state;
    return t2v_scoring_bytes(service, job) + (state->scoring.n + 1) * sizeof *state->order;
}

static void deinit(void *state)
{
    struct rank_state *rank = state;
    t2v_free(rank->order);
    t2v_scoring_deinit(&rank->scoring);
}

const struct t2v_operation t2v_rerank_rank = {
    .api = &t2v_api_rerank,
    .state_size = sizeof(struct rank_state),
    .read = read_rank,
    .read_bytes = t2v_scoring_read_bytes,
    .plan = plan,
    .bytes = bytes,
    .is_large = t2v_scoring_is_large,
    .write = write_rank,
    .deinit = deinit,
};

const struct t2v_operation t2v_cohere_rank = {
    .api = &t2v_api_cohere,
    .state_size = sizeof(struct rank_state),
    .read = read_cohere,
    .read_bytes = t2v_scoring_read_bytes,
    .plan = plan,
    .bytes = bytes,
    .is_large = t2v_scoring_is_large,
    .write = write_rank,
    .deinit = deinit,
};
