/* SPDX-License-Identifier: BSD-3-Clause */
/* Parameters of generation requests: types, ranges, what is left out, the first mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/api/params.h"

#include "base/banned.h"

static const struct t2v_range above = {0, 2, true, "a number above 0, at most 2"};

/* The fault after reading `value` as a number; *out begins as 7. */
static struct t2v_fault number(const char *value, float *out)
{
    struct t2v_fault fault = {0};
    const struct t2v_params params = {"parameters", &fault};
    struct t2v_str text = {NULL, 0};
    if (value != NULL)
        text = t2v_str_of(value);
    *out = 7;
    bool ok = t2v_param_number(&params, "top_p", text, &above, out);
    assert_int_equal(ok, fault.status == 0);
    return fault;
}

static void test_numbers(void **state)
{
    (void)state;
    float x;
    static const char *const wrong[] = {"0",   "-1", "2.5", "1e400", "\"1\"", "true",
                                        "[1]", "{}", "-0",  "\"\"",  "false"};
    assert_int_equal(number("1.5", &x).status, 0);
    assert_true(x > 1.4F && x < 1.6F);
    assert_int_equal(number("2", &x).status, 0);
    assert_int_equal(number("null", &x).status, 0);
    assert_true(x > 6.9F);
    assert_int_equal(number(NULL, &x).status, 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct t2v_fault fault = number(wrong[i], &x);
        assert_int_equal(fault.status, 422);
        assert_string_equal(fault.loc.outer, "parameters");
        assert_string_equal(fault.loc.inner, "top_p");
        assert_true(x > 6.9F);
    }
    assert_string_equal(number("3", &x).msg, "a number above 0, at most 2 is needed here");
}

static bool count(const char *value, size_t least, size_t most, size_t *out)
{
    struct t2v_fault fault = {0};
    const struct t2v_params params = {NULL, &fault};
    bool ok = t2v_param_count(&params, "n", t2v_str_of(value), least, most, out);
    assert_int_equal(ok, fault.status == 0);
    if (!ok)
        assert_string_equal(fault.loc.outer, "n");
    return ok;
}

static void test_counts(void **state)
{
    (void)state;
    size_t n = 7;
    assert_true(count("null", 1, 4, &n) && n == 7);
    assert_true(count("1", 1, 4, &n) && n == 1);
    assert_true(count("4.0", 1, 4, &n) && n == 4);
    assert_true(count("9007199254740991", 1, SIZE_MAX, &n) && n == 9007199254740991);
    static const char *const wrong[] = {"0", "5", "-1", "1.5", "\"1\"", "true", "1e300", "[]"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(count(wrong[i], 1, 4, &n));
    assert_false(count("0", 1, SIZE_MAX, &n));
}

static bool seed(const char *value, uint64_t *out, bool *given)
{
    struct t2v_fault fault = {0};
    const struct t2v_params params = {NULL, &fault};
    return t2v_param_seed(&params, "seed", t2v_str_of(value), out, given);
}

static void test_seeds(void **state)
{
    (void)state;
    uint64_t x = 7;
    bool given = false;
    assert_true(seed("null", &x, &given) && x == 7 && !given);
    assert_true(seed("0", &x, &given) && x == 0 && given);
    assert_true(seed("18446744073709551615", &x, &given) && x == UINT64_MAX);
    assert_true(seed("-1", &x, &given) && x == UINT64_MAX);
    assert_true(seed("-9223372036854775808", &x, &given) && x == (uint64_t)1 << 63);
    assert_true(seed("1e3", &x, &given) && x == 1000);
    assert_true(seed("-0.0", &x, &given) && x == 0);
    static const char *const wrong[] = {
        "18446744073709551616", "-9223372036854775809", "1.5", "1e17", "\"1\"", "true"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(seed(wrong[i], &x, &given));
}

static void test_refusals(void **state)
{
    (void)state;
    struct t2v_fault fault = {0};
    const struct t2v_params params = {"parameters", &fault};
    static const char *const others[] = {"true", "0", "\"\"", "{}"};
    assert_true(t2v_param_refuse(&params, "watermark", (struct t2v_str){NULL, 0}, "false", "no"));
    assert_true(t2v_param_refuse(&params, "watermark", T2V_STR("null"), "false", "no"));
    assert_true(t2v_param_refuse(&params, "watermark", T2V_STR("false"), "false", "no"));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        fault.status = 0;
        assert_false(t2v_param_refuse(&params, "watermark", t2v_str_of(others[i]), "false", "no"));
    }
    assert_int_equal(fault.status, 422);
    assert_string_equal(fault.msg, "no");
}

/* After a mistake nothing more is read, and the fault stays. */
static void test_first_mistake(void **state)
{
    (void)state;
    struct t2v_fault fault = {0};
    const struct t2v_params params = {NULL, &fault};
    static const char *const names[] = {"a"};
    struct t2v_str values[1] = {{NULL, 0}};
    float x = 7;
    bool yes = false;
    assert_false(t2v_param_bool(&params, "first", T2V_STR("1"), &yes));
    assert_false(t2v_param_number(&params, "second", T2V_STR("1"), &above, &x));
    assert_false(t2v_param_number(&params, "second", T2V_STR("9"), &above, &x));
    assert_false(t2v_param_object(&params, "third", T2V_STR("{\"a\":1}"), names, values, 1));
    assert_false(t2v_param_refuse(&params, "fourth", T2V_STR("null"), "[]", "no"));
    assert_true(x > 6.9F && values[0].ptr == NULL);
    assert_string_equal(fault.loc.outer, "first");
    fault.status = 0;
    assert_true(t2v_param_object(&params, "third", T2V_STR("{\"a\":1}"), names, values, 1));
    assert_true(t2v_str_is(values[0], "1"));
    assert_false(t2v_param_object(&params, "third", T2V_STR("[]"), names, values, 1));
    assert_string_equal(fault.loc.outer, "third");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_counts), cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_first_mistake)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
