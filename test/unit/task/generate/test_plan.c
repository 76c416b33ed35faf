/* SPDX-License-Identifier: BSD-3-Clause */
/* Sequences that take long beside the pass share a step's time, and take turns; a step never has
 * more rows than the pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
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

static void set_up_prompt(size_t i, int32_t *ids, size_t n)
{
    choices[i] = (struct t2v_choice){0};
    sequences[i] = (struct t2v_sequence){
        .generation = &generations[i], .choice = &choices[i], .ids = ids, .n_id = n};
}

/* Prompts that have a page of others, so that one token is left, have rows like any other. */
static void test_pass_is_not_exceeded(void **state)
{
    static int32_t ids[T2V_PAGE_TOK + 1], others[T2V_PASS_TOK] = {1};
    static const double cost_ms[N] = {0};
    t2v_pool *pool;
    uint32_t page;
    (void)state;
    set_up_costs(cost_ms);
    assert_int_equal(t2v_pool_new(64, 2 * T2V_PASS_TOK / T2V_PAGE_TOK, &pool), 0);
    assert_true(t2v_pool_take(pool, &page));
    t2v_pool_note(pool, page, 0, ids);
    t2v_pool_drop(pool, page);
    scheduler.pool = pool;
    scheduler.ns_of_tok = 1;
    for (size_t i = 0; i + 1 < N; i++)
        set_up_prompt(i, ids, T2V_PAGE_TOK + 1);
    set_up_prompt(N - 1, others, T2V_PASS_TOK);
    t2v_plan_fill(&scheduler);
    assert_int_equal(scheduler.pass.seqs.n_seq, N);
    assert_int_equal(sequences[0].kv.n_tok, T2V_PAGE_TOK);
    assert_int_equal(scheduler.pass.seqs.n_tok, T2V_PASS_TOK);
    for (size_t i = 0; i < N; i++) {
        t2v_sequence_release(&sequences[i], pool);
        t2v_free(sequences[i].places);
        t2v_free(sequences[i].pages);
    }
    t2v_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quick),
        cmocka_unit_test(test_slow_take_turns),
        cmocka_unit_test(test_some_fit),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_pass_is_not_exceeded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
