/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/vectors.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "http/body.h"
#include "json/json.h"
#include "json/pull.h"
#include "json/write.h"

#include "base/banned.h"

enum {
    FLOATS_MAX = 8 * 1024 * 1024, /* in one answer: 32 MiB of vectors, some 100 MiB of text */
    WORD_MAX = 256,  /* bytes of a task_type, which may be put before each text of a request */
    FLOAT_CHARS = 13 /* of a component in an answer, at most: "-0.012345678," */
};

/* --- reading; a value is its text in the body, ptr NULL where it is not there --- */

static bool is_there(struct t2v_str value)
{
    return value.ptr != NULL && value.ptr[0] != 'n';
}

static void blame_type(struct t2v_reply *reply, struct t2v_blame blame, const char *wanted,
                       struct t2v_str value)
{
    char message[96];
    snprintf(message, sizeof message, "%s is needed here, not %s", wanted,
             t2v_json_kind_name(t2v_json_type_of(value)));
    t2v_reply_invalid(reply, &blame, message);
}

/* Passes over an object, and finds the values of the members with these names, the last of equal
 * ones. [n] */
static int find_members(struct t2v_pull *pull, const char *const *names, struct t2v_str *values,
                        size_t n)
{
    struct t2v_str key, value;
    int rc = t2v_pull_open(pull, '{');
    while (rc == 0 && (rc = t2v_pull_more(pull, '}')) == 1) {
        size_t i = 0;
        rc = t2v_pull_key(pull, &key);
        while (rc == 0 && i < n && !t2v_str_is(key, names[i]))
            i++;
        if (rc == 0)
            rc = t2v_pull_pass(pull, &value);
        if (rc == 0 && i < n)
            values[i] = value;
    }
    return rc;
}

/* Appends a string to q->bytes, which has room for it. */
static struct t2v_str keep(struct t2v_question *q, struct t2v_str text, size_t most)
{
    char *to = q->bytes + q->n_byte;
    size_t n = text.len < most ? text.len : most;
    if (n != 0)
        memcpy(to, text.ptr, n);
    q->n_byte += n;
    return (struct t2v_str){to, n};
}

/* --- config --- */

enum { POOLING, TASK, DIMENSIONS, N_CONFIG };
static const char *const config_names[N_CONFIG] = {"pooling_strategy", "task_type", "dimensions"};

/* A string or null. *out: its beginning, WORD_MAX + 1 bytes at most, which is longer than any word
 * that means something; *len: its length. */
static bool read_word(struct t2v_question *q, struct t2v_str value, const char *name,
                      struct t2v_str *out, size_t *len, struct t2v_reply *reply)
{
    struct t2v_pull pull;
    struct t2v_str text;
    *len = 0;
    if (!is_there(value))
        return true;
    if (value.ptr[0] != '"') {
        blame_type(reply, (struct t2v_blame){"string_type", "config", name, -1}, "a string", value);
        return false;
    }
    t2v_pull_init(&pull, value, NULL);
    bool ok = t2v_pull_str(&pull, &text) == 0;
    if (ok) {
        *out = keep(q, text, WORD_MAX + 1);
        *len = text.len;
    } else {
        t2v_reply_busy(reply, t2v_why_busy(T2V_ENOMEM));
    }
    t2v_pull_deinit(&pull);
    return ok;
}

static bool read_task(struct t2v_question *q, struct t2v_str value, struct t2v_reply *reply)
{
    size_t len;
    if (!read_word(q, value, config_names[TASK], &q->ask.task, &len, reply))
        return false;
    if (len <= WORD_MAX)
        return true;
    char message[96];
    snprintf(message, sizeof message, "at most %d bytes are allowed here, not %zu", (int)WORD_MAX,
             len);
    t2v_reply_invalid(reply, &(struct t2v_blame){"string_too_long", "config", "task_type", -1},
                      message);
    return false;
}

/* A whole number below 2^53 in size. */
static bool read_whole(struct t2v_str value, int64_t *out)
{
    struct t2v_pull pull;
    double number;
    t2v_pull_init(&pull, value, NULL);
    bool ok = t2v_pull_is_number(&pull, value.ptr[0]) && t2v_pull_number(&pull, &number) == 0 &&
              t2v_json_whole(number, out);
    t2v_pull_deinit(&pull);
    return ok;
}

static bool read_dimensions(struct t2v_str value, int64_t *out, struct t2v_reply *reply)
{
    if (!is_there(value))
        return true;
    if (!read_whole(value, out)) {
        enum t2v_json_type type = t2v_json_type_of(value);
        char message[96];
        snprintf(message, sizeof message, "a whole number is needed here, not %s",
                 type == T2V_JSON_NUMBER ? "another number" : t2v_json_kind_name(type));
        t2v_reply_invalid(reply, &(struct t2v_blame){"int_type", "config", "dimensions", -1},
                          message);
        return false;
    }
    if (*out >= 1)
        return true;
    t2v_reply_invalid(reply, &(struct t2v_blame){"greater_than_equal", "config", "dimensions", -1},
                      "at least 1 is needed here");
    return false;
}

