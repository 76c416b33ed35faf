/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/vectors.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "http/body.h"
#include "json/plain.h"
#include "json/write.h"

#include "base/banned.h"

enum {
    VALUES_MAX = 256 * 1024,      /* JSON values in one body: each costs some 100 bytes of memory */
    FLOATS_MAX = 8 * 1024 * 1024, /* in one answer: 32 MiB of vectors, some 100 MiB of text */
    TASK_MAX = 256 /* bytes of a task_type: it may be put before each text of a request */
};

/* True when the body has more values than we would make a tree of. Counts what separates them, so
 * it needs no valid JSON. */
static bool too_many_values(struct t2v_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len && n <= VALUES_MAX; i++) {
        char c = s.ptr[i];
        if (c == '"')
            i = t2v_json_string_end(s, i + 1);
        else
            n += c == ',' || c == '[' || c == '{' || c == ':';
    }
    return n > VALUES_MAX;
}

static void blame_type(struct t2v_reply *reply, struct t2v_blame blame, const char *wanted,
                       const t2v_json *value)
{
    char message[96];
    snprintf(message, sizeof message, "%s is needed here, not %s", wanted,
             t2v_json_type_name(value));
    t2v_reply_invalid(reply, &blame, message);
}

static bool is_there(const t2v_json *value)
{
    return value != NULL && t2v_json_type(value) != T2V_JSON_NULL;
}

/* A string or null among config's members. */
static bool read_word(const t2v_json *config, const char *name, struct t2v_str *out,
                      struct t2v_reply *reply)
{
    const t2v_json *value = t2v_json_get(config, name);
    if (!is_there(value))
        return true;
    *out = t2v_json_str(value);
    if (out->ptr != NULL)
        return true;
    blame_type(reply, (struct t2v_blame){"string_type", "config", name, -1}, "a string", value);
    return false;
}

static bool read_task(const t2v_json *config, struct t2v_str *out, struct t2v_reply *reply)
{
    if (!read_word(config, "task_type", out, reply))
        return false;
    if (out->len <= TASK_MAX)
        return true;
    char message[96];
    snprintf(message, sizeof message, "at most %d bytes are allowed here, not %zu", (int)TASK_MAX,
             out->len);
    t2v_reply_invalid(reply, &(struct t2v_blame){"string_too_long", "config", "task_type", -1},
                      message);
    return false;
}

