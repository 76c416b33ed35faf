/* SPDX-License-Identifier: BSD-3-Clause */
/* UTF-8: every code point there and back, every ill-formed sequence, nothing read past the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "guard.h"

static bool is_scalar(uint32_t cp)
{
    return cp < 0x110000 && (cp < 0xD800 || cp > 0xDFFF);
}

/* The plainest decoder: what the bits say, then whether it may be said so. 0: ill-formed. */
static int naive(const uint8_t *bytes, size_t len, uint32_t *cp)
{
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    int n = bytes[0] < 0x80             ? 1
            : (bytes[0] & 0xE0) == 0xC0 ? 2
            : (bytes[0] & 0xF0) == 0xE0 ? 3
            : (bytes[0] & 0xF8) == 0xF0 ? 4
                                        : 0;
    if (n == 0 || len < (size_t)n)
        return 0;
    uint32_t value = n == 1 ? bytes[0] : bytes[0] & (0x7Fu >> n);
    for (int i = 1; i < n; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (bytes[i] & 0x3F);
    }
    *cp = value;
    return value >= LEAST[n] && is_scalar(value) ? n : 0;
}

static void test_every_code_point(void **state)
{
    (void)state;
    struct guard guard = guard_new(4);
    for (uint32_t cp = 0; cp < 0x110000; cp++) {
        if (!is_scalar(cp))
            continue;
        char bytes[4];
        uint32_t first = 0, last = 0;
        int n = t2v_utf8_encode(cp, bytes);
        struct t2v_str s = guard_put(&guard, (struct t2v_str){bytes, (size_t)n});
        if (t2v_utf8_decode(s, &first) != n || t2v_utf8_decode_last(s, &last) != n || first != cp ||
            last != cp || !t2v_utf8_valid(s, NULL))
            fail_msg("U+%X: %d bytes, read as U+%X and from the end U+%X", cp, n, first, last);
    }
    guard_free(&guard);
}

static void check_bytes(const uint8_t *bytes, size_t len)
{
    struct t2v_str s = {(const char *)bytes, len};
    uint32_t want = 0xFFFD, got = 0;
    int n = naive(bytes, len, &want);
    if (n == 0) {
        want = 0xFFFD;
        n = 1;
    }
    int got_n = t2v_utf8_decode(s, &got);
    if (got_n != n || got != want)
        fail_msg("%02X %02X %02X %02X, %zu bytes: want U+%X in %d, got U+%X in %d", bytes[0],
                 bytes[1], bytes[2], bytes[3], len, want, n, got, got_n);
}

static void test_every_sequence(void **state)
{
    (void)state;
    static const uint8_t EDGES[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F,
                                    0xA0, 0xBF, 0xC0, 0xE1, 0xF4, 0xFF};
    uint8_t bytes[4] = {0};
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            bytes[0] = (uint8_t)a;
            bytes[1] = (uint8_t)b;
            for (size_t i = 0; i < sizeof EDGES * sizeof EDGES; i++) {
                bytes[2] = EDGES[i / sizeof EDGES];
                bytes[3] = EDGES[i % sizeof EDGES];
                for (size_t len = 1; len <= 4; len++)
                    check_bytes(bytes, len);
            }
        }
    }
}

/* Validity and the blamed position against the naive decoder, at every alignment of a longer text.
 */
