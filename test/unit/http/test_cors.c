/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "http/cors.h"

static struct t2v_cors cors;
static struct t2v_err err;
static char lines[T2V_CORS_MAX];

static void start(const char *list)
{
    assert_int_equal(t2v_cors_init(&cors, list, &err), 0);
}

static struct t2v_request from(const char *method, const char *origin)
{
    return (struct t2v_request){.method = t2v_str_of(method), .origin = t2v_str_of(origin)};
}

static const char *lines_for(const struct t2v_request *request)
{
    t2v_cors_lines(&cors, request, "POST", lines);
    return lines;
}

/* The origin as the list has it is allowed, and named in the answer. */
static bool allows(const char *origin)
{
    struct t2v_request request = from("GET", origin);
    return strstr(lines_for(&request), "Access-Control-Allow-Origin: ") != NULL;
}

static void test_off(void **state)
{
    (void)state;
    start("");
    struct t2v_request request = from("OPTIONS", "http://a");
    request.wanted_method = T2V_STR("POST");
    assert_string_equal(lines_for(&request), "");
    assert_false(t2v_cors_preflight(&cors, &request, NULL, NULL));
    start(NULL);
    assert_string_equal(lines_for(&request), "");
}

static void test_refusals(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        ",",          " , ",       "a.example",  "http://",         "://a",
        "http:/a",    "http://a/", "http://a/b", "http://a b",      "http://a,b",
        "http://*.a", "null",      "http://a?b", "http://\xc3\xa4", "**",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (t2v_cors_init(&cors, wrong[i], &err) != T2V_EUSAGE ||
            strstr(err.msg, "T2V_CORS_ORIGINS") == NULL)
            fail_msg("'%s' is taken: %s", wrong[i], err.msg);
    }
}

static void test_list(void **state)
{
    (void)state;
    start(" http://a.example ,https://B.example:443, "
          "http://c:3000,http://[::1]:80,app+x.y://z,\n\thttp://next.line\n");
    static const char *const yes[] = {"http://a.example", "https://b.example", "http://c:3000",
                                      "http://[::1]",     "app+x.y://z",       "HTTP://A.EXAMPLE",
                                      "http://next.line"};
    static const char *const no[] = {"https://a.example",
                                     "http://a.example:3000",
                                     "http://c",
                                     "http://c:30000",
                                     "http://a.example.evil",
                                     "null",
                                     "",
                                     "*"};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        assert_true(allows(yes[i]));
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        assert_false(allows(no[i]));
    struct t2v_request request = from("GET", "http://c:3000");
    assert_string_equal(lines_for(&request),
                        "Vary: Origin\r\nAccess-Control-Allow-Origin: http://c:3000\r\n"
                        "Access-Control-Expose-Headers: Retry-After\r\n");
    request = from("GET", "http://d");
    assert_string_equal(lines_for(&request), "Vary: Origin\r\n");
    request.origin = (struct t2v_str){NULL, 0};
    assert_string_equal(lines_for(&request), "Vary: Origin\r\n");
    t2v_cors_deinit(&cors);
}

static void test_any(void **state)
{
    (void)state;
    start("http://a,*");
    struct t2v_request request = from("GET", "null");
    assert_string_equal(lines_for(&request), "Access-Control-Allow-Origin: *\r\n"
                                             "Access-Control-Expose-Headers: Retry-After\r\n");
    request.origin = (struct t2v_str){NULL, 0};
    assert_string_equal(lines_for(&request), "");
    t2v_cors_deinit(&cors);
}

static void test_preflight(void **state)
{
    (void)state;
    static char many[3000];
    struct t2v_reply reply;
    struct t2v_fault fault = {0};
    start("http://a");
    struct t2v_request request = from("OPTIONS", "http://a");
    assert_false(t2v_cors_preflight(&cors, &request, NULL, NULL)); /* no wanted method */
    request.wanted_method = T2V_STR("POST");
    t2v_reply_init(&reply);
    assert_true(t2v_cors_preflight(&cors, &request, &reply, &fault));
    assert_int_equal(reply.status, 204);
    t2v_reply_deinit(&reply);
    assert_non_null(strstr(lines_for(&request), "Access-Control-Allow-Methods: POST\r\n"));
    assert_non_null(strstr(lines, "Access-Control-Allow-Headers: Authorization, Content-Type\r\n"));
    assert_non_null(strstr(lines, "Access-Control-Max-Age: "));
    assert_non_null(strstr(lines, "Vary: Origin, Access-Control-Request-Method, "
                                  "Access-Control-Request-Headers\r\n"));
    request.wanted_fields = T2V_STR("authorization,x-trace");
    assert_non_null(
        strstr(lines_for(&request), "Access-Control-Allow-Headers: authorization,x-trace\r\n"));
    memset(many, 'x', sizeof many - 1);
    request.wanted_fields = t2v_str_of(many);
    assert_non_null(strstr(lines_for(&request), "Headers: Authorization, Content-Type\r\n"));
    assert_int_equal(strcmp(lines + strlen(lines) - 2, "\r\n"), 0);
    request.origin = T2V_STR("http://b");
    t2v_reply_init(&reply);
    assert_true(t2v_cors_preflight(&cors, &request, &reply, &fault));
    assert_int_equal(fault.status, 403);
    t2v_reply_deinit(&reply);
    assert_null(strstr(lines_for(&request), "Allow"));
    t2v_cors_deinit(&cors);
}

static void test_longest(void **state)
{
    (void)state;
    static char origin[T2V_ORIGIN_MAX + 2] = "http://", fields[401];
    memset(origin + 7, 'a', T2V_ORIGIN_MAX - 7);
    memset(fields, 'f', 400);
    start(origin);
    struct t2v_request request = from("OPTIONS", origin);
    request.wanted_method = T2V_STR("POST");
    request.wanted_fields = t2v_str_of(fields);
    t2v_cors_lines(&cors, &request, "GET, HEAD, POST", lines);
    assert_int_equal(strcmp(lines + strlen(lines) - 2, "\r\n"), 0);
    assert_non_null(strstr(lines, "Access-Control-Max-Age: 7200\r\n"));
    t2v_cors_deinit(&cors);
    origin[T2V_ORIGIN_MAX] = 'a';
    assert_int_equal(t2v_cors_init(&cors, origin, &err), T2V_EUSAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_off),       cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_list),      cmocka_unit_test(test_any),
        cmocka_unit_test(test_preflight), cmocka_unit_test(test_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
