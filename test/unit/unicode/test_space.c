/* SPDX-License-Identifier: BSD-3-Clause */
/* White space against Python's list, and " ".join(text.split()). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../base/guard.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "unicode/space.h"

/* [c for c in range(0x110000) if chr(c).isspace()] */
static const uint32_t SPACES[] = {
    0x9,    0xA,    0xB,    0xC,    0xD,    0x1C,   0x1D,   0x1E,   0x1F,   0x20,
    0x85,   0xA0,   0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006,
    0x2007, 0x2008, 0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000,
};

static void test_every_code_point(void **state)
{
    (void)state;
    size_t next = 0;
    for (uint32_t cp = 0; cp < 0x110000; cp++) {
        if (cp >= 0xD800 && cp <= 0xDFFF)
            continue;
        bool want = next < sizeof SPACES / sizeof *SPACES && SPACES[next] == cp;
        next += want;
        char bytes[4];
        int n = t2v_utf8_encode(cp, bytes);
        struct t2v_str s = {bytes, (size_t)n};
        if (t2v_space_is(cp) != want || t2v_space_first(s) != (want ? n : 0) ||
            t2v_space_last(s) != (want ? n : 0))
            fail_msg("U+%X: want %d, got %d", cp, want, t2v_space_is(cp));
    }
    assert_int_equal(next, sizeof SPACES / sizeof *SPACES);
    assert_int_equal(t2v_space_first(T2V_STR("")), 0);
    assert_int_equal(t2v_space_last(T2V_STR("")), 0);
    assert_int_equal(t2v_space_first(T2V_STR("\xE3\x80")), 0);
    assert_int_equal(t2v_space_last(T2V_STR("\x80\x80")), 0);
}

static void test_collapse(void **state)
{
    (void)state;
    static const struct {
        struct t2v_str text, want;
    } CASES[] = {
        {T2V_STR(""), T2V_STR("")},
        {T2V_STR(" "), T2V_STR("")},
        {T2V_STR("\t\u3000\n\xC2\x85"), T2V_STR("")},
        {T2V_STR("a"), T2V_STR("a")},
        {T2V_STR("one two three"), T2V_STR("one two three")},
        {T2V_STR(" one two "), T2V_STR("one two")},
        {T2V_STR("one  two \n three\037four"), T2V_STR("one two three four")},
        {T2V_STR("a\u00a0b\u2028c\u205Fd \u3000e"), T2V_STR("a b c d e")},
        {T2V_STR("a \u00e9 \u4e2d \u2014 \u200b b"), T2V_STR("a \u00e9 \u4e2d \u2014 \u200b b")},
        {T2V_STR("nul\0 \0byte "), T2V_STR("nul\0 \0byte")},
        {T2V_STR("a  "), T2V_STR("a")},
        {T2V_STR("a \u00a0"), T2V_STR("a")},
        {T2V_STR("a \u00a0b"), T2V_STR("a b")},
    };
    struct guard guard = guard_new(256);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct t2v_buf out;
        t2v_buf_init(&out, CASES[i].want.len);
        int rc = t2v_space_collapse(guard_put(&guard, CASES[i].text), &out);
        if (rc != 0 || !t2v_str_eq(t2v_buf_str(&out), CASES[i].want))
            fail_msg("case %zu: want \"%.*s\", got %d \"%.*s\"", i, T2V_STR_ARG(CASES[i].want), rc,
                     T2V_STR_ARG(t2v_buf_str(&out)));
        t2v_buf_deinit(&out);
    }
    guard_free(&guard);
}

/* All texts of five pieces out of six: the words must come out, one blank between two. */
static void test_all_short_texts(void **state)
{
    (void)state;
    static const char *const PIECES[] = {"", "a", " ", "\n", "\u00e9", "\u2003"};
    for (int code = 0; code < 6 * 6 * 6 * 6 * 6; code++) {
        char text[32] = "", want[32] = "";
        size_t len = 0, want_len = 0;
        bool gap = false;
        for (int i = 0, rest = code; i < 5; i++, rest /= 6) {
            const char *piece = PIECES[rest % 6];
            size_t n = strlen(piece);
            memcpy(text + len, piece, n);
            len += n;
            if (rest % 6 == 1 || rest % 6 == 4) {
                if (gap && want_len > 0)
                    want[want_len++] = ' ';
                memcpy(want + want_len, piece, n);
                want_len += n;
                gap = false;
            } else if (n > 0) {
                gap = true;
            }
        }
        struct t2v_buf out;
        t2v_buf_init(&out, sizeof want);
        assert_int_equal(t2v_space_collapse((struct t2v_str){text, len}, &out), 0);
        if (!t2v_str_eq(t2v_buf_str(&out), (struct t2v_str){want, want_len}))
            fail_msg("text %d \"%.*s\": want \"%s\", got \"%.*s\"", code, (int)len, text, want,
                     T2V_STR_ARG(t2v_buf_str(&out)));
        t2v_buf_deinit(&out);
    }
}

static void test_failure(void **state)
{
    (void)state;
    struct t2v_buf out;
    t2v_buf_init(&out, 4);
    assert_int_equal(t2v_space_collapse(T2V_STR("ab  cd"), &out), T2V_ETOOLARGE);
    t2v_buf_deinit(&out);
    t2v_buf_init(&out, 100);
    t2v_mem_fail_at(0);
    assert_int_equal(t2v_space_collapse(T2V_STR("ab  cd"), &out), T2V_ENOMEM);
    t2v_mem_fail_at(-1);
    t2v_buf_deinit(&out);
}

static void test_strip(void **state)
{
    (void)state;
    static const struct {
        struct t2v_str text, want;
    } CASES[] = {
        {T2V_STR(""), T2V_STR("")},
        {T2V_STR(" \u3000\x1f"), T2V_STR("")},
        {T2V_STR("a"), T2V_STR("a")},
        {T2V_STR("\u2028\xC2\x85 a  b \n\u00a0"), T2V_STR("a  b")},
        {T2V_STR("\u200ba\u200b "), T2V_STR("\u200ba\u200b")},
    };
    struct guard guard = guard_new(256);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct t2v_str got = t2v_space_strip(guard_put(&guard, CASES[i].text));
        if (!t2v_str_eq(got, CASES[i].want))
            fail_msg("case %zu: want \"%.*s\", got \"%.*s\"", i, T2V_STR_ARG(CASES[i].want),
                     T2V_STR_ARG(got));
    }
    guard_free(&guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_collapse),
        cmocka_unit_test(test_strip),
        cmocka_unit_test(test_all_short_texts),
        cmocka_unit_test(test_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
