/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of routes: which row a path and a method find, how the others are refused, and that
 * openapi.json describes exactly the routes of t2v. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "http/route.h"
#include "json/json.h"

#include "base/banned.h"

extern const char t2v_openapi[];
extern const size_t t2v_openapi_len;

static void fail_one(const struct t2v_fault *fault, struct t2v_reply *reply)
{
    t2v_buf_addf(&reply->buf, "one: %s", fault->msg);
}

static void fail_two(const struct t2v_fault *fault, struct t2v_reply *reply)
{
    (void)fault;
    reply->status = 418;
    t2v_buf_adds(&reply->buf, "two");
}

static const struct t2v_api one = {.name = "one", .fail = fail_one};
static const struct t2v_api two = {.name = "two", .fail = fail_two};
static const struct t2v_operation get = {.api = &one}, post = {.api = &two}, model = {.api = &two};

static const struct t2v_route rows[] = {
    {"/", T2V_GET, T2V_ROUTE_OPEN, "root", &get, NULL},
    {"/", T2V_POST, 0, "task", &post, NULL},
    {"/v1/models", T2V_GET, 0, "models", &get, NULL},
    {"/v1/models/", T2V_GET, T2V_ROUTE_ID, "model", &model, NULL},
    {"/v1/", 0, T2V_ROUTE_ID, "other", NULL, &two},
    {"", 0, T2V_ROUTE_ID, "other", NULL, &one},
};
static const struct t2v_routes routes = {rows, sizeof rows / sizeof *rows};

static struct t2v_match find(const char *method, const char *path)
{
    return t2v_route_find(&routes, t2v_str_of(path), t2v_str_of(method));
}

static void test_find(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path, *id;
        int row, methods;
        bool allowed;
    } examples[] = {
        {"GET", "/", "", 0, T2V_GET | T2V_POST, true},
        {"HEAD", "/", "", 0, T2V_GET | T2V_POST, true},
        {"POST", "/", "", 1, T2V_GET | T2V_POST, true},
        {"DELETE", "/", "", 0, T2V_GET | T2V_POST, false},
        {"GET", "/v1/models", "", 2, T2V_GET, true},
        {"POST", "/v1/models", "", 2, T2V_GET, false},
        {"GET", "/v1/models/a/b", "a/b", 3, T2V_GET, true},
        {"GET", "/v1/models/a%2fb", "a%2fb", 3, T2V_GET, true},
        {"PUT", "/v1/models/a", "a", 3, T2V_GET, false},
        {"GET", "/v1/models/", "", 2, T2V_GET, true},
        {"GET", "//v1/models", "", 2, T2V_GET, true},
        {"GET", "///v1/models/", "", 2, T2V_GET, true},
        {"POST", "//", "", 1, T2V_GET | T2V_POST, true},
        {"GET", "/v1//models", "", 4, 0, false},
        {"GET", "/v1/models//", "/", 3, T2V_GET, true},
        {"GET", "/v1/nope", "", 4, 0, false},
        {"GET", "/nope", "", 5, 0, false},
        {"OPTIONS", "*", "", 5, 0, false},
        {"get", "/", "", 0, T2V_GET | T2V_POST, false},
    };
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct t2v_match got = find(examples[i].method, examples[i].path);
        if (got.route != &rows[examples[i].row] || got.methods != examples[i].methods ||
            got.allowed != examples[i].allowed || !t2v_str_is(got.id, examples[i].id))
            fail_msg("%s %s: row %td, methods %d", examples[i].method, examples[i].path,
                     got.route - rows, got.methods);
    }
    assert_ptr_equal(t2v_route_unknown(&routes).route, &rows[5]);
}

/* How a request is refused: status, header lines, body. */
static void refuses(const char *method, const char *path, int status, const char *header,
                    const char *body)
{
    struct t2v_match match = find(method, path);
    struct t2v_fault fault = {0};
    struct t2v_reply reply;
    t2v_reply_init(&reply);
    size_t begin = reply.buf.len;
    t2v_route_refuse(&match, &fault);
    t2v_route_fail(match.route, &fault, &reply);
    t2v_buf_addc(&reply.buf, '\0');
    assert_int_equal(reply.status, status);
    assert_string_equal(reply.extra, header);
    assert_string_equal(reply.buf.ptr + begin, body);
    t2v_reply_deinit(&reply);
}

