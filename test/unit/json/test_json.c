/* SPDX-License-Identifier: BSD-3-Clause */
/* The JSON reader: what it takes, what it refuses and where it puts the blame, hostile input. */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "json/json.h"

static t2v_json *parse(struct t2v_str text)
{
    t2v_json *root = NULL;
    struct t2v_err err = {0};
    if (t2v_json_parse(text, &root, &err) != 0)
        fail_msg("%.*s: %s", T2V_STR_ARG(text), err.msg);
    return root;
}

static void test_values(void **state)
{
    (void)state;
    t2v_json *root = parse(T2V_STR(" {\"b\": true, \"n\": null, \"i\": -42, \"d\": 0.5, \"s\": "
                                   "\"a\\u0000\\u20ac\", \"a\": [1, [], {}],"
                                   " \"huge\": 1000000000000000019884624838656, \"e\": \"\"} "));
    bool b = false;
    int64_t i = 7;
    double d = 7;
    assert_int_equal(t2v_json_type(root), T2V_JSON_OBJECT);
    assert_int_equal(t2v_json_len(root), 8);
    assert_true(t2v_json_bool(t2v_json_get(root, "b"), &b) && b);
    assert_int_equal(t2v_json_type(t2v_json_get(root, "n")), T2V_JSON_NULL);
    assert_true(t2v_json_int(t2v_json_get(root, "i"), &i));
    assert_int_equal(i, -42);
    assert_false(t2v_json_int(t2v_json_get(root, "d"), &i));
    assert_false(t2v_json_int(t2v_json_get(root, "huge"), &i));
    assert_int_equal(i, -42);
    assert_true(t2v_json_double(t2v_json_get(root, "d"), &d) && d == 0.5);
    assert_true(t2v_json_double(t2v_json_get(root, "huge"), &d) && d == 1e30);
    assert_true(t2v_str_eq(t2v_json_str(t2v_json_get(root, "s")), T2V_STR("a\0\xe2\x82\xac")));
    assert_non_null(t2v_json_str(t2v_json_get(root, "e")).ptr);
    const t2v_json *a = t2v_json_get(root, "a");
    assert_int_equal(t2v_json_len(a), 3);
    assert_int_equal(t2v_json_type(t2v_json_at(a, 0)), T2V_JSON_NUMBER);
    assert_int_equal(t2v_json_type(t2v_json_at(a, 1)), T2V_JSON_ARRAY);
    assert_null(t2v_json_at(a, 3));
    t2v_json_free(root);
}

/* What Python writes and reads, and nobody else may send. */
static void test_python(void **state)
{
    (void)state;
    static const char text[] = "{\"a\": NaN, \"b\": [Infinity, -Infinity,1e999,-1e999],"
                               " \"NaN\\\"\": \"Infinity\", \"c\":-1.5e3}";
    t2v_json *root = NULL;
    double d = 0;
    int64_t i = 7;
    assert_int_equal(t2v_json_parse_python(t2v_str_of(text), &root, NULL), 0);
    assert_true(t2v_json_double(t2v_json_get(root, "a"), &d) && isnan(d));
    assert_false(t2v_json_int(t2v_json_get(root, "a"), &i));
    for (size_t k = 0; k < 4; k++) {
        const t2v_json *value = t2v_json_at(t2v_json_get(root, "b"), k);
        assert_true(t2v_json_double(value, &d) && isinf(d) && (d < 0) == (k % 2 == 1));
        assert_false(t2v_json_int(value, &i));
    }
    t2v_json_free(root);
    struct t2v_buf out;
    t2v_buf_init(&out, SIZE_MAX);
    assert_int_equal(t2v_json_plain(t2v_str_of(text), &out), 0);
    assert_true(t2v_str_is(t2v_buf_str(&out), "{\"a\": null, \"b\": [null, null,null,null],"
                                              " \"NaN\\\"\": \"Infinity\", \"c\":-1.5e3}"));
    t2v_buf_deinit(&out);
    static const char *const wrong[] = {"nan",        "NaN1",       "-NaN",     "+Infinity",
                                        "Inf",        "--Infinity", "infinity", "Na",
                                        "- Infinity", "[NaN",       "\"\"NaN"};
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++)
        assert_int_equal(t2v_json_parse_python(t2v_str_of(wrong[k]), &root, NULL), T2V_EFORMAT);
    static const char *const strict[] = {"NaN", "Infinity", "-Infinity", "1e999", "[-1e999]"};
    for (size_t k = 0; k < sizeof strict / sizeof strict[0]; k++) {
        assert_int_equal(t2v_json_parse(t2v_str_of(strict[k]), &root, NULL), T2V_EFORMAT);
        assert_int_equal(t2v_json_parse_unique(t2v_str_of(strict[k]), &root, NULL), T2V_EFORMAT);
    }
}