static void test_valid(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "\x80",
        "\xBF",
        "\xC0\x80",
        "\xC1\xBF",
        "\xC2",
        "\xC2\x41",
        "\xE0\x9F\xBF",
        "\xE0\xA0",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
        "\xE2\x82\x41",
        "\xEF\xBF",
        "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xF0\x9F\x98",
        "\xFE",
        "\xFF",
        "\xF8\x88\x80\x80\x80",
    };
    struct guard guard = guard_new(128);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        for (size_t before = 0; before < 40; before++) {
            for (size_t after = 0; after < 12; after += 11) {
                char text[128];
                size_t len = strlen(BAD[i]), bad = 999;
                memset(text, 'x', sizeof text);
                memcpy(text + (before & ~(size_t)1), "\u00e9", before >= 2 ? 2 : 0);
                size_t at = before >= 2 ? (before & ~(size_t)1) + 2 : before;
                memcpy(text + at, BAD[i], len);
                struct t2v_str s = {text, at + len + after};
                if (t2v_utf8_valid(guard_put(&guard, s), &bad) || bad != at)
                    fail_msg("bad sequence %zu behind %zu bytes: blamed %zu", i, at, bad);
                if (!t2v_utf8_valid(guard_put(&guard, (struct t2v_str){text, at}), &bad))
                    fail_msg("%zu good bytes: blamed %zu", at, bad);
            }
        }
    }
    assert_true(t2v_utf8_valid(T2V_STR(""), NULL));
    assert_true(t2v_utf8_valid(T2V_STR("a\0b\uFFFD\U0010FFFF"), NULL));
    guard_free(&guard);
}

static void test_last(void **state)
{
    (void)state;
    static const struct {
        struct t2v_str text;
        uint32_t cp;
        int n;
    } CASES[] = {
        {T2V_STR("ab"), 'b', 1},
        {T2V_STR("a\u20ac"), 0x20AC, 3},
        {T2V_STR("\u20ac\x80"), 0xFFFD, 1},
        {T2V_STR("\x80"), 0xFFFD, 1},
        {T2V_STR("\x80\x80\x80\x80\x80"), 0xFFFD, 1},
        {T2V_STR("a\xF0\x9F\x98"), 0xFFFD, 1},
        {T2V_STR("\xED\xA0\x80"), 0xFFFD, 1},
        {T2V_STR("\xC3"), 0xFFFD, 1},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        uint32_t cp = 0;
        int n = t2v_utf8_decode_last(CASES[i].text, &cp);
        if (n != CASES[i].n || cp != CASES[i].cp)
            fail_msg("case %zu: want U+%X in %d, got U+%X in %d", i, CASES[i].cp, CASES[i].n, cp,
                     n);
    }
}

static void test_show(void **state)
{
    (void)state;
    static const struct {
        struct t2v_str text;
        const char *want;
    } CASES[] = {
        {T2V_STR(""), ""},
        {T2V_STR("plain \\x41 \u00e9\u20ac\U0001F600\u05d0"),
         "plain \\x41 \u00e9\u20ac\U0001F600\u05d0"},
        {T2V_STR("\x1b[2J\0\n\x7f"), "\\x1b[2J\\x00\\x0a\\x7f"},
        {T2V_STR("\xc2\x80\xc2\x9b\xc2\x9f\u00a0"), "\\u0080\\u009b\\u009f\u00a0"},
        {T2V_STR("\u202a\u202e\u202f"), "\\u202a\\u202e\u202f"},
        {T2V_STR("\u2066\u2069\u206a\u200e\u061c\u2028"),
         "\\u2066\\u2069\u206a\\u200e\\u061c\\u2028"},
        {T2V_STR("\xff\xed\xa0\x80\xe2\x82"), "\\xff\\xed\\xa0\\x80\\xe2\\x82"},
    };
    struct guard guard = guard_new(64);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char out[64], again[64];
        size_t n = t2v_utf8_show(out, sizeof out, guard_put(&guard, CASES[i].text));
        assert_string_equal(out, CASES[i].want);
        assert_int_equal(n, strlen(out));
        assert_int_equal(t2v_utf8_show(again, sizeof again, t2v_str_of(out)), n);
        assert_string_equal(again, out);
        for (size_t size = 1; size <= n; size++) { /* whole characters and escapes of it */
            size_t part = t2v_utf8_show(again, size, CASES[i].text);
            assert_true(part < size && part == strlen(again) && memcmp(again, out, part) == 0);
            assert_true(t2v_utf8_valid((struct t2v_str){again, part}, NULL));
            assert_true(size - part <= 6);
        }
    }
    guard_free(&guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_every_sequence),
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_last),
        cmocka_unit_test(test_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
