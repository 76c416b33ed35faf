/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/vectors.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "http/body.h"
#include "http/job.h"
#include "http/service.h"
#include "json/json.h"
#include "json/pull.h"
#include "json/write.h"

#include "base/banned.h"

enum {
    FLOATS_MAX = 8 * 1024 * 1024, /* in one answer: 32 MiB of vectors, some 100 MiB of text */
    WORD_MAX = 256, /* bytes of a task_type, which may be put before each text of a request */
    /* Above these, writing an answer takes about a millisecond. */
    LARGE_BYTES = 64 * 1024,
    LARGE_FLOATS = 16 * 1024
};

/* ---- Reading ---- */

/* Appends a string to q->bytes, which has room for it. */
static struct t2v_str keep_str(struct t2v_question *q, struct t2v_str text, size_t most)
{
    char *to = q->bytes + q->n_byte;
    size_t n = text.len < most ? text.len : most;
    if (n != 0)
        memcpy(to, text.ptr, n);
    q->n_byte += n;
    return (struct t2v_str){to, n};
}

/* A string or null. *out: its beginning, WORD_MAX + 1 bytes at most, which is longer than any word
 * that means something; *len: its length. */
static bool read_word(struct t2v_question *q, struct t2v_str value, const char *name,
                      struct t2v_str *out, size_t *len, struct t2v_fault *fault)
{
    struct t2v_pull pull;
    struct t2v_str text;
    *len = 0;
    if (!t2v_body_has(value))
        return true;
    if (value.ptr[0] != '"') {
        t2v_body_wrong_type(fault, "string_type", (struct t2v_loc){"config", name, -1}, "a string",
                            value);
        return false;
    }
    t2v_pull_init(&pull, value, NULL);
    bool ok = t2v_pull_str(&pull, &text) == 0;
    if (ok) {
        *out = keep_str(q, text, WORD_MAX + 1);
        *len = text.len;
    } else {
        t2v_fault_no_memory(fault);
    }
    t2v_pull_deinit(&pull);
    return ok;
}

static bool read_task(struct t2v_question *q, struct t2v_str value, struct t2v_fault *fault)
{
    size_t len;
    if (!read_word(q, value, "task_type", &q->params.task, &len, fault))
        return false;
    if (len <= WORD_MAX)
        return true;
    t2v_fault_invalid(fault, "string_too_long", (struct t2v_loc){"config", "task_type", -1},
                      "at most %d bytes are allowed here, not %zu", (int)WORD_MAX, len);
    return false;
}

static bool read_dimensions(struct t2v_str value, int64_t *out, struct t2v_fault *fault)
{
    const struct t2v_loc loc = {"config", "dimensions", -1};
    if (!t2v_body_has(value))
        return true;
    if (!t2v_body_whole(value, out)) {
        t2v_body_not_whole(fault, loc, "a whole number", value);
        return false;
    }
    if (*out >= 1)
        return true;
    t2v_fault_invalid(fault, "greater_than_equal", loc, "at least 1 is needed here");
    return false;
}

static bool read_config(struct t2v_question *q, struct t2v_str config, struct t2v_fault *fault)
{
    enum { POOLING, TASK, DIMENSIONS, N };
    static const char *const names[N] = {"pooling_strategy", "task_type", "dimensions"};
    struct t2v_str values[N] = {{NULL, 0}};
    size_t len;
    if (!t2v_body_has(config))
        return true;
    if (config.ptr[0] != '{') {
        t2v_body_wrong_type(fault, "model_attributes_type", (struct t2v_loc){"config", NULL, -1},
                            "an object or null", config);
        return false;
    }
    return t2v_body_inner(config, names, values, N, fault) &&
           read_word(q, values[POOLING], names[POOLING], &q->params.pooling, &len, fault) &&
           read_task(q, values[TASK], fault) &&
           read_dimensions(values[DIMENSIONS], &q->params.dimensions, fault);
}

/* Memory for n texts of n_byte together, and config's two words. */
static bool make_room(struct t2v_question *q, size_t n, size_t n_byte, struct t2v_fault *fault)
{
    q->texts = t2v_alloc_zero(n, sizeof *q->texts);
    q->bytes = t2v_alloc(n_byte + 2 * (WORD_MAX + 1));
    if (q->texts == NULL || q->bytes == NULL) {
        t2v_fault_no_memory(fault);
        return false;
    }
    q->n_text = n;
    return true;
}

/* Copies the items of an array, which t2v_body_count has found to be strings. */
static bool copy_all(struct t2v_question *q, struct t2v_str array, struct t2v_fault *fault)
{
    struct t2v_pull pull;
    struct t2v_str text;
    t2v_pull_init(&pull, array, NULL);
    int rc = t2v_pull_open(&pull, '[');
    for (size_t i = 0; i < q->n_text && rc == 0; i++) {
        rc = t2v_pull_more(&pull, ']') == 1 ? t2v_pull_str(&pull, &text) : T2V_EFORMAT;
        if (rc == 0)
            q->texts[i] = keep_str(q, text, SIZE_MAX);
    }
    t2v_pull_deinit(&pull);
    if (rc != 0)
        t2v_fault_busy(fault, t2v_why_busy(rc));
    return rc == 0;
}