/* The edges of what counts as an integer. */
static void test_integers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool taken;
        int64_t want;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"3.0", true, 3},
        {"1e3", true, 1000},
        {"9007199254740991", true, INT64_C(9007199254740991)},
        {"-9007199254740991", true, INT64_C(-9007199254740991)},
        {"9007199254740992", false, 0},
        {"9223372036854775808", false, 0},
        {"0.5", false, 0},
        {"1e308", false, 0},
        {"true", false, 0},
        {"\"1\"", false, 0},
        {"null", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        t2v_json *root = parse(t2v_str_of(cases[i].text));
        int64_t got = 77;
        bool taken = t2v_json_int(root, &got);
        if (taken != cases[i].taken || got != (taken ? cases[i].want : 77))
            fail_msg("%s: taken %d, got %lld", cases[i].text, taken, (long long)got);
        t2v_json_free(root);
    }
}

/* Every accessor takes NULL, and a value of another kind. */
static void test_missing(void **state)
{
    (void)state;
    bool b = true;
    int64_t i = 5;
    double d = 5;
    t2v_json *text = parse(T2V_STR("\"text\""));
    t2v_json *array = parse(T2V_STR("[1]"));
    t2v_json *object = parse(T2V_STR("{\"a\": 1}"));
    const t2v_json *others[] = {NULL, text, array, object};
    for (size_t k = 0; k < 4; k++) {
        const t2v_json *v = others[k];
        assert_null(t2v_json_get(v, "no"));
        assert_null(t2v_json_at(v, 1));
        assert_false(t2v_json_bool(v, &b) || t2v_json_int(v, &i) || t2v_json_double(v, &d));
        assert_true(v == text || t2v_json_str(v).ptr == NULL);
        assert_true(v == object || t2v_json_first(v).value == NULL);
        assert_int_equal(t2v_json_len(v), v == array || v == object ? 1 : 0);
    }
    assert_true(b && i == 5 && d == 5);
    assert_int_equal(t2v_json_type(NULL), T2V_JSON_MISSING);
    assert_string_equal(t2v_json_type_name(text), "a string");
    assert_string_equal(t2v_json_type_name(NULL), "nothing");
    t2v_json_free(text);
    t2v_json_free(array);
    t2v_json_free(object);
    t2v_json_free(NULL);
}

static void test_walk(void **state)
{
    (void)state;
    t2v_json *root = parse(T2V_STR("{\"z\": 0, \"\": 1, \"\xc3\xa9\": 2, \"a\": 9, \"z\": 3}"));
    const char *keys[] = {"z", "", "\xc3\xa9", "a"};
    const int64_t values[] = {3, 1, 2, 9}; /* the last of equal keys wins */
    size_t n = 0;
    for (struct t2v_json_member m = t2v_json_first(root); m.value != NULL;
         m = t2v_json_next(root, m), n++) {
        int64_t got = -1;
        assert_in_range(n, 0, 3);
        assert_true(t2v_json_int(m.value, &got));
        if (!t2v_str_is(m.key, keys[n]) || got != values[n])
            fail_msg("member %zu: expected %s = %d, got %.*s = %d", n, keys[n], (int)values[n],
                     T2V_STR_ARG(m.key), (int)got);
    }
    assert_int_equal(n, 4);
    t2v_json_free(root);

    root = parse(T2V_STR("{}"));
    assert_null(t2v_json_first(root).value);
    t2v_json_free(root);
}

