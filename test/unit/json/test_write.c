/* SPDX-License-Identifier: BSD-3-Clause */
/* What goes into an answer: strings of any bytes, floats, and a buffer that fails. */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"
#include "json/write.h"

static void check_str(struct t2v_str s, const char *want)
{
    struct t2v_buf buf;
    t2v_buf_init(&buf, 1 << 20);
    t2v_json_write_str(&buf, s);
    assert_int_equal(buf.fail, 0);
    if (!t2v_str_is(t2v_buf_str(&buf), want))
        fail_msg("expected %s, got %.*s", want, (int)buf.len, buf.ptr);
    t2v_buf_deinit(&buf);
}

static void test_ints(void **state)
{
    (void)state;
    const int64_t x[] = {0,   -1,        9,         10,         -10,       99,
                         100, INT32_MAX, INT32_MIN, UINT32_MAX, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof x / sizeof *x; i++) {
        char want[24];
        struct t2v_buf buf;
        t2v_buf_init(&buf, 1 << 10);
        snprintf(want, sizeof want, "%" PRId64, x[i]);
        t2v_json_write_int(&buf, x[i]);
        assert_int_equal(buf.fail, 0);
        if (!t2v_str_is(t2v_buf_str(&buf), want))
            fail_msg("expected %s, got %.*s", want, (int)buf.len, buf.ptr);
        t2v_buf_deinit(&buf);
    }
}

