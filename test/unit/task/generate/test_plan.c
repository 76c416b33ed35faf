/* SPDX-License-Identifier: BSD-3-Clause */
/* Sequences that take long beside the pass share a step's time, and take turns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "task/generate/plan.h"

enum { N = 6, N_STEP = 12 };

static const double ms = 1e6;

/* Sequence i is of generation i, and takes so many milliseconds. */
static struct t2v_scheduler scheduler;
static struct t2v_generate generate;
static struct t2v_generation generations[N];
static struct t2v_choice choices[N];
static struct t2v_sequence sequences[N];

static void set_up_costs(const double cost_ms[N])
{
    memset(&scheduler, 0, sizeof scheduler);
    memset(&generate, 0, sizeof generate);
    for (size_t i = 0; i < N; i++) {
        choices[i] = (struct t2v_choice){.n_token = 1};
        generations[i] = (struct t2v_generation){.generate = &generate, .pick_ns = cost_ms[i] * ms};
        sequences[i] = (struct t2v_sequence){.generation = &generations[i], .choice = &choices[i]};
        scheduler.running[i] = &sequences[i];
    }
    scheduler.n_running = N;
}

/* How often each has a part in some steps of 40 ms. Returns the most milliseconds of the slow ones
 * in one, with all but the last that had a part. */
static double run_steps(size_t served[N])
{
    double most = 0;
    memset(served, 0, N * sizeof *served);
    for (size_t step = 0; step < N_STEP; step++) {
        double sum = 0, last = 0;
        t2v_plan_choose_slow(&scheduler, 40 * ms);
        for (size_t i = 0; i < N; i++) {
            served[i] += !sequences[i].skipped;
            if (!sequences[i].skipped && generations[i].pick_ns > 2 * ms) {
                last = generations[i].pick_ns > last ? generations[i].pick_ns : last;
                sum += generations[i].pick_ns;
            }
        }
        most = sum - last > most ? sum - last : most;
    }
    return most / ms;
}

static void test_quick(void **state)
{
    static const double cost_ms[N] = {0, 0.1, 0.1, 1, 1, 1};
    size_t served[N];
    (void)state;
    set_up_costs(cost_ms);
    run_steps(served);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(served[i], N_STEP);
}

static void test_slow_take_turns(void **state)
{
    static const double cost_ms[N] = {120, 0.1, 120, 120, 0.1, 120};
    size_t served[N];
    (void)state;
    set_up_costs(cost_ms);
    assert_true(run_steps(served) <= 40);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(served[i], cost_ms[i] > 1 ? N_STEP / 4 : N_STEP);
}

static void test_some_fit(void **state)
{
    static const double cost_ms[N] = {15, 15, 15, 15, 15, 15};
    size_t served[N];
    (void)state;
    set_up_costs(cost_ms);
    assert_true(run_steps(served) <= 40);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(served[i], N_STEP / 2);
}

/* What a new grammar takes is not known. */
static void test_unknown(void **state)
{
    static const double cost_ms[N] = {0};
    static const struct t2v_schema schema;
    size_t served[N];
    (void)state;
    set_up_costs(cost_ms);
    generate.schema = &schema;
    run_steps(served);
    for (size_t i = 0; i < N; i++)
        assert_true(served[i] < N_STEP && served[i] >= N_STEP / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quick),
        cmocka_unit_test(test_slow_take_turns),
        cmocka_unit_test(test_some_fit),
        cmocka_unit_test(test_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