/* The lists grow while trees of many shapes are made, and every value keeps its place. */
static void test_shapes(void **state)
{
    (void)state;
    enum { N = 300 };
    char *text = malloc(N * 64);
    assert_non_null(text);
    size_t len = 0;
    for (int i = 0; i < N; i++)
        len += (size_t)snprintf(text + len, 64, "%s[%d, {\"k%d\": [\"%d\", []]}, %d",
                                i > 0 ? ", " : "", i, i, -i, i);
    memset(text + len, ']', N);
    t2v_json *root = parse((struct t2v_str){text, len + N});
    const t2v_json *at = root;
    for (int i = 0; i < N; i++, at = t2v_json_at(at, 3)) {
        char key[16], word[16];
        int64_t first = -1, third = -1;
        snprintf(key, sizeof key, "k%d", i);
        snprintf(word, sizeof word, "%d", -i);
        assert_int_equal(t2v_json_len(at), i < N - 1 ? 4 : 3);
        assert_true(t2v_json_int(t2v_json_at(at, 0), &first) && first == i);
        assert_true(t2v_json_int(t2v_json_at(at, 2), &third) && third == i);
        const t2v_json *inner = t2v_json_get(t2v_json_at(at, 1), key);
        assert_true(t2v_str_is(t2v_json_str(t2v_json_at(inner, 0)), word));
        assert_int_equal(t2v_json_type(t2v_json_at(inner, 1)), T2V_JSON_ARRAY);
        assert_int_equal(t2v_json_len(t2v_json_at(inner, 1)), 0);
    }
    assert_null(at);
    t2v_json_free(root);
    free(text);
}

/* Objects of all sizes know their members, and large ones find them without looking at each. */
static void test_many_members(void **state)
{
    (void)state;
    enum { MOST = 200000 };
    static const int sizes[] = {0, 1, 2, 31, 32, 33, 34, 64, 65, MOST};
    char *text = malloc(MOST * 40);
    assert_non_null(text);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        size_t len = (size_t)snprintf(text, 40, "[0, {");
        for (int i = 0; i < 2 * sizes[k]; i++) /* each key twice */
            len += (size_t)snprintf(text + len, 40, "%s\"k%d\": %d", i > 0 ? "," : "", i % sizes[k],
                                    i);
        len += (size_t)snprintf(text + len, 40, "}, {\"a\": 1}]");
        t2v_json *root = parse((struct t2v_str){text, len});
        const t2v_json *object = t2v_json_at(root, 1);
        assert_int_equal(t2v_json_len(object), sizes[k]);
        for (int i = 0; i < sizes[k]; i++) {
            char key[16];
            int64_t got = -1;
            snprintf(key, sizeof key, "k%d", i);
            if (!t2v_json_int(t2v_json_get(object, key), &got) || got != i + sizes[k])
                fail_msg("%d members, %s: expected %d, got %d", sizes[k], key, i + sizes[k],
                         (int)got);
        }
        assert_null(t2v_json_get(object, "k"));
        assert_int_equal(t2v_json_len(t2v_json_at(root, 2)), 1);
        t2v_json_free(root);
    }
    free(text);
}

