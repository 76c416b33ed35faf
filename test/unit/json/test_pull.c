/* SPDX-License-Identifier: BSD-3-Clause */
/* The reader that makes no tree: values, what it refuses, and lists cut out of a document. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"
#include "json/pull.h"

/* A copy without anything behind it, so that a sanitizer sees a byte too far. */
static struct t2v_pull start(struct t2v_str text, char **copy, struct t2v_err *err)
{
    struct t2v_pull pull;
    *copy = malloc(text.len != 0 ? text.len : 1);
    assert_non_null(*copy);
    memcpy(*copy, text.ptr, text.len);
    t2v_pull_init(&pull, (struct t2v_str){*copy, text.len}, err);
    return pull;
}

static int read_number(struct t2v_str text, double *out)
{
    char *copy;
    struct t2v_pull pull = start(text, &copy, NULL);
    int rc = t2v_pull_number(&pull, out);
    if (rc == 0)
        rc = t2v_pull_end(&pull);
    t2v_pull_deinit(&pull);
    free(copy);
    return rc;
}

static int read_str(struct t2v_str text, char out[64], size_t *len)
{
    char *copy;
    struct t2v_str s = {NULL, 0};
    struct t2v_pull pull = start(text, &copy, NULL);
    int rc = t2v_pull_str(&pull, &s);
    if (rc == 0)
        rc = t2v_pull_end(&pull);
    if (rc == 0) {
        assert_in_range(s.len, 0, 64);
        memcpy(out, s.ptr, s.len);
        *len = s.len;
    }
    t2v_pull_deinit(&pull);
    free(copy);
    return rc;
}

/* Expected: what tokenizers 0.22.2 makes of them. */
static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double want;
    } good[] = {
        {"0", 0},
        {" -12 ", -12},
        {"-7.4519758224487305", -0x1.dced2c0000001p+2}, /* the nearest is -0x1.dced2cp+2 */
        {"-9.0", -9},
        {"1.5E+2", 150},
        {"25e-1", 2.5},
        {"0e999", 0},
        {"1e-400", 0},
        {"18446744073709551616", 0x1p64},
        {"123456789012345678901234567890", 1.2345678901234567e29},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        double got = 77;
        if (read_number(t2v_str_of(good[i].text), &got) != 0 || got != good[i].want)
            fail_msg("%s: expected %a, got %a", good[i].text, good[i].want, got);
    }
    static const char *const bad[] = {"",   "-",   "01",  "1.",  ".5",    "1e",   "1e+",  "+1",
                                      "0x", "- 1", "1 2", "nan", "1e999", "true", "\"1\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double got = 77;
        if (read_number(t2v_str_of(bad[i]), &got) != T2V_EFORMAT)
            fail_msg("%s was taken", bad[i]);
    }
}

static void test_strings(void **state)
{
    (void)state;
    static const struct {
        struct t2v_str text, want;
    } good[] = {
        {{"\"\"", 2}, {"", 0}},
        {{" \"a\xc3\xa9\" ", 7}, {"a\xc3\xa9", 3}},
        {{"\"\\n\\/\\\\\\\"\"", 10}, {"\n/\\\"", 4}},
        {{"\"x\\u0000\\u2581y\\ud83D\\uDe00\"", 28}, {"x\0\xe2\x96\x81y\xf0\x9f\x98\x80", 10}},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char got[64];
        size_t len = 0;
        int rc = read_str(good[i].text, got, &len);
        if (rc != 0 || !t2v_str_eq((struct t2v_str){got, len}, good[i].want))
            fail_msg("%zu: %.*s: %d, %zu bytes", i, T2V_STR_ARG(good[i].text), rc, len);
    }
    static const char *const bad[] = {
        "",         "\"",        "\"a",         "\"\\",
        "\"\\x\"",  "\"\\u12\"", "a",           "\"\x01\"",
        "\"\xff\"", "\"\xc3\"",  "\"\\ud800\"", "\"\\udc00\"",
        "\"\\ud8",  "\"a\n\"",   "\"\\u12g4\"", "\"\\ud800\\u0041\"",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char got[64];
        size_t len;
        if (read_str(t2v_str_of(bad[i]), got, &len) != T2V_EFORMAT)
            fail_msg("%zu was taken", i);
    }
}

