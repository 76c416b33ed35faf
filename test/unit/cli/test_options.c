/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/options.h"

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
    assert_string_equal(options.server.listen, "[::]:8080");
    assert_int_equal(options.server.max_body_bytes, 16 << 20);
    assert_int_equal(options.server.idle_ms, 120000);
    assert_int_equal(options.server.drain_ms, 5000);
    assert_false(options.server.cache);
}

static void test_flags(void **state)
{
    (void)state;
    assert_int_equal(parse(T2V_CMD_SERVE, "--model", "m"), 0);
    assert_string_equal(options.model, "m");
    assert_int_equal(options.models.list[0].name.len, 0);
    assert_int_equal(parse(T2V_CMD_SERVE, "--model=a=x/y=z", "--model=./c=d"), 0);
    assert_int_equal(options.models.n, 2);
    assert_true(t2v_str_is(options.models.list[0].name, "a"));
    assert_string_equal(options.model, "x/y=z");
    assert_int_equal(options.models.list[1].name.len, 0);
    assert_string_equal(options.models.list[1].dir, "./c=d");
    assert_int_equal(parse(T2V_CMD_EMBED, "--model=a", "--model=b"), T2V_EUSAGE);
    assert_int_equal(parse(T2V_CMD_SERVE, "--model=a=", NULL), T2V_EUSAGE);
    assert_int_equal(parse(T2V_CMD_SERVE, "--max-body=2k", "--cache"), 0);
    assert_int_equal(options.server.max_body_bytes, 2048);
    assert_true(options.server.cache);
    assert_int_equal(parse(T2V_CMD_SERVE, "--drain=0.25", NULL), 0);
    assert_int_equal(options.server.drain_ms, 250);
}

static void test_switches(void **state)
{
    (void)state;
    static const char *const on[] = {"true", "1", "yes", "on", "True", "Yes", "YES", "On", "ON"};
    static const char *const off[] = {"false", "0", "no", "off", "False", "No", "NO", "Off", "OFF"};
    for (size_t i = 0; i < sizeof on / sizeof on[0]; i++) {
        setenv("ENABLE_CACHE", on[i], 1);
        assert_int_equal(parse(T2V_CMD_SERVE, NULL, NULL), 0);
        assert_true(options.server.cache);
        assert_int_equal(parse(T2V_CMD_SERVE, "--cache=false", NULL), 0); /* a flag wins */
        assert_false(options.server.cache);
        assert_int_equal(parse(T2V_CMD_SERVE, "--cache", off[i]), 0);
        assert_false(options.server.cache);
        setenv("ENABLE_CACHE", off[i], 1);
        assert_int_equal(parse(T2V_CMD_SERVE, NULL, NULL), 0);
        assert_false(options.server.cache);
        assert_int_equal(parse(T2V_CMD_SERVE, "--cache", on[i]), 0);
        assert_true(options.server.cache);
    }
    unsetenv("ENABLE_CACHE");
    assert_int_equal(parse(T2V_CMD_SERVE, "--cache", "--onnx-runtime"), 0);
    assert_true(options.server.cache && options.onnx_runtime);
    assert_int_equal(parse(T2V_CMD_SERVE, "--cache", "maybe"), T2V_EUSAGE);
}

static void test_sizes(void **state)
{
    (void)state;
    static const char *const sizes[] = {"16777216", "16384k", "16m",  "16M",  "16MiB",
                                        "16Mi",     "16MB",   "16mb", "16mib"};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(parse(T2V_CMD_SERVE, "--max-body", sizes[i]), 0);
        assert_int_equal(options.server.max_body_bytes, 16 << 20);
    }
    assert_int_equal(parse(T2V_CMD_SERVE, "--max-body", "1GiB"), 0);
    assert_int_equal(options.server.max_body_bytes, 1 << 30);
    assert_int_equal(parse(T2V_CMD_SERVE, "--max-body", "2KiB"), 0);
    assert_int_equal(options.server.max_body_bytes, 2048);
}

static void test_environment(void **state)
{
    (void)state;
    setenv("ENABLE_CACHE", "1", 1);
    setenv("T2V_THREADS", "3", 1);
    setenv("T2V_LISTEN", "", 1); /* empty counts as not set */
    assert_int_equal(parse(T2V_CMD_SERVE, NULL, NULL), 0);
    assert_true(options.server.cache);
    assert_int_equal(options.threads, 3);
    assert_string_equal(options.server.listen, "[::]:8080");
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
        {"--max-body", "16Mx", "not a count"},
        {"--max-body", "16iB", "not a count"},
        {"--max-body", "16B", "not a count"},
        {"--max-body", "M", "not a count"},
        {"--max-body", "16MiBB", "not a count"},
        {"--token=hush", NULL, "unknown flag '--token' (--help"},
        {"--modle=hush", NULL, "unknown flag '--modle', did you mean --model?"},
        {"--max_body=1", NULL, "did you mean --max-body?"},
        {"--model-path", "x", "did you mean --model?"},
        {"--log", "x", "did you mean --log-level?"},
        {"--thread", "1", "did you mean --threads?"},
        {"--port", "9090", "did you mean --listen?"},
        {"--Model", "x", "did you mean --model?"},
        {"-model", "x", "'-model': did you mean --model?"},
        {"-cache=false", NULL, "did you mean --cache?"},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),    cmocka_unit_test(test_flags),
        cmocka_unit_test(test_switches),    cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_environment), cmocka_unit_test(test_refusals),

    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