static void check_refused(struct t2v_str text, size_t pos, const char *reason)
{
    /* A copy of just that size, so that ASan sees a read past its end. */
    char *copy = malloc(text.len != 0 ? text.len : 1);
    assert_non_null(copy);
    memcpy(copy, text.ptr, text.len);
    t2v_json *root = NULL;
    struct t2v_err err = {0};
    int rc = t2v_json_parse((struct t2v_str){copy, text.len}, &root, &err);
    free(copy);
    if (rc != T2V_EFORMAT || err.code != T2V_EFORMAT || root != NULL)
        fail_msg("%.*s: expected %d, got %d", T2V_STR_ARG(text), T2V_EFORMAT, rc);
    if (err.pos != pos || strstr(err.msg, reason) == NULL)
        fail_msg("%.*s: expected \"%s\" at %zu, got \"%s\" at %zu", T2V_STR_ARG(text), reason, pos,
                 err.msg, err.pos);
}

static void test_refused(void **state)
{
    (void)state;
    check_refused(T2V_STR(""), 0, "a value");
    check_refused(T2V_STR("  "), 2, "a value");
    check_refused(T2V_STR("[1,]"), 3, "a value");
    check_refused(T2V_STR("[,1]"), 1, "a value");
    check_refused(T2V_STR("[1 2]"), 3, "',' or ']'");
    check_refused(T2V_STR("[1}"), 2, "',' or ']'");
    check_refused(T2V_STR("{\"a\":1]"), 6, "',' or '}'");
    check_refused(T2V_STR("{\"a\":1,}"), 7, "a string");
    check_refused(T2V_STR("{\"a\" 1}"), 5, "':'");
    check_refused(T2V_STR("{1:1}"), 1, "a string");
    check_refused(T2V_STR("]"), 0, "a value");
    check_refused(T2V_STR("{\"a\":1} x"), 8, "trailing data");
    check_refused(T2V_STR("{} {}"), 3, "trailing data");
    check_refused(T2V_STR("{}\0"), 2, "trailing data");
    check_refused(T2V_STR("1\0"), 1, "trailing data");
    check_refused(T2V_STR("1\0{}"), 1, "trailing data");
    check_refused(T2V_STR("[1\0, true\0]"), 2, "',' or ']'");
    check_refused(T2V_STR("true\0"), 4, "trailing data");
    check_refused(T2V_STR("[1,2"), 4, "',' or ']'");
    check_refused(T2V_STR("nul"), 0, "null");
    check_refused(T2V_STR("truex"), 4, "trailing data");
    check_refused(T2V_STR("NaN"), 0, "a value");
    check_refused(T2V_STR("Infinity"), 0, "a value");
    check_refused(T2V_STR("-"), 1, "a number");
    check_refused(T2V_STR("01"), 2, "a number");
    check_refused(T2V_STR("1."), 2, "a number");
    check_refused(T2V_STR("'a'"), 0, "a value");
    check_refused(T2V_STR("1e999"), 5, "fits into a double");
    check_refused(T2V_STR("\"abc"), 4, "its end");
    check_refused(T2V_STR("\"a\nb\""), 2, "a character of a string");
    check_refused(T2V_STR("\"a\xff"
                          "b\""),
                  2, "valid UTF-8");
    check_refused(T2V_STR("\"\xed\xa0\x80\""), 1, "valid UTF-8");
    check_refused(T2V_STR("\"\xc0\x80\""), 1, "valid UTF-8");
    check_refused(T2V_STR("\"\\ud800\""), 7, "a surrogate has two halves");
    check_refused(T2V_STR("\"\\ud800\\u0041\""), 13, "an escape");
    check_refused(T2V_STR("\"\\udc00\""), 7, "an escape");
    check_refused(T2V_STR("\"a\\x\""), 4, "an escape");
}

