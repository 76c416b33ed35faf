/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys that config.json lacks, or that are null there: what Transformers (4.56.1, or 5.24 for a
 * config that 5 wrote) made of them, see make-defaults in test/golden. Where it had an error, or
 * made weights up, a missing key must be refused here; a null that it refuses may be a default.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

static void check_row(const struct fixture *f, const t2v_json *of, const char *what)
{
    const t2v_json *list = t2v_json_get(of, "ids"), *row = t2v_json_get(of, "row");
    size_t start[2] = {0, t2v_json_len(list)}, dim = t2v_net_shape(f->encoder)->hidden;
    int32_t ids[512];
    struct distance d = {0};
    assert_true(start[1] > 0 && start[1] <= 512 && t2v_json_len(row) == dim);
    for (size_t i = 0; i < start[1]; i++) {
        int64_t id;
        assert_true(t2v_json_int(t2v_json_at(list, i), &id));
        ids[i] = (int32_t)id;
    }
    float *hidden = encode(f, ids, start, 1, 1), *last = hidden + (start[1] - 1) * dim;
    for (size_t i = 0; i < dim; i++) {
        double want = NAN;
        assert_true(t2v_json_double(t2v_json_at(row, i), &want));
        distance_add(&d, i, (double)last[i], want);
    }
    distance_check(&d, what, 0);
    free(hidden);
}

/* No position or padding id of ours depends on it there: the library merely has no such row. */
static bool pads_nothing(struct t2v_str model, struct t2v_str key)
{
    return t2v_str_is(key, "pad_token_id") &&
           (t2v_str_is(model, "kin/modernbert") || t2v_str_is(model, "kin/eurobert"));
}

static void check_case(const t2v_json *of)
{
    struct t2v_str model = t2v_json_str(t2v_json_get(of, "model"));
    struct t2v_str key = t2v_json_str(t2v_json_get(of, "key"));
    struct t2v_str value = t2v_json_str(t2v_json_get(of, "value"));
    bool runs = t2v_json_type(t2v_json_get(of, "row")) == T2V_JSON_ARRAY;
    char name[64], what[160];
    struct t2v_err err = {0};
    snprintf(name, sizeof name, "%.*s", T2V_STR_ARG(model));
    snprintf(what, sizeof what, "%s, %.*s is %.*s", name, T2V_STR_ARG(key), T2V_STR_ARG(value));
    struct fixture f = open_fixture(name, "");
    t2v_net_free(f.encoder);
    f.encoder = NULL;
    int rc = t2v_net_open(t2v_json_get(of, "config"), f.store, &f.kernels, f.kernels.f32,
                          &(struct t2v_net_options){.n_lane = 1}, &f.encoder, &err);
    if (runs && rc != 0)
        fail_msg("%s: %s", what, err.msg);
    if (runs)
        check_row(&f, of, what);
    else if (t2v_str_is(value, "missing") && !pads_nothing(model, key) && rc == 0)
        fail_msg("%s: was opened, and Transformers cannot", what);
    close_fixture(&f);
}

static void test_defaults(void **state)
{
    (void)state;
    char path[512];
    t2v_json *json;
    struct t2v_err err = {0};
    path_to(path, ".", "defaults.json");
    assert_int_equal(t2v_json_load(path, 1 << 22, &json, &err), 0);
    const t2v_json *cases = t2v_json_get(json, "cases");
    assert_true(t2v_json_len(cases) > 100);
    for (size_t i = 0; i < t2v_json_len(cases); i++)
        check_case(t2v_json_at(cases, i));
    t2v_json_free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_defaults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
