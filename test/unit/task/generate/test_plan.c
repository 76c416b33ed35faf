/* SPDX-License-Identifier: BSD-3-Clause */
/* Sequences that take long beside the pass share a step's time, and take turns; a step never has
 * more rows than the pass; the chunks of a prompt are such that a step takes the time it should. */
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

static void free_pages(t2v_pool *pool)
{
    for (size_t i = 0; i < N; i++) {
        t2v_sequence_release(&sequences[i], pool);
        t2v_free(sequences[i].places);
        t2v_free(sequences[i].pages);
    }
    t2v_pool_free(pool);
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
    scheduler.cost = (struct t2v_cost){.row_ns = 1, .key_ns = 0.001};
    for (size_t i = 0; i + 1 < N; i++)
        set_up_prompt(i, ids, T2V_PAGE_TOK + 1);
    set_up_prompt(N - 1, others, T2V_PASS_TOK);
    t2v_plan_fill(&scheduler);
    assert_int_equal(scheduler.pass.seqs.n_seq, N);
    assert_int_equal(sequences[0].kv.n_tok, T2V_PAGE_TOK);
    assert_int_equal(scheduler.pass.seqs.n_tok, T2V_PASS_TOK);
    free_pages(pool);
}

/* --- the time of a step --- */

enum { LONG_PROMPT = 8000 };

/* What a step takes in milliseconds, alone, a row and a key of a prompt. */
struct law {
    double step, row, key;
};

static double law_ms(const struct law *law, size_t past, size_t n)
{
    return law->step + law->row * (double)n + law->key * t2v_cost_keys(past, n);
}

/* A stream, sequence 0, and a prompt, sequence 1. */
static t2v_pool *set_up_stream(void)
{
    static int32_t ids[LONG_PROMPT];
    static const double cost_ms[N] = {0};
    t2v_pool *pool;
    set_up_costs(cost_ms);
    assert_int_equal(t2v_pool_new(64, LONG_PROMPT / T2V_PAGE_TOK + 2, &pool), 0);
    scheduler.pool = pool;
    scheduler.n_running = 2;
    set_up_prompt(0, ids, 1);
    choices[0].n_token = 1;
    set_up_prompt(1, ids, LONG_PROMPT);
    return pool;
}

/* One step, which takes that many times what the law says. Returns what the law says. */
static double run_step(const struct law *law, double times)
{
    t2v_plan_fill(&scheduler);
    size_t n = sequences[1].n_row, past = sequences[1].kv.n_tok;
    assert_int_equal(sequences[0].n_row, 1);
    assert_int_equal(scheduler.pass.seqs.n_tok, n + 1);
    double expected = law_ms(law, past, n);
    t2v_cost_learn(&scheduler.cost, n, t2v_cost_keys(past, n), times * expected * ms);
    sequences[1].kv.n_tok += n;
    return expected;
}

/* The prompt's steps from now on take about that long, from the step on that is number `from`. Some
 * steps with the stream alone come first. */
static void check_steps(const struct law *law, double want_ms, size_t from)
{
    size_t n_id = sequences[1].n_id, k = 0;
    sequences[1].n_id = sequences[1].kv.n_tok = 0;
    scheduler.n_running = 1;
    sequences[1].n_row = 0;
    for (size_t i = 0; i < 3; i++)
        run_step(law, 1);
    sequences[1].n_id = n_id;
    scheduler.n_running = 2;
    for (; t2v_sequence_left(&sequences[1]) > T2V_PASS_TOK; k++) {
        double step_ms = run_step(law, 1);
        assert_true(step_ms < (k == 0 ? 1.3 : 1.15) * want_ms);
        assert_true(k < from || step_ms > 0.85 * want_ms);
    }
    assert_true(k > from);
}

static void test_steps_take_their_time(void **state)
{
    static const struct law laws[] = {
        {5, 0.3, 0.0004},
        {10, 0.8, 0.0006},
        {1, 0.2, 0.00001},
        {20, 1, 0.0001},
    };
    (void)state;
    for (size_t i = 0; i < sizeof laws / sizeof *laws; i++) {
        t2v_pool *pool = set_up_stream();
        check_steps(&laws[i], 60, 8);
        check_steps(&laws[i], 60, 1); /* the next prompt, from its beginning */
        free_pages(pool);
    }
}

/* Where the stream alone takes longer than a step should, a prompt has as much time again. */
static void test_steps_of_a_large_model(void **state)
{
    static const struct law law = {200, 8, 0.0001};
    (void)state;
    t2v_pool *pool = set_up_stream();
    check_steps(&law, 400, 10);
    free_pages(pool);
}

static void test_recovers_after_a_disturbance(void **state)
{
    static const struct law law = {10, 0.5, 0.0004};
    (void)state;
    t2v_pool *pool = set_up_stream();
    check_steps(&law, 60, 8);
    sequences[1].kv.n_tok = 1000;
    run_step(&law, 1000 / 60);
    assert_true(run_step(&law, 1) > 30);
    for (size_t i = 0; i < 6; i++)
        run_step(&law, 1);
    for (size_t i = 0; i < 20; i++) {
        double step_ms = run_step(&law, 1);
        assert_true(step_ms > 54 && step_ms < 66);
    }
    free_pages(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quick),
        cmocka_unit_test(test_slow_take_turns),
        cmocka_unit_test(test_some_fit),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_pass_is_not_exceeded),
        cmocka_unit_test(test_steps_take_their_time),
        cmocka_unit_test(test_steps_of_a_large_model),
        cmocka_unit_test(test_recovers_after_a_disturbance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
