/* SPDX-License-Identifier: BSD-3-Clause */
/* From a body to a question, and from vectors or a failure to the answer's bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "http/api/vectors.h"

#include "base/banned.h"

enum { DIM = 1024 * 1024 }; /* so that an answer may hold 8 texts */

static const struct t2v_reply_head open_head = {.keep_alive = true};

/* The body of a finished answer, NUL-terminated; the reply must be kept meanwhile. */
static const char *body_of(struct t2v_reply *reply)
{
    struct t2v_reply_head head = open_head;
    t2v_buf_addc(&reply->buf, '\0');
    struct t2v_str bytes = t2v_reply_finish(reply, &head);
    const char *body = strstr(bytes.ptr, "\r\n\r\n");
    assert_non_null(body);
    return body + 4;
}

/* Reads a body; when it is refused, the reply says why. */
static bool reads(struct t2v_question *question, struct t2v_str body, struct t2v_reply *reply)
{
    struct t2v_fault fault = {0};
    bool ok = t2v_question_read(question, body, DIM, &fault);
    assert_int_equal(ok, fault.status == 0);
    if (ok)
        return true;
    reply->status = fault.status;
    (t2v_api_vectors.fail)(&fault, reply);
    return false;
}

static void refuses(size_t i, const char *body, size_t len, int status, const char *want)
{
    struct t2v_question question;
    struct t2v_reply reply;
    t2v_reply_init(&reply);
    bool ok = reads(&question, (struct t2v_str){body, len}, &reply);
    const char *got = ok ? "a question" : body_of(&reply);
    if (ok || reply.status != status || strcmp(got, want) != 0)
        fail_msg("example %zu, %s:\nexpected: %d %s\ngot: %d %s", i, body, status, want,
                 reply.status, got);
    t2v_reply_deinit(&reply);
}

#define SAYS(where, msg, type, loc)                                                                \
    "{\"error\":\"" where msg "\",\"detail\":[{\"type\":\"" type "\",\"loc\":[\"body\"" loc        \
    "],\"msg\":\"" msg "\"}]}"

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *body, *want;
    } examples[] = {
        {"", SAYS("", "the body is empty, a JSON object is needed", "missing", "")},
        {"[]", SAYS("", "a JSON object is needed here, not an array", "model_attributes_type", "")},
        {"3", SAYS("", "a JSON object is needed here, not a number", "model_attributes_type", "")},
        {"{}", SAYS("text: ", "the field is missing", "missing", ",\"text\"")},
        {"{\"texts\":null}", SAYS("text: ", "the field is missing", "missing", ",\"text\"")},
        {"{\"text\":null}",
         SAYS("text: ", "a string is needed here, not null", "string_type", ",\"text\"")},
        {"{\"text\":[\"a\"]}",
         SAYS("text: ", "a string is needed here, not an array", "string_type", ",\"text\"")},
        {"{\"text\":\"a\",\"texts\":[]}",
         SAYS("texts: ", "text and texts in one request, send one of them", "value_error",
              ",\"texts\"")},
        {"{\"texts\":\"a\"}", SAYS("texts: ", "an array of strings is needed here, not a string",
                                   "list_type", ",\"texts\"")},
        {"{\"texts\":[\"a\",\"b\",{}]}",
         SAYS("texts[2]: ", "a string is needed here, not an object", "string_type",
              ",\"texts\",2")},
        {"{\"text\":\"a\",\"config\":[]}",
         SAYS("config: ", "an object or null is needed here, not an array", "model_attributes_type",
              ",\"config\"")},
        {"{\"text\":\"a\",\"config\":{\"pooling_strategy\":1}}",
         SAYS("config.pooling_strategy: ", "a string is needed here, not a number", "string_type",
              ",\"config\",\"pooling_strategy\"")},
        {"{\"text\":\"a\",\"config\":{\"task_type\":true}}",
         SAYS("config.task_type: ", "a string is needed here, not true or false", "string_type",
              ",\"config\",\"task_type\"")},
        {"{\"text\":\"a\",\"config\":{\"dimensions\":\"3\"}}",
         SAYS("config.dimensions: ", "a whole number is needed here, not a string", "int_type",
              ",\"config\",\"dimensions\"")},
        {"{\"text\":\"a\",\"config\":{\"dimensions\":1.5}}",
         SAYS("config.dimensions: ", "a whole number is needed here, not another number",
              "int_type", ",\"config\",\"dimensions\"")},
        {"{\"text\":\"a\",\"config\":{\"dimensions\":0}}",
         SAYS("config.dimensions: ", "at least 1 is needed here", "greater_than_equal",
              ",\"config\",\"dimensions\"")},
        {"{\"text\":\"a\",\"config\":{\"dimensions\":-3}}",
         SAYS("config.dimensions: ", "at least 1 is needed here", "greater_than_equal",
              ",\"config\",\"dimensions\"")},
    };
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
        refuses(i, examples[i].body, strlen(examples[i].body), 422, examples[i].want);
    static const char nine[] = "{\"texts\":[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]}";
    refuses(100, nine, sizeof nine - 1, 413,
            "{\"error\":\"texts: 9 texts in one request, the limit is 8 for this model\"}");
}