static bool read_dimensions(const t2v_json *config, int64_t *out, struct t2v_reply *reply)
{
    const t2v_json *value = t2v_json_get(config, "dimensions");
    if (!is_there(value))
        return true;
    if (!t2v_json_int(value, out)) {
        const char *found =
            t2v_json_type(value) == T2V_JSON_NUMBER ? "another number" : t2v_json_type_name(value);
        char message[96];
        snprintf(message, sizeof message, "a whole number is needed here, not %s", found);
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

static bool read_config(struct t2v_question *q, struct t2v_reply *reply)
{
    const t2v_json *config = t2v_json_get(q->root, "config");
    if (!is_there(config))
        return true;
    if (t2v_json_type(config) != T2V_JSON_OBJECT) {
        blame_type(reply, (struct t2v_blame){"model_attributes_type", "config", NULL, -1},
                   "an object or null", config);
        return false;
    }
    return read_word(config, "pooling_strategy", &q->ask.pooling, reply) &&
           read_task(config, &q->ask.task, reply) &&
           read_dimensions(config, &q->ask.dimensions, reply);
}

static bool make_room(struct t2v_question *q, size_t n, struct t2v_reply *reply)
{
    q->texts = t2v_alloc_zero(n, sizeof *q->texts);
    if (q->texts == NULL) {
        t2v_reply_busy(reply, t2v_why_busy(T2V_ENOMEM));
        return false;
    }
    q->n_text = n;
    return true;
}

static bool read_many(struct t2v_question *q, const t2v_json *texts, size_t dim,
                      struct t2v_reply *reply)
{
    if (t2v_json_type(texts) != T2V_JSON_ARRAY) {
        blame_type(reply, (struct t2v_blame){"list_type", "texts", NULL, -1}, "an array of strings",
                   texts);
        return false;
    }
    size_t n = t2v_json_len(texts), most = FLOATS_MAX / (dim != 0 ? dim : 1);
    if (n > most) {
        char message[128];
        snprintf(message, sizeof message,
                 "texts: %zu texts in one request, the limit is %zu for this model", n, most);
        t2v_reply_error(reply, 413, message);
        return false;
    }
    if (!make_room(q, n, reply))
        return false;
    for (size_t i = 0; i < n; i++) {
        q->texts[i] = t2v_json_str(t2v_json_at(texts, i));
        if (q->texts[i].ptr == NULL) {
            blame_type(reply, (struct t2v_blame){"string_type", "texts", NULL, (ptrdiff_t)i},
                       "a string", t2v_json_at(texts, i));
            return false;
        }
    }
    q->many = true;
    return true;
}

static bool read_texts(struct t2v_question *q, size_t dim, struct t2v_reply *reply)
{
    const t2v_json *text = t2v_json_get(q->root, "text");
    const t2v_json *texts = t2v_json_get(q->root, "texts");
    if (is_there(text) && is_there(texts)) {
        t2v_reply_invalid(reply, &(struct t2v_blame){"value_error", "texts", NULL, -1},
                          "text and texts in one request, send one of them");
        return false;
    }
    if (is_there(texts))
        return read_many(q, texts, dim, reply);
    if (text == NULL) {
        t2v_reply_invalid(reply, &(struct t2v_blame){"missing", "text", NULL, -1},
                          "the field is missing");
        return false;
    }
    if (t2v_json_type(text) != T2V_JSON_STRING) {
        blame_type(reply, (struct t2v_blame){"string_type", "text", NULL, -1}, "a string", text);
        return false;
    }
    if (!make_room(q, 1, reply))
        return false;
    q->texts[0] = t2v_json_str(text);
    return true;
}

static bool parse(struct t2v_question *q, struct t2v_str body, struct t2v_reply *reply)
{
    struct t2v_err err = {0};
    if (body.len == 0) {
        t2v_reply_invalid(reply, &(struct t2v_blame){"missing", NULL, NULL, -1},
                          "the body is empty, a JSON object is needed");
        return false;
    }
    if (too_many_values(body)) {
        t2v_reply_error(reply, 413, "the body has more than 262144 JSON values");
        return false;
    }
    int rc = t2v_json_parse(body, &q->root, &err);
    if (rc == T2V_EFORMAT) {
        const char *mistake = t2v_body_mistake(body);
        t2v_reply_invalid(reply,
                          &(struct t2v_blame){"json_invalid", NULL, NULL, (ptrdiff_t)err.pos},
                          mistake != NULL ? mistake : err.msg);
    }
    if (rc != 0 && rc != T2V_EFORMAT)
        t2v_reply_error(reply, t2v_reply_status_of(rc), err.msg);
    return rc == 0;
}

bool t2v_question_read(struct t2v_question *question, struct t2v_str body, size_t dim,
                       struct t2v_reply *reply)
{
    *question = (struct t2v_question){0};
    bool ok = parse(question, body, reply);
    if (ok && t2v_json_type(question->root) != T2V_JSON_OBJECT) {
        blame_type(reply, (struct t2v_blame){"model_attributes_type", NULL, NULL, -1},
                   "a JSON object", question->root);
        ok = false;
    }
    ok = ok && read_texts(question, dim, reply) && read_config(question, reply);
    if (!ok)
        t2v_question_deinit(question);
    return ok;
}

void t2v_question_deinit(struct t2v_question *question)
{
    t2v_free(question->texts);
    t2v_json_free(question->root);
    *question = (struct t2v_question){0};
}

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