static bool read_many(struct t2v_question *q, struct t2v_str texts, size_t dim,
                      struct t2v_fault *fault)
{
    struct t2v_body_strings strings;
    size_t most = FLOATS_MAX / (dim != 0 ? dim : 1);
    if (texts.ptr[0] != '[') {
        t2v_body_wrong_type(fault, "list_type", (struct t2v_loc){"texts", NULL, -1},
                            "an array of strings", texts);
        return false;
    }
    if (!t2v_body_count(texts, &strings, fault))
        return false;
    if (strings.n > most) {
        t2v_fault_set(fault, 413,
                      "texts: %zu texts in one request, the limit is %zu for this model", strings.n,
                      most);
        return false;
    }
    if (strings.wrong != SIZE_MAX) {
        t2v_body_wrong_type(fault, "string_type",
                            (struct t2v_loc){"texts", NULL, (ptrdiff_t)strings.wrong}, "a string",
                            strings.wrong_value);
        return false;
    }
    q->many = true;
    return make_room(q, strings.n, strings.n_byte, fault) && copy_all(q, texts, fault);
}

static bool read_one(struct t2v_question *q, struct t2v_str value, struct t2v_fault *fault)
{
    const struct t2v_loc loc = {"text", NULL, -1};
    struct t2v_pull pull;
    struct t2v_str text;
    if (!t2v_body_needs_string(value, loc, fault))
        return false;
    t2v_pull_init(&pull, value, NULL);
    int rc = t2v_pull_str(&pull, &text);
    bool ok = rc == 0 && make_room(q, 1, text.len, fault);
    if (ok)
        q->texts[0] = keep_str(q, text, SIZE_MAX);
    else if (rc != 0)
        t2v_fault_busy(fault, t2v_why_busy(rc));
    t2v_pull_deinit(&pull);
    return ok;
}

static bool read_texts(struct t2v_question *q, struct t2v_str text, struct t2v_str texts,
                       size_t dim, struct t2v_fault *fault)
{
    if (t2v_body_has(text) && t2v_body_has(texts)) {
        t2v_fault_invalid(fault, "value_error", (struct t2v_loc){"texts", NULL, -1},
                          "text and texts in one request, send one of them");
        return false;
    }
    return t2v_body_has(texts) ? read_many(q, texts, dim, fault) : read_one(q, text, fault);
}

bool t2v_question_read(struct t2v_question *question, struct t2v_str body, size_t dim,
                       struct t2v_fault *fault)
{
    enum { TEXT, TEXTS, CONFIG, N };
    static const char *const names[N] = {"text", "texts", "config"};
    struct t2v_str values[N] = {{NULL, 0}};
    *question = (struct t2v_question){0};
    bool ok = t2v_body_members(body, "{\"text\": \"hello\"}", names, values, N, fault) &&
              read_texts(question, values[TEXT], values[TEXTS], dim, fault) &&
              read_config(question, values[CONFIG], fault);
    if (!ok)
        t2v_question_deinit(question);
    return ok;
}

void t2v_question_deinit(struct t2v_question *question)
{
    t2v_free(question->texts);
    t2v_free(question->bytes);
    *question = (struct t2v_question){0};
}

size_t t2v_question_bytes(const struct t2v_question *question)
{
    return question->n_byte + question->n_text * sizeof *question->texts;
}

size_t t2v_question_answer_bytes(const struct t2v_question *question, size_t dim)
{
    size_t echo = question->many ? 0 : t2v_json_str_bytes(question->texts[0]);
    return echo + question->n_text * t2v_json_f32s_bytes(dim) + 64;
}

/* ---- Answering ---- */

static void answer_many(const struct t2v_question *question, const float *vectors, size_t dim,
                        struct t2v_buf *buf)
{
    t2v_buf_adds(buf, "{\"vectors\":[");
    for (size_t i = 0; i < question->n_text; i++) {
        if (i != 0)
            t2v_buf_adds(buf, ",");
        t2v_json_write_f32s(buf, vectors + i * dim, dim);
    }
    t2v_buf_adds(buf, "]");
}

void t2v_question_answer(const struct t2v_question *question, const float *vectors, size_t dim,
                         struct t2v_buf *buf)
{
    if (question->many) {
        answer_many(question, vectors, dim, buf);
    } else {
        t2v_buf_adds(buf, "{\"text\":");
        t2v_json_write_str(buf, question->texts[0]);
        t2v_buf_adds(buf, ",\"vector\":");
        t2v_json_write_f32s(buf, vectors, dim);
    }
    t2v_buf_addf(buf, ",\"dim\":%zu}", dim);
}