static bool read_config(struct t2v_question *q, struct t2v_str config, struct t2v_reply *reply)
{
    struct t2v_str values[N_CONFIG] = {{NULL, 0}};
    struct t2v_pull pull;
    size_t len;
    if (!is_there(config))
        return true;
    if (config.ptr[0] != '{') {
        blame_type(reply, (struct t2v_blame){"model_attributes_type", "config", NULL, -1},
                   "an object or null", config);
        return false;
    }
    t2v_pull_init(&pull, config, NULL);
    int rc = find_members(&pull, config_names, values, N_CONFIG);
    t2v_pull_deinit(&pull);
    if (rc != 0) {
        t2v_reply_busy(reply, t2v_why_busy(rc));
        return false;
    }
    return read_word(q, values[POOLING], config_names[POOLING], &q->ask.pooling, &len, reply) &&
           read_task(q, values[TASK], reply) &&
           read_dimensions(values[DIMENSIONS], &q->ask.dimensions, reply);
}

/* --- texts --- */

/* What an array holds. */
struct census {
    size_t n, n_byte; /* items; bytes of strings */
    size_t wrong;     /* the first that is no string; SIZE_MAX: none */
    struct t2v_str wrong_value;
};

/* Counts one item, and keeps the first that is no string. */
static int count_item(struct t2v_pull *pull, struct census *census)
{
    struct t2v_str value;
    bool is_string = t2v_pull_peek(pull) == '"';
    int rc = is_string ? t2v_pull_str(pull, &value) : t2v_pull_pass(pull, &value);
    if (is_string && rc == 0)
        census->n_byte += value.len;
    if (!is_string && census->wrong == SIZE_MAX) {
        census->wrong = census->n;
        census->wrong_value = value;
    }
    census->n++;
    return rc;
}

static int count(struct t2v_str array, struct census *census)
{
    struct t2v_pull pull;
    *census = (struct census){.wrong = SIZE_MAX};
    t2v_pull_init(&pull, array, NULL);
    int rc = t2v_pull_open(&pull, '[');
    while (rc == 0 && (rc = t2v_pull_more(&pull, ']')) == 1)
        rc = count_item(&pull, census);
    t2v_pull_deinit(&pull);
    return rc;
}

/* Memory for n texts of n_byte together, and config's two words. */
static bool make_room(struct t2v_question *q, size_t n, size_t n_byte, struct t2v_reply *reply)
{
    q->texts = t2v_alloc_zero(n, sizeof *q->texts);
    q->bytes = t2v_alloc(n_byte + 2 * (WORD_MAX + 1));
    if (q->texts == NULL || q->bytes == NULL) {
        t2v_reply_busy(reply, t2v_why_busy(T2V_ENOMEM));
        return false;
    }
    q->n_text = n;
    return true;
}

/* Copies the items of an array, which count() has found to be strings. */
static bool copy_all(struct t2v_question *q, struct t2v_str array, struct t2v_reply *reply)
{
    struct t2v_pull pull;
    struct t2v_str text;
    t2v_pull_init(&pull, array, NULL);
    int rc = t2v_pull_open(&pull, '[');
    for (size_t i = 0; i < q->n_text && rc == 0; i++) {
        rc = t2v_pull_more(&pull, ']') == 1 ? t2v_pull_str(&pull, &text) : T2V_EFORMAT;
        if (rc == 0)
            q->texts[i] = keep(q, text, SIZE_MAX);
    }
    t2v_pull_deinit(&pull);
    if (rc != 0)
        t2v_reply_busy(reply, t2v_why_busy(rc));
    return rc == 0;
}

static bool read_many(struct t2v_question *q, struct t2v_str texts, size_t dim,
                      struct t2v_reply *reply)
{
    struct census census;
    size_t most = FLOATS_MAX / (dim != 0 ? dim : 1);
    if (texts.ptr[0] != '[') {
        blame_type(reply, (struct t2v_blame){"list_type", "texts", NULL, -1}, "an array of strings",
                   texts);
        return false;
    }
    int rc = count(texts, &census);
    if (rc != 0) {
        t2v_reply_busy(reply, t2v_why_busy(rc));
        return false;
    }
    if (census.n > most) {
        char message[128];
        snprintf(message, sizeof message,
                 "texts: %zu texts in one request, the limit is %zu for this model", census.n,
                 most);
        t2v_reply_error(reply, 413, message);
        return false;
    }
    if (census.wrong != SIZE_MAX) {
        blame_type(reply, (struct t2v_blame){"string_type", "texts", NULL, (ptrdiff_t)census.wrong},
                   "a string", census.wrong_value);
        return false;
    }
    q->many = true;
    return make_room(q, census.n, census.n_byte, reply) && copy_all(q, texts, reply);
}

