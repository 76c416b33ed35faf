/* SPDX-License-Identifier: BSD-3-Clause */
/* Pooling, each mode against sums done by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pool/model.h"

enum { DIM = 3, N_TOK = 4 };

/* A fifth row, which no mode may read. */
static const float HIDDEN[(N_TOK + 1) * DIM] = {1, -2,  3,  4,  5,   -6,  7,  -8,
                                                9, -10, 11, 12, NAN, NAN, NAN};

static const struct {
    enum t2v_pooling mode;
    size_t skip, n_tok;
    float want[DIM];
} CASES[] = {
    {T2V_POOL_CLS, 0, 4, {1, -2, 3}},
    {T2V_POOL_CLS, 2, 4, {1, -2, 3}},
    {T2V_POOL_CLS, 9, 4, {1, -2, 3}},
    {T2V_POOL_LAST, 0, 4, {-10, 11, 12}},
    {T2V_POOL_LAST, 3, 4, {-10, 11, 12}},
    {T2V_POOL_LAST, 4, 4, {0, 0, 0}},
    {T2V_POOL_LAST, 0, 1, {1, -2, 3}},
    {T2V_POOL_MAX, 0, 4, {7, 11, 12}},
    {T2V_POOL_MAX, 0, 2, {4, 5, 3}},
    {T2V_POOL_MAX, 2, 3, {7, -8, 9}},
    {T2V_POOL_MAX, 4, 4, {-1e9F, -1e9F, -1e9F}},
    {T2V_POOL_MEAN, 0, 4, {0.5F, 1.5F, 4.5F}},
    {T2V_POOL_MEAN, 2, 4, {-1.5F, 1.5F, 10.5F}},
    {T2V_POOL_MEAN, 5, 4, {0, 0, 0}},
    {T2V_POOL_MEAN_SQRT, 0, 4, {1, 3, 9}},
    {T2V_POOL_MEAN_SQRT, 3, 4, {-10, 11, 12}},
    {T2V_POOL_MEAN_SQRT, 4, 4, {0, 0, 0}},
    {T2V_POOL_WEIGHTED_MEAN, 0, 4, {-1, 2.8F, 6.6F}},
    {T2V_POOL_WEIGHTED_MEAN, 2, 4, {-19.0F / 7, 20.0F / 7, 75.0F / 7}},
    {T2V_POOL_WEIGHTED_MEAN, 4, 4, {0, 0, 0}},
};

static void expect(size_t which, const float *got, const float *want)
{
    for (size_t i = 0; i < DIM; i++) {
        if (!(fabsf(got[i] - want[i]) <= 1e-6F * (1 + fabsf(want[i]))))
            fail_msg("case %zu, component %zu: expected %g, got %g", which, i, (double)want[i],
                     (double)got[i]);
    }
}

static void test_modes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct t2v_plan plan = {.modes = {CASES[i].mode}, .n_mode = 1, .n_skip = CASES[i].skip};
        float out[DIM + 1] = {[DIM] = 42};
        t2v_pool(&plan, HIDDEN, CASES[i].n_tok, DIM, out);
        expect(i, out, CASES[i].want);
        assert_true(out[DIM] == 42);
    }
}

static void test_side_by_side(void **state)
{
    (void)state;
    struct t2v_plan plan = {.modes = {T2V_POOL_LAST, T2V_POOL_CLS, T2V_POOL_MEAN}, .n_mode = 3};
    static const float want[3][DIM] = {{-10, 11, 12}, {1, -2, 3}, {0.5F, 1.5F, 4.5F}};
    float out[3 * DIM];
    t2v_pool(&plan, HIDDEN, N_TOK, DIM, out);
    for (size_t m = 0; m < 3; m++)
        expect(m, out + m * DIM, want[m]);
}

/* What is no number does not get lost on the way: the engine refuses such a vector. */
static void test_not_a_number(void **state)
{
    (void)state;
    struct t2v_plan plan = {.modes = {T2V_POOL_MAX}, .n_mode = 1};
    float hidden[] = {1, NAN, 2}, out;
    t2v_pool(&plan, hidden, 3, 1, &out);
    assert_true(isnan(out));
    hidden[2] = NAN;
    t2v_pool(&plan, hidden, 3, 1, &out);
    assert_true(isnan(out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_side_by_side),
        cmocka_unit_test(test_not_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