/* n times `open`, then, if any, n times `close`. */
static int parse_deep(const char *open, const char *close, size_t n)
{
    struct t2v_err err = {0};
    t2v_json *root = NULL;
    size_t n_open = strlen(open), n_close = strlen(close);
    char *text = malloc(n * (n_open + n_close));
    assert_non_null(text);
    for (size_t i = 0; i < n; i++) {
        memcpy(text + i * n_open, open, n_open);
        memcpy(text + n * n_open + i * n_close, close, n_close);
    }
    int rc = t2v_json_parse((struct t2v_str){text, n * (n_open + n_close)}, &root, &err);
    assert_true(rc == 0 || strstr(err.msg, "deeper than 2048") != NULL);
    t2v_json_free(root);
    free(text);
    return rc;
}

static void test_depth(void **state)
{
    (void)state;
    assert_int_equal(parse_deep("[", "]", 2000), 0);
    assert_int_equal(parse_deep("[", "]", 100000), T2V_EFORMAT);
    assert_int_equal(parse_deep("[", "", 100000), T2V_EFORMAT);
    assert_int_equal(parse_deep("{\"a\":", "}", 100000), T2V_EFORMAT);
    assert_int_equal(parse_deep("[{\"a\":", "}]", 100000), T2V_EFORMAT);
}

/* n times item between brackets. */
static int parse_many(const char *open, const char *item, const char *close, size_t n)
{
    struct t2v_err err = {0};
    t2v_json *root = NULL;
    size_t n_open = strlen(open), n_item = strlen(item), n_close = strlen(close);
    size_t len = n_open + n * n_item + n_close;
    char *text = malloc(len);
    assert_non_null(text);
    memcpy(text, open, n_open);
    for (size_t i = 0; i < n; i++)
        memcpy(text + n_open + i * n_item, item, n_item);
    memcpy(text + len - n_close, close, n_close);
    int rc = t2v_json_parse((struct t2v_str){text, len}, &root, &err);
    t2v_json_free(root);
    free(text);
    return rc;
}

/* A tree takes up to 20 times its text, so it has a limit of its own. */
static void test_tree_size(void **state)
{
    (void)state;
    assert_int_equal(parse_many("[", "\"a\",", "0]", 1000000), 0);
    assert_int_equal(parse_many("[", "[0,0],", "0]", 100000), 0);
    assert_int_equal(parse_many("{", "\"a\":1,", "\"a\":2}", 1000000), 0);
    assert_int_equal(parse_many("[", "{},", "0]", 9000000), T2V_ETOOLARGE);
}

static void test_unique(void **state)
{
    (void)state;
    t2v_json *root = NULL;
    struct t2v_err err = {0};
    assert_int_equal(t2v_json_parse_unique(T2V_STR("{\"a\":1,\"b\":{\"a\":1}}"), &root, &err), 0);
    t2v_json_free(root);
    assert_int_equal(t2v_json_parse_unique(T2V_STR("{\"a\":1,\"a\":1}"), &root, &err), T2V_EFORMAT);
    assert_non_null(strstr(err.msg, "duplicate object key"));
}

static void test_load(void **state)
{
    (void)state;
    char path[] = "t2v-json-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "{\"a\": tru}", 10), 10);
    close(fd);
    t2v_json *root = NULL;
    struct t2v_err err = {0};
    assert_int_equal(t2v_json_load(path, 100, &root, &err), T2V_EFORMAT);
    assert_non_null(strstr(err.msg, path));
    assert_int_equal(err.pos, 6);
    assert_int_equal(t2v_json_load(path, 9, &root, &err), T2V_ETOOLARGE);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(t2v_json_load(path, 9, &root, &err), T2V_EFORMAT);
    unlink(path);
    assert_int_equal(t2v_json_load(path, 9, &root, &err), T2V_EIO);
    assert_null(root);
}

/* Each allocation fails in turn: always T2V_ENOMEM, nothing leaks (ASan), and in the end it works.
 */
