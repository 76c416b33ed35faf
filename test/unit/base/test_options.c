/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/options.h"

static struct t2v_options options;
static struct t2v_err err;

static int parse(enum t2v_command command, const char *a, const char *b)
{
    char *argv[2] = {(char *)(uintptr_t)a, (char *)(uintptr_t)b};
    bool help;
    memset(&err, 0, sizeof err);
    return t2v_options_parse(&options, command,
                             a == NULL   ? 0
                             : b == NULL ? 1
                                         : 2,
                             argv, &help, &err);
}

static void test_defaults(void **state)
{
    (void)state;
    assert_int_equal(parse(T2V_CMD_SERVE, NULL, NULL), 0);
    assert_string_equal(options.model, "./models/model");
    assert_string_equal(options.listen, "0.0.0.0:8080");
    assert_int_equal(options.max_body_bytes, 16 << 20);
    assert_int_equal(options.idle_ms, 120000);
    assert_int_equal(options.drain_ms, 5000);
    assert_false(options.cache);
}

static void test_flags(void **state)
{
    (void)state;
    assert_int_equal(parse(T2V_CMD_SERVE, "--model", "m"), 0);
    assert_string_equal(options.model, "m");
    assert_int_equal(parse(T2V_CMD_SERVE, "--max-body=2k", "--cache"), 0);
    assert_int_equal(options.max_body_bytes, 2048);
    assert_true(options.cache);
    assert_int_equal(parse(T2V_CMD_SERVE, "--drain=0.25", NULL), 0);
    assert_int_equal(options.drain_ms, 250);
}

static void test_environment(void **state)
{
    (void)state;
    setenv("ENABLE_CACHE", "1", 1);
    setenv("T2V_THREADS", "3", 1);
    setenv("T2V_LISTEN", "", 1); /* empty counts as not set */
    assert_int_equal(parse(T2V_CMD_SERVE, NULL, NULL), 0);
    assert_true(options.cache);
    assert_int_equal(options.threads, 3);
    assert_string_equal(options.listen, "0.0.0.0:8080");
    assert_int_equal(parse(T2V_CMD_SERVE, "--threads", "2"), 0); /* a flag wins */
    assert_int_equal(options.threads, 2);
    setenv("T2V_THREADS", "many", 1);
    assert_int_equal(parse(T2V_CMD_SERVE, NULL, NULL), T2V_EUSAGE);
    assert_non_null(strstr(err.msg, "T2V_THREADS"));
    assert_int_equal(parse(T2V_CMD_SENTENCES, NULL, NULL), 0); /* no setting of this command */
    unsetenv("ENABLE_CACHE");
    unsetenv("T2V_THREADS");
    unsetenv("T2V_LISTEN");
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b, *says;
    } cases[] = {
        {"--nope", NULL, "--nope"},
        {"model", NULL, "expected a flag"},
        {"--model", NULL, "needs a value"},
        {"--threads", "-1", "not a count"},
        {"--threads", "1.5", "not a count"},
        {"--threads", "2000", "1024"},
        {"--threads", "99999999999999999999", "not a count"},
        {"--max-body", "1x", "not a count"},
        {"--max-body", "9999999999g", "not a count"},
        {"--max-queue", "0", "above 0"},
        {"--drain", "soon", "seconds"},
        {"--drain", "1e9", "seconds"},
        {"--cache=maybe", NULL, "true or false"},
        {"--precision", "f64", "f32 bf16 int8 auto"},
        {"--precision", "f3", "f32 bf16 int8 auto"},
        {"--precision", "f32 bf16", "f32 bf16 int8 auto"},
        {"--corpus", "x", "unknown flag"},
        {"--token=hush", NULL, "unknown flag '--token' (--help"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int rc = parse(T2V_CMD_SERVE, cases[i].a, cases[i].b);
        if (rc != T2V_EUSAGE || strstr(err.msg, cases[i].says) == NULL) {
            print_error("%s %s: got %d '%s', expected '%s'\n", cases[i].a,
                        cases[i].b != NULL ? cases[i].b : "", rc, err.msg, cases[i].says);
            fail();
        }
    }
}

static void test_processors(void **state)
{
    (void)state;
    assert_in_range(t2v_options_processors(), 1, 65536);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),    cmocka_unit_test(test_flags),
        cmocka_unit_test(test_environment), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_processors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