static bool read_one(struct t2v_question *q, struct t2v_str value, struct t2v_reply *reply)
{
    struct t2v_pull pull;
    struct t2v_str text;
    if (value.ptr == NULL) {
        t2v_reply_invalid(reply, &(struct t2v_blame){"missing", "text", NULL, -1},
                          "the field is missing");
        return false;
    }
    if (value.ptr[0] != '"') {
        blame_type(reply, (struct t2v_blame){"string_type", "text", NULL, -1}, "a string", value);
        return false;
    }
    t2v_pull_init(&pull, value, NULL);
    int rc = t2v_pull_str(&pull, &text);
    bool ok = rc == 0 && make_room(q, 1, text.len, reply);
    if (ok)
        q->texts[0] = keep(q, text, SIZE_MAX);
    else if (rc != 0)
        t2v_reply_busy(reply, t2v_why_busy(rc));
    t2v_pull_deinit(&pull);
    return ok;
}

static bool read_texts(struct t2v_question *q, struct t2v_str text, struct t2v_str texts,
                       size_t dim, struct t2v_reply *reply)
{
    if (is_there(text) && is_there(texts)) {
        t2v_reply_invalid(reply, &(struct t2v_blame){"value_error", "texts", NULL, -1},
                          "text and texts in one request, send one of them");
        return false;
    }
    return is_there(texts) ? read_many(q, texts, dim, reply) : read_one(q, text, reply);
}

/* --- the body --- */

enum { TEXT, TEXTS, CONFIG, N_MEMBER };
static const char *const member_names[N_MEMBER] = {"text", "texts", "config"};

/* Checks that the body is one JSON value. *whole: its text; values: the members of an object. */
static int check(struct t2v_str body, struct t2v_str *values, struct t2v_str *whole,
                 struct t2v_err *err)
{
    struct t2v_pull pull;
    t2v_pull_init(&pull, body, err);
    bool object = t2v_pull_peek(&pull) == '{';
    const char *first = pull.at;
    int rc =
        object ? find_members(&pull, member_names, values, N_MEMBER) : t2v_pull_pass(&pull, whole);
    *whole = (struct t2v_str){first, (size_t)(pull.at - first)};
    if (rc == 0)
        rc = t2v_pull_end(&pull);
    t2v_pull_deinit(&pull);
    return rc;
}

static bool parse(struct t2v_str body, struct t2v_str *values, struct t2v_reply *reply)
{
    struct t2v_err err = {0};
    struct t2v_str whole = {NULL, 0};
    if (body.len == 0) {
        t2v_reply_invalid(reply, &(struct t2v_blame){"missing", NULL, NULL, -1},
                          "the body is empty, a JSON object is needed");
        return false;
    }
    int rc = check(body, values, &whole, &err);
    if (rc == T2V_EFORMAT) {
        const char *mistake = t2v_body_mistake(body);
        t2v_reply_invalid(reply,
                          &(struct t2v_blame){"json_invalid", NULL, NULL, (ptrdiff_t)err.pos},
                          mistake != NULL ? mistake : err.msg);
    } else if (rc != 0) {
        t2v_reply_busy(reply, t2v_why_busy(rc));
    } else if (whole.ptr[0] != '{') {
        blame_type(reply, (struct t2v_blame){"model_attributes_type", NULL, NULL, -1},
                   "a JSON object", whole);
        rc = T2V_EFORMAT;
    }
    return rc == 0;
}

bool t2v_question_read(struct t2v_question *question, struct t2v_str body, size_t dim,
                       struct t2v_reply *reply)
{
    struct t2v_str values[N_MEMBER] = {{NULL, 0}};
    *question = (struct t2v_question){0};
    bool ok = parse(body, values, reply) &&
              read_texts(question, values[TEXT], values[TEXTS], dim, reply) &&
              read_config(question, values[CONFIG], reply);
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
    return echo + question->n_text * (dim * FLOAT_CHARS + 2) + 64;
}

/* --- answering --- */

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
                         struct t2v_reply *reply)
{
    struct t2v_buf *buf = &reply->buf;
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
                       size_t err_text, struct t2v_reply *reply)
{
    int status = t2v_reply_status_of(err->code);
    bool blames_text = err->code == T2V_EEMPTY || err->code == T2V_ETOOLARGE;
    if (status == 422) {
        struct t2v_blame blame = {"value_error", "config", NULL, -1};
        if (blames_text)
            blame = (struct t2v_blame){"value_error", question->many ? "texts" : "text", NULL,
                                       question->many ? (ptrdiff_t)err_text : -1};
        t2v_reply_invalid(reply, &blame, err->msg);
        return;
    }
    char message[sizeof err->msg + 48];
    if ((blames_text || err->code == T2V_EMODEL) && question->many)
        snprintf(message, sizeof message, "texts[%zu]: %s", err_text, err->msg);
    else
        snprintf(message, sizeof message, "%s%s", blames_text ? "text: " : "", err->msg);
    t2v_reply_error(reply, status, message);
    reply->why = t2v_why_failed(err->code);
}
