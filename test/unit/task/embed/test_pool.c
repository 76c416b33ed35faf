/* SPDX-License-Identifier: BSD-3-Clause */
/* Pooling, each mode against sums done by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "task/embed/pool.h"

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
        struct t2v_pool pool = {.modes = {CASES[i].mode}, .n_mode = 1, .n_skip = CASES[i].skip};
        float out[DIM + 1] = {[DIM] = 42};
        t2v_pool_run(&pool, HIDDEN, CASES[i].n_tok, DIM, out);
        expect(i, out, CASES[i].want);
        assert_true(out[DIM] == 42);
    }
}

static void test_side_by_side(void **state)
{
    (void)state;
    struct t2v_pool pool = {.modes = {T2V_POOL_LAST, T2V_POOL_CLS, T2V_POOL_MEAN}, .n_mode = 3};
    static const float want[3][DIM] = {{-10, 11, 12}, {1, -2, 3}, {0.5F, 1.5F, 4.5F}};
    float out[3 * DIM];
    t2v_pool_run(&pool, HIDDEN, N_TOK, DIM, out);
    for (size_t m = 0; m < 3; m++)
        expect(m, out + m * DIM, want[m]);
}

/* What is no number does not get lost on the way: the engine refuses such a vector. */
static void test_not_a_number(void **state)
{
    (void)state;
    struct t2v_pool pool = {.modes = {T2V_POOL_MAX}, .n_mode = 1};
    float hidden[] = {1, NAN, 2}, out;
    t2v_pool_run(&pool, hidden, 3, 1, &out);
    assert_true(isnan(out));
    hidden[2] = NAN;
    t2v_pool_run(&pool, hidden, 3, 1, &out);
    assert_true(isnan(out));
}

/* --- long sums --- */

enum { WIDE = 300, MANY = 32000 };

static uint32_t seed;

static float draw(void)
{
    seed = seed * 1664525U + 1013904223U;
    return (float)(seed >> 8) / (float)(1 << 23) - 1;
}

static float *rows(size_t n, bool equal)
{
    float *hidden = malloc(n * WIDE * sizeof *hidden);
    assert_non_null(hidden);
    seed = 7;
    for (size_t i = 0; i < n * WIDE; i++)
        hidden[i] = equal && i >= WIDE ? hidden[i - WIDE] : draw() + 0.1F;
    return hidden;
}

static double exact(enum t2v_pooling mode, const float *hidden, size_t from, size_t n,
                    size_t column)
{
    bool weighted = mode == T2V_POOL_WEIGHTED_MEAN;
    double sum = 0, n_row = (double)(n - from);
    double weights = weighted ? (double)(from + 1 + n) * n_row / 2 : n_row;
    for (size_t t = from; t < n; t++)
        sum += (weighted ? (double)(t + 1) : 1.0) * (double)hidden[t * WIDE + column];
    if (mode == T2V_POOL_SUM)
        return sum;
    return mode == T2V_POOL_MEAN_SQRT ? sum / sqrt(weights) : sum / weights;
}

static void expect_exact(enum t2v_pooling mode, const float *hidden, size_t from, size_t n)
{
    struct t2v_pool pool = {.modes = {mode}, .n_mode = 1, .n_skip = from};
    float out[WIDE];
    double largest = 0, off = 0;
    t2v_pool_run(&pool, hidden, n, WIDE, out);
    for (size_t i = 0; i < WIDE; i++) {
        double want = exact(mode, hidden, from, n, i);
        /* Not fmax, in whose loop gcc 12 for arm64 breaks. */
        largest = fabs(want) > largest ? fabs(want) : largest;
        if (!(fabs((double)out[i] - want) <= off))
            off = fabs((double)out[i] - want);
    }
    if (!(off <= 1e-6 * largest))
        fail_msg("mode %d, rows %zu to %zu: off by %g of the largest", (int)mode, from, n,
                 off / largest);
}

/* However many tokens: within 1e-6 of the sum in double. */
static void test_exact(void **state)
{
    (void)state;
    static const enum t2v_pooling modes[] = {T2V_POOL_MEAN, T2V_POOL_MEAN_SQRT,
                                             T2V_POOL_WEIGHTED_MEAN, T2V_POOL_SUM};
    static const size_t lengths[] = {1, 2, 3, 25, 400, 512, 1024, 8192, MANY};
    for (int equal = 0; equal < 2; equal++) {
        float *hidden = rows(MANY, equal != 0);
        for (size_t i = 0; i < 4 * sizeof lengths / sizeof *lengths; i++)
            expect_exact(modes[i % 4], hidden, 0, lengths[i / 4]);
        expect_exact(T2V_POOL_MEAN, hidden, 20, MANY);
        free(hidden);
    }
}

/* The float32 mean of a short text, which an index may hold, stays to the bit. */
static void test_short_stays(void **state)
{
    (void)state;
    enum { FEW = 20 };
    struct t2v_pool pool = {.modes = {T2V_POOL_MEAN}, .n_mode = 1};
    float *hidden = rows(FEW, false), out[WIDE];
    t2v_pool_run(&pool, hidden, FEW, WIDE, out);
    for (size_t i = 0; i < WIDE; i++) {
        float sum = 0;
        for (size_t t = 0; t < FEW; t++)
            sum += hidden[t * WIDE + i];
        assert_true(out[i] == sum / FEW);
    }
    free(hidden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modes),        cmocka_unit_test(test_side_by_side),
        cmocka_unit_test(test_not_a_number), cmocka_unit_test(test_exact),
        cmocka_unit_test(test_short_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
