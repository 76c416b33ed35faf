/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls of tools in answers: each form, at once and in pieces of every length; what is no call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "chat/calls.h"

static const char tools_json[] = "[{\"type\":\"function\",\"function\":{\"name\":\"add\","
                                 "\"parameters\":{}}},{\"name\":\"now\"}]";

static t2v_calls *calls_new(void)
{
    t2v_json *tools;
    t2v_calls *calls;
    assert_int_equal(t2v_json_parse(t2v_str_of(tools_json), &tools, NULL), 0);
    assert_int_equal(t2v_calls_new(tools, &calls), 0);
    t2v_json_free(tools);
    return calls;
}

/* The calls as "name(arguments)" after the content and a '|'. */
static void describe(const char *answer, size_t step, struct t2v_buf *out)
{
    t2v_calls *calls = calls_new();
    struct t2v_str rest = t2v_str_of(answer);
    t2v_buf_clear(out);
    while (rest.len != 0) {
        size_t n = rest.len < step ? rest.len : step;
        assert_int_equal(t2v_calls_feed(calls, (struct t2v_str){rest.ptr, n}, out), 0);
        rest = t2v_str_skip(rest, n);
    }
    assert_int_equal(t2v_calls_finish(calls, out), 0);
    t2v_buf_addc(out, '|');
    for (size_t i = 0; i < t2v_calls_count(calls); i++) {
        struct t2v_call call = t2v_calls_at(calls, i);
        t2v_buf_addf(out, "%.*s(%.*s)", T2V_STR_ARG(call.name), T2V_STR_ARG(call.arguments));
    }
    t2v_calls_free(calls);
}

static void check(const char *answer, const char *want)
{
    struct t2v_buf out;
    t2v_buf_init(&out, SIZE_MAX);
    for (size_t step = 1; step <= strlen(answer) + 1; step++) {
        describe(answer, step, &out);
        if (!t2v_str_is(t2v_buf_str(&out), want))
            fail_msg("%s, %zu at a time: %.*s", answer, step, T2V_STR_ARG(t2v_buf_str(&out)));
    }
    t2v_buf_deinit(&out);
}

#define ADD "{\"name\":\"add\",\"arguments\":{\"a\": 1}}"
#define NOW "{\"name\": \"now\", \"parameters\": {}}"

static void test_tags(void **state)
{
    (void)state;
    check("<tool_call>\n" ADD "\n</tool_call>", "|add({\"a\": 1})");
    check("Let me see.\n\n<tool_call>\n" ADD "\n</tool_call>\n<tool_call>" NOW "</tool_call>\n",
          "Let me see.|add({\"a\": 1})now({})");
    check("<tool_call>" ADD "</tool_call>\nand <b>", "\nand <b>|add({\"a\": 1})");
    check("<tool_call>" ADD, "|add({\"a\": 1})");
    check("<tool_call>{\"name\":\"other\"}</tool_call>", "|other({})");
    check("<tool_call>{\"name\":\"add\",\"arguments\":\"{\\\"a\\\":2}\"}</tool_call>",
          "|add({\"a\":2})");
    check("x <tool_call>no</tool_call> y <tool_cal", "x <tool_call>no</tool_call> y <tool_cal|");
    check("<tool_call></tool_call>", "<tool_call></tool_call>|");
    check("<tool_call>{\"name\":\"add\",\"arguments\":[1]}</tool_call>",
          "<tool_call>{\"name\":\"add\",\"arguments\":[1]}</tool_call>|");
    check("<tool_call>{\"name\":\"add\",\"argu", "<tool_call>{\"name\":\"add\",\"argu|");
}

static void test_whole(void **state)
{
    (void)state;
    check(NOW, "|now({})");
    check("\n" NOW "; " ADD, "|now({})add({\"a\": 1})");
    check("<|python_tag|>" ADD, "|add({\"a\": 1})");
    check("<|python_tag|>print(1)", "<|python_tag|>print(1)|");
    check("{\"name\":\"other\",\"parameters\":{}}", "{\"name\":\"other\",\"parameters\":{}}|");
    check("{\"type\":\"function\","
          "\"name\":\"now\"}",
          "|now({})");
    check("{\"a\":1}", "{\"a\":1}|");
    check(NOW " is what I call", NOW " is what I call|");
    check("I call " NOW, "I call " NOW "|");
}