void t2v_question_fail(const struct t2v_question *question, const struct t2v_err *err,
                       size_t err_text, struct t2v_fault *fault)
{
    bool many = question->many;
    bool blames_text = err->code == T2V_EEMPTY || err->code == T2V_ETOOLARGE;
    t2v_fault_work(fault, err);
    if (blames_text || (err->code == T2V_EMODEL && many))
        fault->loc =
            (struct t2v_loc){many ? "texts" : "text", NULL, many ? (ptrdiff_t)err_text : -1};
    else if (fault->status == 422)
        fault->loc = (struct t2v_loc){"config", NULL, -1};
}

/* ---- The operation ---- */

static void read_body(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    struct t2v_question *question = job->state;
    const struct t2v_served *served =
        t2v_models_choose(service->models, (struct t2v_str){NULL, 0}, T2V_CAN_EMBED, &job->fault);
    if (served == NULL)
        return;
    t2v_question_read(question, body, t2v_embedder_max_dim(served->embedder), &job->fault);
    question->embedder = served->embedder;
}

/* The answer from the cache; false when there is none. */
static bool from_cache(struct t2v_service *service, const struct t2v_question *question,
                       struct t2v_buf *buf)
{
    if (service->cache == NULL || question->many)
        return false;
    struct t2v_cache_key key = {question->texts[0], question->params};
    size_t dim;
    const float *vector = t2v_cache_get(service->cache, &key, t2v_clock_ns(), &dim);
    if (vector == NULL) {
        service->metrics.cache_misses++;
        return false;
    }
    service->metrics.cache_hits++;
    t2v_question_answer(question, vector, dim, buf);
    return true;
}

static bool plan(struct t2v_service *service, struct t2v_job *job)
{
    const struct t2v_question *question = job->state;
    if (question->n_text == 0) {
        t2v_question_answer(question, NULL, t2v_embedder_dim(question->embedder), &job->reply.buf);
        return false;
    }
    if (from_cache(service, question, &job->reply.buf))
        return false;
    job->work.texts = question->texts;
    job->work.n_text = question->n_text;
    job->work.params = &question->params;
    job->work.is_query = t2v_embed_is_query(&question->params);
    job->work.task = t2v_embedder_task(question->embedder);
    return true;
}

static size_t bytes(const struct t2v_service *service, const struct t2v_job *job)
{
    const struct t2v_question *question = job->state;
    size_t dim = t2v_embedder_max_dim(question->embedder);
    (void)service;
    return t2v_question_bytes(question) + question->n_text * dim * sizeof(float) +
           t2v_question_answer_bytes(question, dim);
}

static void keep(struct t2v_service *service, const struct t2v_job *job)
{
    const struct t2v_question *question = job->state;
    if (service->cache == NULL || question->many || job->work.err.code != 0)
        return;
    struct t2v_cache_key key = {question->texts[0], question->params};
    t2v_cache_put(service->cache, &key, job->work.result.values, job->work.result.width,
                  t2v_clock_ns());
}

static bool is_large(const struct t2v_job *job)
{
    const struct t2v_question *question = job->state;
    if (job->work.err.code != 0)
        return false;
    return question->many ? job->work.n_text * job->work.result.width > LARGE_FLOATS
                          : question->texts[0].len > LARGE_BYTES;
}

static void write_answer(struct t2v_job *job)
{
    const struct t2v_work *work = &job->work;
    if (work->err.code != 0)
        t2v_question_fail(job->state, &work->err, work->err_text, &job->fault);
    else
        t2v_question_answer(job->state, work->result.values, work->result.width, &job->reply.buf);
}

static void deinit(void *state)
{
    t2v_question_deinit(state);
}

/* {"error": "WHERE: message"}, for a 422 with FastAPI's "detail": [{"type", "loc", "msg"}] too. */
static void fail(const struct t2v_fault *fault, struct t2v_reply *reply)
{
    const struct t2v_loc *loc = &fault->loc;
    struct t2v_buf *buf = &reply->buf;
    t2v_buf_adds(buf, "{\"error\":");
    t2v_fault_write_msg(fault, buf);
    if (fault->type != NULL) {
        t2v_buf_addf(buf, ",\"detail\":[{\"type\":\"%s\",\"loc\":[\"body\"", fault->type);
        if (loc->outer != NULL)
            t2v_buf_addf(buf, ",\"%s\"", loc->outer);
        if (loc->inner != NULL)
            t2v_buf_addf(buf, ",\"%s\"", loc->inner);
        if (loc->index >= 0)
            t2v_buf_addf(buf, ",%td", loc->index);
        t2v_buf_adds(buf, "],\"msg\":");
        t2v_json_write_str(buf, t2v_str_of(fault->msg));
        t2v_buf_adds(buf, "}]");
    }
    t2v_buf_adds(buf, "}");
}

const struct t2v_api t2v_api_vectors = {.name = "vectors", .fail = fail};

const struct t2v_operation t2v_vectors_embed = {
    .api = &t2v_api_vectors,
    .state_size = sizeof(struct t2v_question),
    .read = read_body,
    .plan = plan,
    .bytes = bytes,
    .keep = keep,
    .is_large = is_large,
    .write = write_answer,
    .deinit = deinit,
};
