/* SPDX-License-Identifier: BSD-3-Clause */
/* Bodies that are no JSON, members of those that are, and their types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "http/body.h"

#include "base/banned.h"

/* The message about a body that is not JSON. */
static const char *message(struct t2v_str body)
{
    static struct t2v_fault fault;
    struct t2v_str value = {NULL, 0};
    const char *const name = "q";
    assert_false(t2v_body_members(body, "{\"q\": 1}", &name, &value, 1, &fault));
    assert_string_equal(fault.type, "json_invalid");
    return fault.msg;
}

static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *body, *says;
    } examples[] = {
        {"\xef\xbb\xbf{}", "byte order mark"},
        {"\xff\xfe{", "UTF-16"},
        {"\x1f\x8b\x08", "gzip"},
        {"\x28\xb5\x2f\xfd", "zstd"},
        {"\x78\x9c", "zlib"},
        {"--boundary", "multipart"},
        {"%7B%22", "percent-encoded"},
        {"'{}'", "single quote"},
        {"<a>", "XML"},
        {"text=hello", "form data"},
        {"{'text': 1}", "single quotes"},
        {"{ text: 1}", "a name without quotes"},
        {"{\\\"text\\\": 1}", "a backslash"},
        {"hello", "not JSON"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const char *got = message(t2v_str_of(examples[i].body));
        if (strstr(got, examples[i].says) == NULL)
            fail_msg("%s: expected %s, got %s", examples[i].body, examples[i].says, got);
    }
    assert_non_null(strstr(message(T2V_STR("{\0\"\0")), "UTF-16"));
    assert_non_null(strstr(message(T2V_STR("{\"text\": ")), "not JSON: "));
    assert_non_null(strstr(message(T2V_STR(" [1")), "not JSON: "));
    assert_non_null(strstr(message(T2V_STR("-1x")), "not JSON: "));
    /* The example is the caller's. */
    assert_string_equal(message(T2V_STR("q=1")), "the body is form data (NAME=VALUE): send a JSON "
                                                 "object, such as {\"q\": 1}");
    assert_string_equal(message(T2V_STR("<a>")),
                        "the body is XML or HTML: send a JSON object, such as {\"q\": 1}");
}

static const char *const names[] = {"a", "b"};

static void test_members(void **state)
{
    (void)state;
    struct t2v_str values[2] = {{NULL, 0}};
    struct t2v_fault fault = {0};
    assert_true(t2v_body_members(T2V_STR(" {\"a\":[1, 2],\"x\":{\"b\":1},\"\\u0061\":\"two\"} "),
                                 "{}", names, values, 2, &fault));
    assert_true(t2v_str_is(values[0], "\"two\"")); /* the last of equal ones */
    assert_null(values[1].ptr);
    assert_true(t2v_body_has(values[0]));
    assert_false(t2v_body_has(values[1]));
    assert_false(t2v_body_has(T2V_STR("null")));
    assert_int_equal(fault.status, 0);
    struct t2v_str inner[2] = {{NULL, 0}};
    assert_true(t2v_body_inner(T2V_STR("{\"b\":null,\"a\":0}"), names, inner, 2, &fault));
    assert_true(t2v_str_is(inner[0], "0"));
    assert_true(t2v_str_is(inner[1], "null"));
}

static void test_no_object(void **state)
{
    (void)state;
    static const struct {
        const char *body, *type;
        ptrdiff_t index;
    } examples[] = {
        {"", "missing", -1},
        {"3", "model_attributes_type", -1},
        {"{\"a\":1,}", "json_invalid", 7},
        {"{\"a\":1} x", "json_invalid", 8},
    };
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct t2v_str values[2] = {{NULL, 0}};
        struct t2v_fault fault = {0};
        assert_false(
            t2v_body_members(t2v_str_of(examples[i].body), "{}", names, values, 2, &fault));
        assert_int_equal(fault.status, 422);
        assert_string_equal(fault.type, examples[i].type);
        assert_int_equal(fault.loc.index, examples[i].index);
    }
}

static void test_values(void **state)
{
    (void)state;
    int64_t n;
    assert_true(t2v_body_whole(T2V_STR("64.0"), &n));
    assert_int_equal(n, 64);
    assert_true(t2v_body_whole(T2V_STR("-3"), &n));
    assert_int_equal(n, -3);
    assert_false(t2v_body_whole(T2V_STR("1.5"), &n));
    assert_false(t2v_body_whole(T2V_STR("1e300"), &n));
    assert_false(t2v_body_whole(T2V_STR("\"1\""), &n));
    struct t2v_body_strings strings;
    struct t2v_fault fault = {0};
    assert_true(t2v_body_count(T2V_STR("[\"ab\",\"\\u00e9\",3,null]"), &strings, &fault));
    assert_int_equal(strings.n, 4);
    assert_int_equal(strings.n_byte, 4);
    assert_int_equal(strings.wrong, 2);
    assert_true(t2v_str_is(strings.wrong_value, "3"));
    t2v_body_wrong_type(&fault, "string_type", (struct t2v_loc){"texts", NULL, 2}, "a string",
                        strings.wrong_value);
    assert_string_equal(fault.msg, "a string is needed here, not a number");
    assert_true(t2v_body_count(T2V_STR("[]"), &strings, &fault));
    assert_int_equal(strings.n, 0);
    assert_true(strings.wrong == SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_no_object),
        cmocka_unit_test(test_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
