/* SPDX-License-Identifier: BSD-3-Clause */
/* The bytes of answers: heads, bodies and what memory cannot be had for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "http/reply.h"

#include "base/banned.h"

/* Finishes a reply and checks its bytes, of which the Date's value is left out. */
static void sends(struct t2v_reply *reply, struct t2v_reply_head head, const char *want)
{
    struct t2v_str got = t2v_reply_finish(reply, &head);
    char text[1024];
    const char *date = memmem(got.ptr, got.len, "Date: ", 6);
    assert_non_null(date);
    const char *after = memchr(date, '\r', got.len - (size_t)(date - got.ptr));
    assert_int_equal(after - date, 35);
    size_t n = (size_t)(date - got.ptr);
    snprintf(text, sizeof text, "%.*s%.*s", (int)n, got.ptr, (int)(got.len - n - 37), after + 2);
    assert_string_equal(text, want);
    t2v_reply_deinit(reply);
}

static void test_bytes(void **state)
{
    (void)state;
    struct t2v_reply reply;
    t2v_reply_init(&reply);
    t2v_buf_adds(&reply.buf, "{}");
    sends(&reply, (struct t2v_reply_head){.keep_alive = true, .more = "Vary: Origin\r\n"},
          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
          "Vary: Origin\r\n\r\n{}");
    t2v_reply_init(&reply);
    t2v_buf_adds(&reply.buf, "{}");
    sends(&reply, (struct t2v_reply_head){.only_head = true, .old = true, .keep_alive = true},
          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
          "Connection: keep-alive\r\n\r\n");
    t2v_reply_init(&reply);
    t2v_reply_empty(&reply, 204);
    sends(&reply, (struct t2v_reply_head){0},
          "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    t2v_reply_init(&reply);
    t2v_reply_empty(&reply, 200);
    sends(&reply, (struct t2v_reply_head){.keep_alive = true},
          "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

static void test_clear(void **state)
{
    (void)state;
    struct t2v_reply reply;
    t2v_reply_init(&reply);
    reply.type = "text/plain";
    t2v_buf_adds(&reply.buf, "half of an answer");
    t2v_reply_clear(&reply);
    reply.status = 500;
    t2v_buf_adds(&reply.buf, "{\"error\":\"\"}");
    sends(&reply, (struct t2v_reply_head){.keep_alive = true},
          "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n"
          "Content-Length: 12\r\n\r\n{\"error\":\"\"}");
}

static void test_no_memory(void **state)
{
    (void)state;
    for (long n = 0; n < 2; n++) {
        struct t2v_reply reply;
        struct t2v_reply_head head = {.keep_alive = true};
        t2v_mem_fail_at(n);
        t2v_reply_init(&reply);
        for (int i = 0; i < 1000; i++)
            t2v_buf_adds(&reply.buf, "some text");
        struct t2v_str got = t2v_reply_finish(&reply, &head);
        t2v_mem_fail_at(-1);
        assert_true(t2v_str_starts(got, T2V_STR("HTTP/1.1 503 ")));
        assert_false(head.keep_alive);
        assert_int_equal(reply.status, 503);
        t2v_reply_deinit(&reply);
    }
}

/* A head that does not fit is no answer. */
static void test_long_head(void **state)
{
    (void)state;
    static char more[2 * T2V_REPLY_MORE];
    struct t2v_reply reply;
    struct t2v_reply_head head = {.keep_alive = true, .more = more};
    memset(more, 'x', sizeof more - 1);
    t2v_reply_init(&reply);
    assert_true(t2v_str_starts(t2v_reply_finish(&reply, &head), T2V_STR("HTTP/1.1 503 ")));
    t2v_reply_deinit(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_clear),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_long_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