static void test_no_memory(void **state)
{
    (void)state;
    struct t2v_str text = T2V_STR(
        "{\"a\": [1, \"a string that is longer than the first buffer\", "
        "{\"b\": [[[]]]}, 1, 2, 3, 4, 5, 6, 7, 8, 9], \"c\": 2, \"d\": {}, "
        "\"e\": 1, \"f\": 1, \"g\": 1, \"h\": 1, \"i\": 1, \"j\": {\"0\":0,\"1\":0,\"2\":0,"
        "\"3\":0,\"4\":0,\"5\":0,\"6\":0,\"7\":0,\"8\":0,\"9\":0,\"10\":0,\"11\":0,\"12\":0,"
        "\"13\":0,\"14\":0,\"15\":0,\"16\":0,\"17\":0,\"18\":0,\"19\":0,\"20\":0,\"21\":0,"
        "\"22\":0,\"23\":0,\"24\":0,\"25\":0,\"26\":0,\"27\":0,\"28\":0,\"29\":0,\"30\":0,"
        "\"31\":0,\"32\":0,\"33\":0}}");
    long n = 0;
    for (;; n++) {
        t2v_json *root = NULL;
        struct t2v_err err = {0};
        t2v_mem_fail_at(n);
        int rc = t2v_json_parse(text, &root, &err);
        t2v_mem_fail_at(-1);
        t2v_json_free(root);
        if (rc == 0)
            break;
        if (rc != T2V_ENOMEM || root != NULL)
            fail_msg("allocation %ld: expected %d, got %d: %s", n, T2V_ENOMEM, rc, err.msg);
    }
    assert_in_range(n, 5, 100);
}

/* Threads may parse at once, and may share a tree. */
static void *read_many(void *arg)
{
    const t2v_json *shared = arg;
    for (int i = 0; i < 500; i++) {
        t2v_json *root = NULL;
        if (t2v_json_parse(T2V_STR("{\"a\": [1, 2, {\"b\": \"c\"}]}"), &root, NULL) != 0 ||
            t2v_json_len(t2v_json_get(root, "a")) != 3 ||
            t2v_json_len(t2v_json_get(shared, "x")) != 2)
            return arg;
        t2v_json_free(root);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    t2v_json *shared = parse(T2V_STR("{\"x\": [1, 2]}"));
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_many, shared), 0);
    for (size_t i = 0; i < 4; i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    t2v_json_free(shared);
}

static void test_exact(void **state)
{
    (void)state;
    t2v_json *root;
    int64_t whole = 0;
    double real = 0;
    assert_int_equal(t2v_json_parse(T2V_STR("[9223372036854775807, -9223372036854775808, -0, 1.0,"
                                            " 2e1, 9223372036854775808, \"1\"]"),
                                    &root, NULL),
                     0);
    assert_true(t2v_json_exact(t2v_json_at(root, 0), &whole) && whole == INT64_MAX);
    assert_true(t2v_json_exact(t2v_json_at(root, 1), &whole) && whole == INT64_MIN);
    assert_true(t2v_json_exact(t2v_json_at(root, 2), &whole) && whole == 0);
    for (size_t i = 0; i < 3; i++)
        assert_false(t2v_json_real(t2v_json_at(root, i), &real));
    for (size_t i = 3; i < 7; i++)
        assert_false(t2v_json_exact(t2v_json_at(root, i), &whole));
    assert_true(t2v_json_real(t2v_json_at(root, 3), &real) && real == 1);
    assert_true(t2v_json_real(t2v_json_at(root, 4), &real) && real == 20);
    assert_false(t2v_json_real(t2v_json_at(root, 5), &real));
    assert_false(t2v_json_real(NULL, &real));
    t2v_json_free(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),        cmocka_unit_test(test_values),
        cmocka_unit_test(test_python),       cmocka_unit_test(test_integers),
        cmocka_unit_test(test_missing),      cmocka_unit_test(test_walk),
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_depth),
        cmocka_unit_test(test_tree_size),    cmocka_unit_test(test_unique),
        cmocka_unit_test(test_load),         cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_threads),      cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_many_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
