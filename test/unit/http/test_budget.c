/* SPDX-License-Identifier: BSD-3-Clause */
/* Shares of the budget, what is kept for small ones, and what is reclaimed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "http/budget.h"

#include "base/banned.h"

enum { SMALL = T2V_BUDGET_SMALL, LIMIT = 16 * SMALL, LARGE_LIMIT = 14 * SMALL };

static void test_shares(void **state)
{
    (void)state;
    struct t2v_budget budget = {.limit = LIMIT};
    size_t a = 0, b = 0;
    assert_true(t2v_budget_hold(&budget, &a, LARGE_LIMIT));
    assert_int_equal(budget.held, LARGE_LIMIT);
    assert_false(t2v_budget_hold(&budget, &b, SMALL + 1)); /* the rest is for small shares */
    assert_int_equal(b, SMALL + 1);
    assert_true(t2v_budget_hold(&budget, &b, SMALL)); /* a share that shrinks is never refused */
    assert_true(t2v_budget_hold(&budget, &a, 0));
    assert_true(t2v_budget_hold(&budget, &b, 0));
    assert_int_equal(budget.held, 0);
    assert_int_equal(budget.peak, LARGE_LIMIT + SMALL);
}

static void test_most(void **state)
{
    (void)state;
    const struct t2v_budget budget = {.limit = LIMIT};
    assert_int_equal(t2v_budget_most(&budget, SMALL), LIMIT);
    assert_int_equal(t2v_budget_most(&budget, SMALL + 1), LARGE_LIMIT);
}

static void test_small_shares_fill_it(void **state)
{
    (void)state;
    struct t2v_budget budget = {.limit = LIMIT};
    size_t shares[17] = {0};
    for (int i = 0; i < 16; i++)
        assert_true(t2v_budget_hold(&budget, &shares[i], SMALL));
    assert_false(t2v_budget_hold(&budget, &shares[16], 1));
}

struct others {
    struct t2v_budget *budget;
    size_t shares[3];
    int n_called;
};

static bool reclaim(void *user, const size_t *share)
{
    struct others *others = user;
    others->n_called++;
    for (int i = 0; i < 3; i++) {
        if (others->shares[i] != 0 && &others->shares[i] != share)
            return t2v_budget_hold(others->budget, &others->shares[i], 0);
    }
    return false;
}

static void test_reclaim(void **state)
{
    (void)state;
    struct t2v_budget budget = {.limit = LIMIT, .reclaim = reclaim};
    struct others others = {.budget = &budget};
    budget.user = &others;
    for (int i = 0; i < 3; i++)
        assert_true(t2v_budget_hold(&budget, &others.shares[i], 4 * SMALL));
    assert_int_equal(others.n_called, 0);
    /* One of the others goes, since that is enough. */
    assert_true(t2v_budget_hold(&budget, &others.shares[2], 9 * SMALL));
    assert_int_equal(others.n_called, 1);
    assert_int_equal(others.shares[0], 0);
    assert_int_equal(others.shares[1], 4 * SMALL);
    /* What can never fit reclaims nothing. */
    size_t huge = 0;
    assert_false(t2v_budget_hold(&budget, &huge, LIMIT + 1));
    assert_int_equal(others.n_called, 1);
    t2v_budget_hold(&budget, &huge, 0);
    /* All go, and it is still too much. */
    assert_false(t2v_budget_hold(&budget, &huge, LIMIT));
    assert_int_equal(others.shares[1] + others.shares[2], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_most),
        cmocka_unit_test(test_small_shares_fill_it),
        cmocka_unit_test(test_reclaim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