/* What is wrong with the JSON itself is said by its library; the place must be right. */
static void test_not_json(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{",
        "{\"text\":\"a\"} x",
        "{\"text\":\"\\ud800\"}",
        "{\"text\":\"\xff\"}",
        "{'text':1}",
        "\xef\xbb\xbf{\"text\":\"a\"}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct t2v_question question;
        struct t2v_reply reply;
        t2v_reply_init(&reply);
        if (reads(&question, t2v_str_of(bodies[i]), &reply))
            fail_msg("example %zu: %s is taken", i, bodies[i]);
        assert_int_equal(reply.status, 422);
        assert_non_null(strstr(body_of(&reply), "\"type\":\"json_invalid\",\"loc\":[\"body\","));
        t2v_reply_deinit(&reply);
    }
}

/* What nobody asked for is looked at, and not kept, however many values it is. */
static void test_unknown_members(void **state)
{
    (void)state;
    enum { N = 300000 };
    struct t2v_question question;
    struct t2v_reply reply;
    struct t2v_buf body;
    t2v_buf_init(&body, 16 << 20);
    t2v_buf_adds(&body, "{\"x\":[0");
    for (size_t i = 0; i < N; i++)
        t2v_buf_adds(&body, ",{\"y\":[]}");
    t2v_buf_adds(&body, "],\"text\":\"no\",\"te\\u0078t\":\"hello\",\"config\":{\"z\":[[1],{}],"
                        "\"task_type\":\"qu\\u0065ry\",\"task_type\":\"query\"}}");
    t2v_reply_init(&reply);
    assert_true(reads(&question, t2v_buf_str(&body), &reply));
    assert_int_equal(question.n_text, 1);
    assert_true(t2v_str_is(question.texts[0], "hello"));
    assert_true(t2v_str_is(question.params.task, "query"));
    assert_true(t2v_question_bytes(&question) < 100);
    t2v_question_deinit(&question);
    t2v_reply_deinit(&reply);
    t2v_buf_deinit(&body);
}

static void test_deep(void **state)
{
    (void)state;
    enum { N = 300000 };
    char *body = t2v_alloc(N + 16);
    assert_non_null(body);
    memset(body, '[', N);
    refuses(0, body, N, 422, SAYS("", "nested deeper than 2048 levels", "json_invalid", ",2048"));
    /* The same bytes in a string are text. */
    memcpy(body, "{\"text\":\"\\\"", 11);
    memcpy(body + N, "\\\\\"}", 5);
    struct t2v_question question;
    struct t2v_reply reply;
    t2v_reply_init(&reply);
    assert_true(reads(&question, (struct t2v_str){body, N + 4}, &reply));
    assert_int_equal(question.texts[0].len, 1 + N - 11 + 1);
    t2v_question_deinit(&question);
    t2v_reply_deinit(&reply);
    t2v_free(body);
}

static struct t2v_question read_question(const char *body)
{
    struct t2v_question question;
    struct t2v_reply reply;
    t2v_reply_init(&reply);
    assert_true(reads(&question, t2v_str_of(body), &reply));
    t2v_reply_deinit(&reply);
    return question;
}

static void test_read(void **state)
{
    (void)state;
    struct t2v_question q = read_question(
        "{\"dims\":0,\"vector\":null,\"error\":\"\",\"texts\":null,\"text\":\"a\\u0000b\","
        "\"config\":{\"pooling_strategy\":\"cls\",\"task_type\":\"query\",\"dimensions\":64.0}}");
    assert_false(q.many);
    assert_int_equal(q.n_text, 1);
    assert_true(t2v_str_eq(q.texts[0], T2V_STR("a\0b")));
    assert_true(t2v_str_is(q.params.pooling, "cls"));
    assert_true(t2v_str_is(q.params.task, "query"));
    assert_int_equal(q.params.dimensions, 64);
    t2v_question_deinit(&q);
    q = read_question("{\"text\":null,\"texts\":[\"a\",\"\"],\"config\":{\"pooling_strategy\":null,"
                      "\"task_type\":null,\"dimensions\":null}}");
    assert_true(q.many);
    assert_int_equal(q.n_text, 2);
    assert_int_equal(q.params.pooling.len, 0);
    assert_null(q.params.task.ptr);
    assert_int_equal(q.params.dimensions, 0);
    t2v_question_deinit(&q);
    q = read_question("{\"text\":\"\"}");
    assert_int_equal(q.n_text, 1);
    t2v_question_deinit(&q);
}