static void test_strings(void **state)
{
    (void)state;
    check_str((struct t2v_str){NULL, 0}, "\"\"");
    check_str(T2V_STR(""), "\"\"");
    check_str(T2V_STR("plain / text\x7f"), "\"plain / text\x7f\"");
    check_str(T2V_STR("\"quoted\\"), "\"\\\"quoted\\\\\"");
    check_str(T2V_STR("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"");
    check_str(T2V_STR("a\0b\x1f\x01"), "\"a\\u0000b\\u001f\\u0001\"");
    check_str(T2V_STR("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
              "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

#define BAD "\xef\xbf\xbd"

static void test_bad_utf8(void **state)
{
    (void)state;
    check_str(T2V_STR("a\xff"
                      "b"),
              "\"a" BAD "b\"");
    check_str(T2V_STR("\x80\xbf"), "\"" BAD BAD "\"");
    check_str(T2V_STR("\xc3"), "\"" BAD "\"");                         /* cut short */
    check_str(T2V_STR("\xe2\x82"), "\"" BAD BAD "\"");                 /* cut short */
    check_str(T2V_STR("\xc0\x80"), "\"" BAD BAD "\"");                 /* a long form of NUL */
    check_str(T2V_STR("\xe0\x9f\xbf"), "\"" BAD BAD BAD "\"");         /* a long form */
    check_str(T2V_STR("\xed\xa0\x80"), "\"" BAD BAD BAD "\"");         /* a surrogate */
    check_str(T2V_STR("\xf4\x90\x80\x80"), "\"" BAD BAD BAD BAD "\""); /* above U+10FFFF */
    check_str(T2V_STR("\xf0\x8f\xbf\xbf"), "\"" BAD BAD BAD BAD "\""); /* a long form */
    check_str(T2V_STR("\xed\x9f\xbf\xee\x80\x80"), "\"\xed\x9f\xbf\xee\x80\x80\"");
    check_str(T2V_STR("\xf4\x8f\xbf\xbf"), "\"\xf4\x8f\xbf\xbf\"");
}

/* Any two bytes make a string that the reader takes. */
static void test_pairs_parse(void **state)
{
    (void)state;
    struct t2v_buf buf;
    t2v_buf_init(&buf, 1 << 20);
    for (int pair = 0; pair < 65536; pair++) {
        const char bytes[2] = {(char)(pair >> 8), (char)pair};
        buf.len = 0;
        t2v_json_write_str(&buf, (struct t2v_str){bytes, 2});
        t2v_json *root = NULL;
        struct t2v_err err = {0};
        if (t2v_json_parse(t2v_buf_str(&buf), &root, &err) != 0)
            fail_msg("bytes %04x: got %.*s: %s", (unsigned)pair, (int)buf.len, buf.ptr, err.msg);
        if (pair >> 8 < 0x80 && (pair & 0xff) < 0x80 &&
            !t2v_str_eq(t2v_json_str(root), (struct t2v_str){bytes, 2}))
            fail_msg("bytes %04x: read back as something else", (unsigned)pair);
        t2v_json_free(root);
    }
    t2v_buf_deinit(&buf);
}

static void check_f32s(const float *x, size_t n, const char *want)
{
    struct t2v_buf buf;
    t2v_buf_init(&buf, 1 << 20);
    t2v_json_write_f32s(&buf, x, n);
    assert_int_equal(buf.fail, 0);
    if (!t2v_str_is(t2v_buf_str(&buf), want))
        fail_msg("expected %s, got %.*s", want, (int)buf.len, buf.ptr);
    t2v_buf_deinit(&buf);
}

static void test_floats(void **state)
{
    (void)state;
    const float x[] = {0.25F, -3.0F, NAN, INFINITY, -INFINITY, 1e-9F};
    check_f32s(NULL, 0, "[]");
    check_f32s(x, 1, "[0.25]");
    check_f32s(x, 6, "[0.25,-3.0,null,null,null,1e-09]");

    struct t2v_buf buf;
    t2v_buf_init(&buf, 100);
    t2v_json_write_f32(&buf, 0.5F);
    t2v_json_write_f32(&buf, NAN);
    assert_true(t2v_str_is(t2v_buf_str(&buf), "0.5null"));
    t2v_buf_deinit(&buf);
}

/* Lengths around the writer's block; the longest numbers. */
static void test_many_floats(void **state)
{
    (void)state;
    static float x[200];
    for (size_t n = 0; n <= 200; n++) {
        for (size_t i = 0; i < n; i++)
            x[i] = i % 2 != 0 ? -9.999999e15F : -1.1754942e-38F;
        struct t2v_buf buf;
        t2v_buf_init(&buf, 1 << 20);
        t2v_json_write_f32s(&buf, x, n);
        t2v_json *root = NULL;
        assert_int_equal(t2v_json_parse(t2v_buf_str(&buf), &root, NULL), 0);
        assert_int_equal(t2v_json_len(root), n);
        for (size_t i = 0; i < n; i++) {
            double got;
            assert_true(t2v_json_double(t2v_json_at(root, i), &got));
            if ((float)got != x[i])
                fail_msg("%zu of %zu: expected %g, got %g", i, n, (double)x[i], got);
        }
        t2v_json_free(root);
        t2v_buf_deinit(&buf);
    }
}

/* The ceiling is exact: what fits goes in, a byte less fails and the failure stays. */
static void test_ceiling(void **state)
{
    (void)state;
    const float x[] = {0.25F, -3.0F};
    for (size_t max = 0; max <= 11; max++) {
        struct t2v_buf buf;
        t2v_buf_init(&buf, max);
        t2v_json_write_f32s(&buf, x, 2); /* [0.25,-3.0] */
        assert_int_equal(buf.fail, max < 11 ? T2V_ETOOLARGE : 0);
        t2v_json_write_str(&buf, T2V_STR("\n"));
        assert_int_equal(buf.fail, T2V_ETOOLARGE);
        t2v_buf_deinit(&buf);
    }
}

/* What is planned for a vector of length 1 is enough for it, and not much too much. */
static void test_f32s_bytes(void **state)
{
    (void)state;
    enum { N = 384 };
    float x[N];
    double sum = 0;
    struct t2v_buf buf;
    for (size_t i = 0; i < N; i++) {
        x[i] = (float)sin((double)i * 12.9898 + 1);
        sum += (double)x[i] * (double)x[i];
    }
    for (size_t i = 0; i < N; i++)
        x[i] = (float)((double)x[i] / sqrt(sum));
    t2v_buf_init(&buf, 1 << 20);
    t2v_json_write_f32s(&buf, x, N);
    assert_in_range(t2v_json_f32s_bytes(N), buf.len, buf.len * 5 / 4);
    assert_int_equal(t2v_json_f32s_bytes(0), 2);
    t2v_buf_deinit(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ints),        cmocka_unit_test(test_f32s_bytes),
        cmocka_unit_test(test_strings),     cmocka_unit_test(test_bad_utf8),
        cmocka_unit_test(test_pairs_parse), cmocka_unit_test(test_floats),
        cmocka_unit_test(test_many_floats), cmocka_unit_test(test_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
