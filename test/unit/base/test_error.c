/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void test_fail(void **state)
{
    (void)state;
    struct t2v_err err;
    assert_int_equal(t2v_fail(&err, T2V_EFORMAT, "%d of %s", 3, "x"), T2V_EFORMAT);
    assert_int_equal(err.code, T2V_EFORMAT);
    assert_int_equal(err.pos, 0);
    assert_string_equal(err.msg, "3 of x");
    assert_int_equal(t2v_fail_at(&err, T2V_EIO, 77, "there"), T2V_EIO);
    assert_int_equal(err.pos, 77);
    assert_int_equal(t2v_fail_in(&err, T2V_EIO, "FILE"), T2V_EIO);
    assert_string_equal(err.msg, "FILE: there");
    assert_int_equal(err.pos, 77);

    assert_int_equal(t2v_fail(NULL, T2V_EBUSY, "%s", "nobody reads it"), T2V_EBUSY);
    assert_int_equal(t2v_fail_at(NULL, T2V_EBUSY, 1, "nor this"), T2V_EBUSY);
    assert_int_equal(t2v_fail_in(NULL, T2V_EBUSY, "FILE"), T2V_EBUSY);
}

/* Whatever the bytes shown: one line, and nothing that a terminal obeys. */
static void test_one_line(void **state)
{
    (void)state;
    struct t2v_err err;
    t2v_fail(&err, T2V_EFORMAT, "tensor \"%s\"", "a\nb\x1b[2J\x7f\t\xc3\xa9");
    assert_string_equal(err.msg, "tensor \"a\\x0ab\\x1b[2J\\x7f\\x09\xc3\xa9\"");
    t2v_fail_in(&err, T2V_EFORMAT, "dir\r");
    assert_string_equal(err.msg, "dir\\x0d: tensor \"a\\x0ab\\x1b[2J\\x7f\\x09\xc3\xa9\"");
    t2v_fail(&err, T2V_EFORMAT, "%.4s|\xff|\xed\xa0\x80|%s", "aa\xc3\xa9\xc3\xa9", "\xe2\x82");
    assert_string_equal(err.msg, "aa\xc3\xa9|\\xff|\\xed\\xa0\\x80|\\xe2\\x82");
    t2v_fail(&err, T2V_EFORMAT, "%.3s", "aa\xc3\xa9");
    assert_string_equal(err.msg, "aa\\xc3");
}

static void test_fail_in_dir(void **state)
{
    (void)state;
    static const struct {
        const char *said, *dir, *file, *want;
    } CASES[] = {
        {"no model here", "n", NULL, "n: no model here"},
        {"no model here", "no", NULL, "no: no model here"},
        {"models/x: no weights", "models/x", NULL, "models/x: no weights"},
        {"models/x/config.json: no", "models/x", NULL, "models/x/config.json: no"},
        {"models/x//config.json: no", "models/x/", NULL, "models/x//config.json: no"},
        {"models/xy/config.json: no", "models/x", NULL, "models/x: models/xy/config.json: no"},
        {"path 'x'", "models/x", "modules.json", "models/x/modules.json: path 'x'"},
        {"models/x/2_Dense: no", "models/x", "modules.json", "models/x/2_Dense: no"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct t2v_err err;
        t2v_fail_at(&err, T2V_EIO, 3, "%s", CASES[i].said);
        assert_int_equal(t2v_fail_in_dir(&err, 0, CASES[i].dir, CASES[i].file), 0);
        assert_string_equal(err.msg, CASES[i].said);
        assert_int_equal(t2v_fail_in_dir(&err, T2V_EIO, CASES[i].dir, CASES[i].file), T2V_EIO);
        assert_true(err.code == T2V_EIO && err.pos == 3);
        if (strcmp(err.msg, CASES[i].want) != 0)
            fail_msg("case %zu: expected \"%s\", got \"%s\"", i, CASES[i].want, err.msg);
    }
    assert_int_equal(t2v_fail_in_dir(NULL, T2V_EIO, "x", NULL), T2V_EIO);
}

/* A prefix, too, is cut between characters. */
static void test_long_prefix(void **state)
{
    (void)state;
    char prefix[400] = "-";
    struct t2v_err err;
    for (size_t n = 1; n + 3 < sizeof prefix; n += 3)
        memcpy(prefix + n, "\xe2\x82\xac", 4);
    t2v_fail(&err, T2V_EIO, "said");
    t2v_fail_in(&err, T2V_EIO, prefix);
    assert_int_equal(strlen(err.msg), 160 + 6); /* 1 + 53 * 3, ": said" */
    assert_memory_equal(err.msg, prefix, 160);
    t2v_fail(&err, T2V_EIO, "said");
    t2v_fail_in(&err, T2V_EIO, prefix + 1);
    assert_int_equal(strlen(err.msg), 159 + 6);
    assert_string_equal(err.msg + 159, ": said");
}

/* What is too long is cut between characters. */
static void test_cut(void **state)
{
    (void)state;
    static const char *const characters[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    struct t2v_err err;
    for (size_t c = 0; c < 4; c++) {
        size_t n = strlen(characters[c]);
        for (int shift = 0; shift < 4; shift++) {
            char text[1000];
            size_t len = 0;
            while (len < (size_t)shift)
                text[len++] = '-';
            for (; len + n < sizeof text; len += n)
                memcpy(text + len, characters[c], n);
            text[len] = '\0';
            t2v_fail(&err, T2V_EFORMAT, "%s", text);
            size_t max = sizeof err.msg - 1, want = max - (max - (size_t)shift) % n;
            if (strlen(err.msg) != want || memcmp(err.msg, text, want) != 0)
                fail_msg("%zu-byte characters after %d: expected %zu bytes, got %zu", n, shift,
                         want, strlen(err.msg));
        }
    }
    t2v_fail(&err, T2V_EFORMAT, "%319s", "fits");
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
    t2v_fail_in(&err, T2V_EFORMAT, "prefix");
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
    assert_memory_equal(err.msg, "prefix:  ", 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fail),        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_one_line),    cmocka_unit_test(test_fail_in_dir),
        cmocka_unit_test(test_long_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