static void test_answer(void **state)
{
    (void)state;
    const float vectors[] = {0.5F, -1.25F, 2, 3};
    struct t2v_question q = read_question("{\"text\":\"\\u0000\\\"\xc3\xa9\"}");
    struct t2v_reply reply;
    t2v_reply_init(&reply);
    t2v_question_answer(&q, vectors, 2, &reply.buf);
    assert_string_equal(body_of(&reply),
                        "{\"text\":\"\\u0000\\\"\xc3\xa9\",\"vector\":[0.5,-1.25],\"dim\":2}");
    t2v_reply_deinit(&reply);
    t2v_question_deinit(&q);

    q = read_question("{\"texts\":[\"a\",\"b\"]}");
    t2v_reply_init(&reply);
    t2v_question_answer(&q, vectors, 2, &reply.buf);
    assert_string_equal(body_of(&reply), "{\"vectors\":[[0.5,-1.25],[2.0,3.0]],\"dim\":2}");
    t2v_reply_deinit(&reply);
    t2v_question_deinit(&q);
}

static void fails(const struct t2v_question *q, int code, const char *msg, size_t at, int status,
                  const char *want)
{
    struct t2v_err err;
    struct t2v_reply reply;
    t2v_fail(&err, code, "%s", msg);
    t2v_reply_init(&reply);
    struct t2v_fault fault = {0};
    t2v_question_fail(q, &err, at, &fault);
    reply.status = fault.status;
    (t2v_api_vectors.fail)(&fault, &reply);
    const char *got = body_of(&reply);
    if (reply.status != status || strcmp(got, want) != 0)
        fail_msg("code %d:\nexpected: %d %s\ngot: %d %s", code, status, want, reply.status, got);
    t2v_reply_deinit(&reply);
}

static void test_failures(void **state)
{
    (void)state;
    struct t2v_question one = read_question("{\"text\":\"a\"}");
    struct t2v_question many = read_question("{\"texts\":[\"a\",\"b\"]}");
    fails(&one, T2V_EEMPTY, "no sentence", 0, 422,
          SAYS("text: ", "no sentence", "value_error", ",\"text\""));
    fails(&many, T2V_EEMPTY, "no sentence", 1, 422,
          SAYS("texts[1]: ", "no sentence", "value_error", ",\"texts\",1"));
    fails(&one, T2V_ETOOLARGE, "more than 9 tokens", 0, 413,
          "{\"error\":\"text: more than 9 tokens\"}");
    fails(&many, T2V_ETOOLARGE, "more than 9 tokens", 1, 413,
          "{\"error\":\"texts[1]: more than 9 tokens\"}");
    fails(&many, T2V_EPOOLING, "invalid pooling method 'x'", 1, 500,
          "{\"error\":\"invalid pooling method 'x'\"}");
    fails(&one, T2V_ENOMEM, "no memory", 0, 503, "{\"error\":\"no memory\"}");
    fails(&one, T2V_EBUSY, "busy", 0, 503, "{\"error\":\"busy\"}");
    fails(&one, T2V_EIO, "broken", 0, 500, "{\"error\":\"broken\"}");
    t2v_question_deinit(&one);
    t2v_question_deinit(&many);
}

/* Every request for memory fails in turn: no crash, no leak, a 503 or the answer. */
static void test_no_memory(void **state)
{
    (void)state;
    static const char body[] = "{\"texts\":[\"a\",\"b\"],\"config\":{\"dimensions\":3}}";
    const float vectors[] = {1, 2, 3, 4};
    bool whole = false;
    for (long n = 0; n < 100 && !whole; n++) {
        struct t2v_question q;
        struct t2v_reply reply;
        struct t2v_reply_head head = open_head;
        t2v_mem_fail_at(n);
        t2v_reply_init(&reply);
        bool ok = reads(&q, (struct t2v_str){body, sizeof body - 1}, &reply);
        if (ok) {
            t2v_question_answer(&q, vectors, 2, &reply.buf);
            t2v_question_deinit(&q);
        }
        struct t2v_str bytes = t2v_reply_finish(&reply, &head);
        t2v_mem_fail_at(-1);
        if (!ok || reply.status != 200)
            assert_true(t2v_str_starts(bytes, T2V_STR("HTTP/1.1 503 ")));
        else
            whole = true;
        t2v_reply_deinit(&reply);
    }
    assert_true(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_not_json),
        cmocka_unit_test(test_deep),     cmocka_unit_test(test_unknown_members),
        cmocka_unit_test(test_read),     cmocka_unit_test(test_answer),
        cmocka_unit_test(test_failures), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