static void test_list(void **state)
{
    (void)state;
    check("[TOOL_CALLS][" ADD ", " NOW "]", "|add({\"a\": 1})now({})");
    check("Yes. [TOOL_CALLS] [" NOW "]", "Yes.|now({})");
    check(" [" ADD "]", "|add({\"a\": 1})");
    check("[ ]", "[ ]|");
    check("[1] says", "[1] says|");
    check("[TOOL_CALLS][]", "[TOOL_CALLS][]|");
    check("[TOOL_CALLS][" NOW ", 1]", "[TOOL_CALLS][" NOW ", 1]|");
}

/* Names with arguments, as Mistral's newer models write them. */
static void test_named(void **state)
{
    (void)state;
    check("[TOOL_CALLS]add[ARGS]{\"a\": 1}", "|add({\"a\": 1})");
    check("Yes.\n[TOOL_CALLS]add[ARGS]{\"a\": 1}[TOOL_CALLS]now[ARGS]{}",
          "Yes.|add({\"a\": 1})now({})");
    check("[TOOL_CALLS]other[CALL_ID]a1B2c3D4e[ARGS]{\"a\": {}}", "|other({\"a\": {}})");
    check("[TOOL_CALLS] add {\"a\": 1}\n[TOOL_CALLS] now {}", "|add({\"a\": 1})now({})");
    check("add{\"a\": 1}now{}", "|add({\"a\": 1})now({})");
    check("add[ARGS]{\"a\": 1}", "|add({\"a\": 1})");
    check("other{\"a\": 1}", "other{\"a\": 1}|");
    check("add", "add|");
    check("address {}", "address {}|");
    check("add {\"a\": 1} and more", "add {\"a\": 1} and more|");
    check("now [1]", "now [1]|");
    check("[TOOL_CALLS]add[ARGS]{\"a\": 1", "[TOOL_CALLS]add[ARGS]{\"a\": 1|");
    check("[TOOL_CALLS]add[ARGS][1]", "[TOOL_CALLS]add[ARGS][1]|");
    check("[TOOL_CALLS]x = {}", "[TOOL_CALLS]x = {}|");
    check("<|python_tag|>x = {}", "<|python_tag|>x = {}|");
}

static void test_content(void **state)
{
    (void)state;
    check("", "|");
    check(" \n", " \n|");
    check("  Hello, <i>world</i> [1] \n", "  Hello, <i>world</i> [1] \n|");
}

/* Content goes out as soon as it is certain. */
static void test_held(void **state)
{
    (void)state;
    t2v_calls *calls = calls_new();
    struct t2v_buf out;
    t2v_buf_init(&out, SIZE_MAX);
    assert_int_equal(t2v_calls_feed(calls, T2V_STR("Hello "), &out), 0);
    assert_int_equal(out.len, 5);
    assert_int_equal(t2v_calls_feed(calls, T2V_STR("you <tool"), &out), 0);
    assert_int_equal(out.len, 9);
    assert_int_equal(t2v_calls_feed(calls, T2V_STR("_call>" NOW "</tool_call>"), &out), 0);
    assert_int_equal(t2v_calls_count(calls), 1);
    assert_int_equal(out.len, 9);
    t2v_calls_free(calls);
    t2v_buf_deinit(&out);
}

static int run(void)
{
    t2v_json *tools = NULL;
    t2v_calls *calls = NULL;
    struct t2v_buf out;
    t2v_buf_init(&out, SIZE_MAX);
    int rc = t2v_json_parse(t2v_str_of(tools_json), &tools, NULL);
    if (rc == 0)
        rc = t2v_calls_new(tools, &calls);
    if (rc == 0)
        rc = t2v_calls_feed(calls, T2V_STR("x <tool_call>" ADD "</tool_call>" ADD), &out);
    if (rc == 0)
        rc = t2v_calls_finish(calls, &out);
    t2v_calls_free(calls);
    t2v_json_free(tools);
    t2v_buf_deinit(&out);
    return rc;
}

/* Without memory it says so, or takes a call for content. */
static void test_memory(void **state)
{
    (void)state;
    for (long n = 0; n < 100; n++) {
        t2v_mem_fail_at(n);
        int rc = run();
        t2v_mem_fail_at(-1);
        assert_true(rc == 0 || rc == T2V_ENOMEM);
    }
    assert_int_equal(run(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tags),   cmocka_unit_test(test_whole),   cmocka_unit_test(test_list),
        cmocka_unit_test(test_named),  cmocka_unit_test(test_content), cmocka_unit_test(test_held),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