static void test_refuse(void **state)
{
    (void)state;
    refuses("GET", "/nope", 404, "", "one: no such path");
    refuses("GET", "/v1/nope", 418, "", "two");
    refuses("POST", "/v1/models", 405, "Allow: GET, HEAD\r\n", "one: method not allowed, use GET");
    refuses("PUT", "/", 405, "Allow: GET, HEAD, POST\r\n",
            "one: method not allowed, use GET or POST");
    assert_string_equal(t2v_methods_text(T2V_POST), "POST");
    assert_string_equal(t2v_methods_text(T2V_GET), "GET, HEAD");
    assert_string_equal(t2v_methods_text(0), "GET, HEAD, POST");
}

/* What the description has for a path. */
static int described(const t2v_json *paths, const char *path)
{
    const t2v_json *item = t2v_json_get(paths, path);
    return (t2v_json_get(item, "get") != NULL ? T2V_GET : 0) |
           (t2v_json_get(item, "post") != NULL ? T2V_POST : 0);
}

/* The first path of the table that a description has otherwise, "" if the description has others;
 * NULL: they agree. A row for ids is PATH{id} there. */
static const char *differs(const struct t2v_routes *table, const char *text, size_t len)
{
    t2v_json *root = NULL;
    size_t n_path = 0;
    const char *wrong = NULL;
    assert_int_equal(t2v_json_parse((struct t2v_str){text, len}, &root, NULL), 0);
    const t2v_json *paths = t2v_json_get(root, "paths");
    for (size_t i = 0; i < table->n && wrong == NULL; i++) {
        const struct t2v_route *row = &table->rows[i];
        char path[100];
        if (row->methods == 0)
            continue;
        snprintf(path, sizeof path, "%s%s", row->path, row->flags & T2V_ROUTE_ID ? "{id}" : "");
        struct t2v_match match = t2v_route_find(table, t2v_str_of(path), T2V_STR("GET"));
        if (described(paths, path) != match.methods)
            wrong = row->path;
        n_path += i == 0 || strcmp(row->path, row[-1].path) != 0;
    }
    if (wrong == NULL && t2v_json_len(paths) != n_path)
        wrong = "";
    t2v_json_free(root);
    return wrong;
}

static void test_differs(void **state)
{
    (void)state;
#define BEGIN "{\"paths\": {\"/\": {\"get\": 1, \"post\": 1}, \"/v1/models\": {\"get\": 1}"
    static const struct {
        const char *text, *wrong;
    } examples[] = {
        {BEGIN ", \"/v1/models/{id}\": {\"get\": 1}}}", NULL},
        {BEGIN ", \"/v1/models/{id}\": {\"get\": 1, \"post\": 1}}}", "/v1/models/"},
        {BEGIN ", \"/v1/models/\": {\"get\": 1}}}", "/v1/models/"},
        {BEGIN "}}", "/v1/models/"},
        {BEGIN ", \"/v1/models/{id}\": {\"get\": 1}, \"/x\": {\"get\": 1}}}", ""},
    };
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const char *got = differs(&routes, examples[i].text, strlen(examples[i].text));
        if (examples[i].wrong == NULL)
            assert_null(got);
        else
            assert_string_equal(got, examples[i].wrong);
    }
}

static void test_described(void **state)
{
    (void)state;
    const char *wrong = differs(&t2v_routes, t2v_openapi, t2v_openapi_len);
    if (wrong != NULL)
        fail_msg("openapi.json has '%s' otherwise", wrong);
}

/* The hooks that may not be NULL, see api.h. */
static bool has_hooks(const struct t2v_operation *operation)
{
    return operation->api != NULL && operation->api->fail != NULL &&
           (operation->answer != NULL ||
            (operation->read != NULL && operation->bytes != NULL && operation->write != NULL));
}

/* What the table promises to those who use it. */
static void test_rows(void **state)
{
    (void)state;
    assert_false(has_hooks(&get));
    const struct t2v_route *last = &t2v_routes.rows[t2v_routes.n - 1];
    assert_string_equal(last->path, "");
    assert_int_equal(last->methods, 0);
    for (size_t i = 0; i < t2v_routes.n; i++) {
        const struct t2v_route *row = &t2v_routes.rows[i];
        assert_true(row->methods == 0 ? row->api != NULL : row->operation != NULL);
        assert_true(row->methods == 0 || has_hooks(row->operation));
        assert_true(row->methods != 0 || (row->flags & T2V_ROUTE_ID) != 0);
        assert_true((row->flags & T2V_ROUTE_PROBE) == 0 || (row->flags & T2V_ROUTE_OPEN) != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),    cmocka_unit_test(test_refuse),
        cmocka_unit_test(test_differs), cmocka_unit_test(test_described),
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
