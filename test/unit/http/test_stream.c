/* SPDX-License-Identifier: BSD-3-Clause */
/* The buffer between who makes an answer and who sends it, and the bytes of answers in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "http/reply.h"
#include "http/stream.h"

#include "base/banned.h"

static int n_ready, n_resume;

static void on_ready(void *user)
{
    (void)user;
    n_ready++;
}

static void on_resume(void *user)
{
    (void)user;
    n_resume++;
}

static t2v_stream *open_stream(void)
{
    t2v_stream *stream = t2v_stream_new("text/plain");
    assert_non_null(stream);
    n_ready = n_resume = 0;
    t2v_stream_on_ready(stream, on_ready, NULL);
    t2v_stream_on_resume(stream, on_resume, NULL);
    return stream;
}

static size_t take(t2v_stream *stream)
{
    struct t2v_buf out;
    t2v_stream_take(stream, &out);
    size_t n = out.len;
    t2v_buf_deinit(&out);
    return n;
}

static void test_pressure(void **state)
{
    (void)state;
    static char half[T2V_STREAM_BYTES / 2];
    const struct t2v_str piece = {half, sizeof half};
    t2v_stream *stream = open_stream();
    assert_false(t2v_stream_has_begun(stream));
    assert_int_equal(t2v_stream_put(stream, piece), T2V_STREAM_OPEN);
    assert_true(t2v_stream_has_begun(stream));
    assert_int_equal(t2v_stream_put(stream, piece), T2V_STREAM_FULL);
    assert_int_equal(n_ready, 1); /* once for bytes after none */
    assert_int_equal(t2v_stream_state(stream), T2V_STREAM_FULL);
    assert_int_equal(take(stream), 2 * sizeof half);
    assert_int_equal(n_resume, 1);
    assert_int_equal(t2v_stream_state(stream), T2V_STREAM_OPEN);
    assert_int_equal(t2v_stream_put(stream, piece), T2V_STREAM_OPEN);
    assert_int_equal(n_ready, 2);
    assert_int_equal(take(stream), sizeof half);
    assert_int_equal(n_resume, 1); /* who was not told to pause is not resumed */
    assert_int_equal(take(stream), 0);
    t2v_stream_free(stream);
}

static void test_gone(void **state)
{
    (void)state;
    static char whole[T2V_STREAM_BYTES];
    t2v_stream *stream = open_stream();
    assert_int_equal(t2v_stream_put(stream, (struct t2v_str){whole, sizeof whole}),
                     T2V_STREAM_FULL);
    t2v_stream_leave(stream);
    assert_int_equal(n_resume, 1);
    assert_int_equal(t2v_stream_state(stream), T2V_STREAM_GONE);
    assert_int_equal(t2v_stream_put(stream, T2V_STR("x")), T2V_STREAM_GONE);
    assert_int_equal(n_ready, 1);
    assert_int_equal(take(stream), sizeof whole);
    assert_false(t2v_stream_has_failed(stream));
    t2v_stream_free(stream);
}

/* An empty piece begins the answer, once. */
static void test_empty_pieces(void **state)
{
    (void)state;
    t2v_stream *stream = open_stream();
    assert_int_equal(t2v_stream_put(stream, T2V_STR("")), T2V_STREAM_OPEN);
    assert_true(t2v_stream_has_begun(stream));
    assert_int_equal(n_ready, 1);
    t2v_stream_put(stream, T2V_STR(""));
    assert_int_equal(n_ready, 1);
    assert_int_equal(take(stream), 0);
    t2v_stream_free(stream);
}

/* Who does not pause, and who has no memory: the stream fails, and the bound holds. */
static void test_failures(void **state)
{
    (void)state;
    static char whole[T2V_STREAM_BYTES];
    const struct t2v_str piece = {whole, sizeof whole};
    t2v_stream *stream = open_stream();
    int n = 0;
    while (t2v_stream_put(stream, piece) != T2V_STREAM_GONE)
        n++;
    assert_int_equal(n, T2V_STREAM_MAX / T2V_STREAM_BYTES);
    assert_true(t2v_stream_has_failed(stream));
    assert_true(take(stream) <= T2V_STREAM_MAX);
    t2v_stream_free(stream);

    stream = open_stream();
    t2v_mem_fail_at(0);
    assert_int_equal(t2v_stream_put(stream, piece), T2V_STREAM_GONE);
    t2v_mem_fail_at(0);
    assert_null(t2v_stream_new("text/plain"));
    t2v_mem_fail_at(-1);
    assert_true(t2v_stream_has_failed(stream));
    t2v_stream_free(stream);
}

/* The bytes of an answer in three pieces, one of them empty, without its Date. */
static void answers(bool old, bool *keep_alive, const char *head_end, const char *body)
{
    struct t2v_reply reply = {.status = 200, .type = "text/plain", .extra = ""};
    struct t2v_reply_head head = {.keep_alive = *keep_alive, .old = old};
    struct t2v_buf out;
    t2v_buf_init(&out, 4096);
    t2v_reply_begin(&reply, &head, &out);
    *keep_alive = head.keep_alive;
    t2v_reply_piece(T2V_STR("hello"), old, &out);
    t2v_reply_piece(T2V_STR(""), old, &out);
    t2v_reply_piece(T2V_STR("0123456789abcdef"), old, &out);
    t2v_reply_end(old, &out);
    t2v_buf_addc(&out, '\0');
    assert_int_equal(out.fail, 0);
    assert_int_equal(strncmp(out.ptr, "HTTP/1.1 200 OK\r\nDate: ", 23), 0);
    assert_non_null(strstr(out.ptr, head_end));
    assert_string_equal(strstr(out.ptr, "\r\n\r\n") + 4, body);
    t2v_buf_deinit(&out);
}

static void test_bytes(void **state)
{
    (void)state;
    bool keep_alive = true;
    answers(false, &keep_alive,
            "\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n",
            "5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n");
    assert_true(keep_alive);
    answers(true, &keep_alive, "\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n",
            "hello0123456789abcdef");
    assert_false(keep_alive);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pressure),     cmocka_unit_test(test_gone),
        cmocka_unit_test(test_empty_pieces), cmocka_unit_test(test_failures),
        cmocka_unit_test(test_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