/* The sum of an object's numbers and how many members it has, or an error. */
static int sum(struct t2v_str text, double *total, struct t2v_err *err)
{
    char *copy;
    struct t2v_str key;
    double x;
    struct t2v_pull pull = start(text, &copy, err);
    int rc = t2v_pull_open(&pull, '{');
    *total = 0;
    while (rc == 0 && (rc = t2v_pull_more(&pull, '}')) == 1) {
        rc = t2v_pull_key(&pull, &key);
        if (rc == 0 && t2v_str_is(key, "skip"))
            rc = t2v_pull_skip(&pull, NULL);
        else if (rc == 0 && (rc = t2v_pull_number(&pull, &x)) == 0)
            *total += x;
    }
    if (rc == 0)
        rc = t2v_pull_end(&pull);
    t2v_pull_deinit(&pull);
    free(copy);
    return rc;
}

static void test_walk(void **state)
{
    (void)state;
    double total;
    struct t2v_err err = {0};
    assert_int_equal(sum(T2V_STR("{}"), &total, &err), 0);
    assert_int_equal(
        sum(T2V_STR("{\"a\": 1, \"skip\": [{\"x\": \"]\\\\\"}, 3, \"\\\"\"], \"b\":2}"), &total,
            &err),
        0);
    assert_true(total == 3);
    static const char *const bad[] = {
        "",
        "[",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":1 \"b\":2}",
        "{,}",
        "{\"a\":1]",
        "{\"skip\":[}",
        "{} 1",
        "{\"skip\":\"}",
        "{\"skip\":[\"\\\"]}",
        "{\"skip\":}",
        "{\"skip\"::}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err.msg[0] = '\0';
        if (sum(t2v_str_of(bad[i]), &total, &err) != T2V_EFORMAT || err.msg[0] == '\0')
            fail_msg("%s was taken", bad[i]);
    }
    char deep[2000];
    memset(deep, '[', sizeof deep);
    memset(deep + 1000, ']', 1000);
    char *copy;
    struct t2v_pull pull = start((struct t2v_str){deep, sizeof deep}, &copy, &err);
    assert_int_equal(t2v_pull_skip(&pull, NULL), T2V_EFORMAT);
    t2v_pull_deinit(&pull);
    free(copy);
}

static void check_cut(const char *text, const char *vocab, const char *merges, const char *rest)
{
    static const char *const inner[] = {"vocab", "merges"};
    struct t2v_str lists[2];
    struct t2v_buf buf;
    struct t2v_err err = {.msg = ""};
    t2v_buf_init(&buf, SIZE_MAX);
    int rc = t2v_json_cut(t2v_str_of(text), "model", inner, 2, lists, &buf, &err);
    if (rc != (rest != NULL ? 0 : T2V_EFORMAT))
        fail_msg("%s: %d, %s", text, rc, err.msg);
    const char *want[] = {vocab, merges};
    for (size_t i = 0; i < 2 && rest != NULL; i++) {
        bool same = want[i] != NULL ? t2v_str_is(lists[i], want[i]) : lists[i].ptr == NULL;
        if (!same)
            fail_msg("%s: %s is '%.*s'", text, inner[i], T2V_STR_ARG(lists[i]));
    }
    if (rest != NULL && !t2v_str_is(t2v_buf_str(&buf), rest))
        fail_msg("%s: left '%.*s'", text, (int)buf.len, buf.ptr);
    t2v_buf_deinit(&buf);
}

static void test_cut(void **state)
{
    (void)state;
    check_cut("{\"a\": 1, \"model\": {\"vocab\": {\"x\": 1} , \"merges\": [\"a b\"]}}",
              "{\"x\": 1}", "[\"a b\"]",
              "{\"a\": 1, \"model\": {\"vocab\": null , \"merges\": null}}");
    check_cut("{\"vocab\": 1, \"model\": {\"merges\": [], \"v\\u006fcab\": [[]], \"b\": 2}}",
              "[[]]", "[]",
              "{\"vocab\": 1, \"model\": {\"merges\": null, \"v\\u006fcab\": null, \"b\": 2}}");
    /* The last of equal keys counts, and the others stay where they are. */
    check_cut("{\"model\": {\"vocab\": [1]}, \"model\": {\"vocab\": [2], \"vocab\": [3]}}", "[3]",
              NULL, "{\"model\": {\"vocab\": [1]}, \"model\": {\"vocab\": [2], \"vocab\": null}}");
    check_cut("{\"model\": {\"vocab\": [1]}, \"model\": 5}", NULL, NULL,
              "{\"model\": {\"vocab\": [1]}, \"model\": 5}");
    check_cut("{\"model\": {\"vocab\": null}}", NULL, NULL, "{\"model\": {\"vocab\": null}}");
    check_cut("{}", NULL, NULL, "{}");
    check_cut("[]", NULL, NULL, NULL);
    check_cut("", NULL, NULL, NULL);
    check_cut("{\"model\": {\"vocab\": [}}", NULL, NULL, NULL);
    check_cut("{\"model\": {\"vocab\": []}} x", NULL, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
