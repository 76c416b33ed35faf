/* SPDX-License-Identifier: BSD-3-Clause */
/* Base64: RFC 4648's examples, what is not base64, what does not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "guard.h"

/* Text, at the end of a page, must decode into exactly want's n bytes, at the end of another. */
static void check(const char *text, const char *want, size_t n)
{
    struct guard in = guard_new(strlen(text)), to = guard_new(n);
    struct t2v_str copy = guard_put(&in, t2v_str_of(text));
    char *out = to.end - n;
    size_t len = 0;
    bool ok = t2v_base64_decode(copy, out, n, &len);
    if (!ok || len != n || memcmp(out, want, n) != 0)
        fail_msg("'%s': expected %zu bytes, got %s, %zu", text, n, ok ? "some" : "none", len);
    if (n > 0 && t2v_base64_decode(copy, out + 1, n - 1, &len))
        fail_msg("'%s': %zu bytes went into %zu", text, n, n - 1);
    guard_free(&in);
    guard_free(&to);
}

static void test_rfc4648(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        check(pairs[i][1], pairs[i][0], strlen(pairs[i][0]));
    check("AAECA/r7/P3+/w==", "\x00\x01\x02\x03\xfa\xfb\xfc\xfd\xfe\xff", 10);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"Z",        "Zg",       "Zg=",    "Zm9vY",   "====", "Z===",
                                        "Zm9v====", "Zg==Zg==", "Zh==",   "Zm9=",    "Zm-v", "Zm_v",
                                        "Zm v",     "\nZm9",    "Zm9v\n", "Zm9\xc3", "=Zm9"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char out[16];
        size_t len;
        if (t2v_base64_decode(t2v_str_of(texts[i]), out, sizeof out, &len))
            fail_msg("text %zu, '%s', is not base64 and was taken", i, texts[i]);
    }
    char out[4];
    size_t len;
    assert_false(t2v_base64_decode((struct t2v_str){"Zm\0v", 4}, out, sizeof out, &len));
}

/* Python: base64.b64encode(struct.pack("<3f", 1, -0.5, 3.4e38)) and its beginnings. */
static void test_floats(void **state)
{
    (void)state;
    static const float x[] = {1.0f, -0.5f, 3.4e38f};
    static const char *const want[] = {"", "AACAPw==", "AACAPwAAAL8=", "AACAPwAAAL+eyX9/"};
    for (size_t n = 0; n <= 3; n++) {
        struct t2v_buf buf;
        t2v_buf_init(&buf, 100);
        t2v_base64_f32s(&buf, x, n);
        assert_true(t2v_str_is(t2v_buf_str(&buf), want[n]));
        t2v_buf_deinit(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rfc4648),
                                       cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_floats)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
