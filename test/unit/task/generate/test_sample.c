/* SPDX-License-Identifier: BSD-3-Clause */
/* Sampling: what the processors of Transformers leave (golden/sampling), frequencies, seeds, greedy
 * choice, log-probabilities, and logits that are wrong. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "json/json.h"
#include "task/generate/filter.h"
#include "task/generate/penalty.h"
#include "task/generate/sample.h"

enum { VOCAB = 32 };

static float number(const t2v_json *case_, const char *name, float otherwise)
{
    double x = (double)otherwise;
    t2v_json_double(t2v_json_get(case_, name), &x);
    return (float)x;
}

static size_t read_bias(const t2v_json *case_, struct t2v_bias *bias)
{
    const t2v_json *list = t2v_json_get(case_, "bias");
    for (size_t i = 0; i < t2v_json_len(list); i++) {
        double id = 0, value = 0;
        t2v_json_double(t2v_json_at(t2v_json_at(list, i), 0), &id);
        t2v_json_double(t2v_json_at(t2v_json_at(list, i), 1), &value);
        bias[i] = (struct t2v_bias){(int32_t)id, (float)value};
    }
    return t2v_json_len(list);
}

static struct t2v_sampling read_settings(const t2v_json *case_, struct t2v_bias *bias)
{
    return (struct t2v_sampling){
        .sample = true,
        .temperature = number(case_, "temperature", 1),
        .top_k = (uint32_t)number(case_, "top_k", 0),
        .top_p = number(case_, "top_p", 1),
        .typical_p = number(case_, "typical_p", 1),
        .min_p = number(case_, "min_p", 0),
        .repetition_penalty = number(case_, "repetition_penalty", 1),
        .frequency_penalty = number(case_, "frequency_penalty", 0),
        .presence_penalty = number(case_, "presence_penalty", 0),
        .bias = bias,
        .n_bias = read_bias(case_, bias),
    };
}

static void read_logits(const t2v_json *case_, float logits[VOCAB])
{
    const t2v_json *list = t2v_json_get(case_, "logits");
    for (size_t i = 0; i < VOCAB; i++) {
        double x = -INFINITY;
        t2v_json_double(t2v_json_at(list, i), &x);
        logits[i] = (float)x;
    }
}

static void count_ids(struct t2v_penalties *penalties, const t2v_json *list, bool are_new)
{
    for (size_t i = 0; i < t2v_json_len(list); i++) {
        int64_t id = -1;
        assert_true(t2v_json_int(t2v_json_at(list, i), &id));
        assert_int_equal(t2v_penalties_add(penalties, (int32_t)id, are_new), 0);
    }
}

static int by_number(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

static bool is_near(float p, double want)
{
    return fabs((double)p - want) < 2e-6 + 1e-5 * want;
}

/* The expected probabilities of all ids; returns how many are left. */
static size_t read_left(const t2v_json *case_, float p[VOCAB])
{
    const t2v_json *ids = t2v_json_get(case_, "ids"), *list = t2v_json_get(case_, "p");
    for (size_t i = 0; i < t2v_json_len(ids); i++) {
        int64_t id = -1;
        double x = -1;
        assert_true(t2v_json_int(t2v_json_at(ids, i), &id));
        assert_true(t2v_json_double(t2v_json_at(list, i), &x));
        assert_in_range(id, 0, VOCAB - 1);
        p[id] = (float)x;
    }
    return t2v_json_len(ids);
}

/* Which of equal ones stay where they are the least is open. */
static void check_left(const t2v_json *case_, size_t index, const struct t2v_candidate *left,
                       size_t n)
{
    float p[VOCAB] = {0}, want[VOCAB] = {0}, least = 1;
    size_t n_left = 0, n_want = read_left(case_, want);
    for (size_t i = 0; i < n; i++) {
        p[left[i].id] = left[i].p;
        n_left += left[i].p > 0;
    }
    if (n_left != n_want)
        fail_msg("case %zu: %zu ids are left, expected %zu", index, n_left, n_want);
    for (size_t i = 0; i < VOCAB; i++)
        least = want[i] > 0 && want[i] < least ? want[i] : least;
    for (size_t i = 0; i < VOCAB; i++)
        if (want[i] > 0 && !is_near(want[i], (double)least) && !is_near(p[i], (double)want[i]))
            fail_msg("case %zu: id %zu has %g, expected %g", index, i, (double)p[i],
                     (double)want[i]);
    qsort(p, VOCAB, sizeof *p, by_number);
    qsort(want, VOCAB, sizeof *want, by_number);
    for (size_t i = 0; i < VOCAB; i++)
        if (!is_near(p[i], (double)want[i]))
            fail_msg("case %zu: %g is left, expected %g", index, (double)p[i], (double)want[i]);
}

static void check_case(const t2v_json *case_, size_t index)
{
    float logits[VOCAB], before[VOCAB];
    struct t2v_bias bias[8];
    struct t2v_candidate candidates[VOCAB];
    struct t2v_penalties penalties;
    struct t2v_sampling sampling = read_settings(case_, bias);
    size_t n = 0;
    read_logits(case_, logits);
    memcpy(before, logits, sizeof logits);
    assert_int_equal(t2v_penalties_init(&penalties, &sampling, VOCAB), 0);
    count_ids(&penalties, t2v_json_get(case_, "prompt"), false);
    count_ids(&penalties, t2v_json_get(case_, "new"), true);
    t2v_penalties_apply(&penalties, &sampling, logits);
    for (size_t i = 0; i < VOCAB; i++)
        if (isfinite(logits[i]))
            candidates[n++] = (struct t2v_candidate){.id = (int32_t)i, .logit = logits[i]};
    n = t2v_filter(&sampling, candidates, n);
    check_left(case_, index, candidates, n);
    t2v_penalties_undo(&penalties, logits);
    assert_memory_equal(before, logits, sizeof logits);
    t2v_penalties_deinit(&penalties);
}

static void test_processors(void **state)
{
    (void)state;
    struct t2v_err err;
    t2v_json *root = NULL;
    if (t2v_json_load(T2V_TEST_DIR "/golden/sampling/cases.json", 1 << 20, &root, &err) != 0)
        fail_msg("%s", err.msg);
    assert_in_range(t2v_json_len(root), 100, 1000);
    for (size_t i = 0; i < t2v_json_len(root); i++)
        check_case(t2v_json_at(root, i), i);
    t2v_json_free(root);
}

static t2v_sampler *sampler_of(const struct t2v_sampling *sampling, size_t vocab, uint64_t seed)
{
    t2v_sampler *sampler = NULL;
    assert_int_equal(t2v_sampler_new(sampling, vocab, seed, NULL, 0, &sampler), 0);
    return sampler;
}

static int32_t next(t2v_sampler *sampler, float *logits, const uint32_t *allowed)
{
    int32_t id = -1;
    assert_int_equal(t2v_sampler_next(sampler, logits, allowed, &id, NULL, NULL, 0), 0);
    return id;
}

static struct t2v_sampling sampled(void)
{
    struct t2v_sampling sampling = t2v_sampling_greedy;
    sampling.sample = true;
    return sampling;
}

/* Frequencies of 40,000 draws against the probabilities: chi-square with 9 degrees of freedom. */
static void check_frequencies(const struct t2v_sampling *sampling, const uint32_t *allowed,
                              const double p[10])
{
    enum { N = 40000 };
    float logits[10];
    size_t seen[10] = {0};
    double chi = 0;
    t2v_sampler *sampler = sampler_of(sampling, 10, 1);
    for (size_t i = 0; i < 10; i++)
        logits[i] = (float)log((double)(i + 1));
    for (size_t i = 0; i < N; i++)
        seen[next(sampler, logits, allowed)]++;
    for (size_t i = 0; i < 10; i++) {
        double want = p[i] * N, less = (double)seen[i] - want;
        assert_true(want > 0 || seen[i] == 0);
        chi += want > 0 ? less * less / want : 0;
    }
    assert_true(chi < 27.9); /* one in a thousand is above */
    t2v_sampler_free(sampler);
}

static void test_frequencies(void **state)
{
    (void)state;
    struct t2v_sampling sampling = sampled();
    double p[10];
    for (size_t i = 0; i < 10; i++)
        p[i] = (double)(i + 1) / 55;
    check_frequencies(&sampling, NULL, p);
    for (size_t i = 0; i < 10; i++)
        p[i] = i == 2 || i == 7 ? (double)(i + 1) / 11 : 0;
    const uint32_t allowed = 1u << 2 | 1u << 7;
    check_frequencies(&sampling, &allowed, p);
    sampling.temperature = 0.5f;
    sampling.top_k = 3;
    for (size_t i = 0; i < 10; i++)
        p[i] = i >= 7 ? (double)((i + 1) * (i + 1)) / (64 + 81 + 100) : 0;
    check_frequencies(&sampling, NULL, p);
}

static void test_seeds(void **state)
{
    (void)state;
    float logits[1000] = {0};
    struct t2v_sampling sampling = sampled();
    int32_t ids[3][64];
    size_t same = 0;
    for (size_t k = 0; k < 3; k++) {
        t2v_sampler *sampler = sampler_of(&sampling, 1000, k / 2);
        for (size_t i = 0; i < 64; i++)
            ids[k][i] = next(sampler, logits, NULL);
        t2v_sampler_free(sampler);
    }
    assert_memory_equal(ids[0], ids[1], sizeof ids[0]);
    for (size_t i = 0; i < 64; i++)
        same += ids[0][i] == ids[2][i];
    assert_in_range(same, 0, 5);
}

static int by_logit(const void *a, const void *b)
{
    const struct t2v_candidate *x = a, *y = b;
    if (x->logit != y->logit)
        return x->logit > y->logit ? -1 : 1;
    return x->id < y->id ? -1 : 1;
}

/* top_p of many candidates against sorting them; steps: logits of that many values. */
static void check_top_p(float mass, int steps)
{
    enum { N = 50000 };
    struct t2v_sampling sampling = sampled();
    struct t2v_candidate *got = t2v_alloc(N * sizeof *got), *want = t2v_alloc(N * sizeof *want);
    double total = 0, above = 0;
    uint32_t random = 7;
    size_t kept = 0;
    for (size_t i = 0; i < N; i++) {
        random = random * 1664525u + 1013904223u;
        float x = (float)((random >> 8) % (uint32_t)steps) * 12 / (float)steps;
        want[i] = got[i] = (struct t2v_candidate){.id = (int32_t)i, .logit = x};
        total += exp((double)x);
    }
    sampling.top_p = mass;
    size_t n = t2v_filter(&sampling, got, N);
    qsort(want, N, sizeof *want, by_logit);
    for (; kept < N && above < (double)mass; kept++)
        above += exp((double)want[kept].logit) / total;
    assert_in_range(n, kept - 1, kept + 1); /* the sums are rounded */
    qsort(got, n, sizeof *got, by_logit);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(got[i].id, want[i].id);
    t2v_free(got);
    t2v_free(want);
}

static void test_large(void **state)
{
    (void)state;
    for (int steps = 1; steps <= 1 << 24; steps *= 64) {
        check_top_p(0.001f, steps);
        check_top_p(0.5f, steps);
        check_top_p(0.999f, steps);
    }
}

static void test_greedy(void **state)
{
    (void)state;
    float logits[5] = {1, 3, 2, 3, -INFINITY};
    const struct t2v_bias bias[] = {{0, 1.5f}, {7, 100}, {-1, 100}};
    const uint32_t allowed = 1u << 0 | 1u << 2 | 1u << 4, none = 1u << 4;
    struct t2v_sampling sampling = t2v_sampling_greedy;
    t2v_sampler *sampler = sampler_of(&sampling, 5, 0);
    int32_t id;
    assert_int_equal(next(sampler, logits, NULL), 1);
    assert_int_equal(next(sampler, logits, &allowed), 2);
    assert_int_equal(t2v_sampler_next(sampler, logits, &none, &id, NULL, NULL, 0), T2V_EMODEL);
    t2v_sampler_free(sampler);
    sampling.bias = bias;
    sampling.n_bias = 3;
    sampler = sampler_of(&sampling, 5, 0);
    assert_int_equal(next(sampler, logits, &allowed), 0);
    t2v_sampler_free(sampler);
    sampling = t2v_sampling_greedy;
    sampling.presence_penalty = 0.5f;
    sampling.frequency_penalty = 0.25f;
    sampler = sampler_of(&sampling, 5, 0);
    const int32_t want[] = {1, 3, 1, 3, 1, 2};
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(next(sampler, logits, NULL), want[i]);
    t2v_sampler_free(sampler);
}

/* Once per id, of the prompt as of new ones. */
static void test_repetition(void **state)
{
    (void)state;
    float logits[4] = {2, 1.9f, -1, -1.1f};
    const int32_t prompt[] = {0, 0, 0, 9, -3};
    struct t2v_sampling sampling = t2v_sampling_greedy;
    t2v_sampler *sampler = NULL;
    sampling.repetition_penalty = 4;
    assert_int_equal(t2v_sampler_new(&sampling, 4, 0, prompt, 5, &sampler), 0);
    assert_int_equal(next(sampler, logits, NULL), 1);
    assert_int_equal(next(sampler, logits, NULL), 0);
    assert_int_equal(next(sampler, logits, NULL), 0);
    t2v_sampler_free(sampler);
}

static void test_logprobs(void **state)
{
    (void)state;
    float logits[6] = {1, 2, 2, -INFINITY, 0, 80}, logprob;
    struct t2v_top tops[8];
    struct t2v_sampling sampling = t2v_sampling_greedy;
    const struct t2v_bias bias = {5, -100};
    int32_t id;
    sampling.bias = &bias;
    sampling.n_bias = 1;
    t2v_sampler *sampler = sampler_of(&sampling, 6, 0);
    assert_int_equal(t2v_sampler_next(sampler, logits, NULL, &id, &logprob, tops, 8), 0);
    assert_int_equal(id, 1);
    assert_true(fabsf(logprob + 78) < 1e-4f); /* of the unmodified logits */
    const int32_t want[] = {5, 1, 2, 0, 4, 3, -1, -1};
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(tops[i].id, want[i]);
    assert_true(tops[0].logprob == 0);
    assert_true(fabsf(tops[3].logprob + 79) < 1e-4f);
    assert_int_equal(t2v_sampler_next(sampler, logits, NULL, &id, NULL, tops, 2), 0);
    assert_int_equal(tops[1].id, 1);
    t2v_logprobs(logits, 6, 4, &logprob, NULL, 0);
    assert_true(fabsf(logprob + 80) < 1e-4f);
    t2v_sampler_free(sampler);
}

static void test_wrong_logits(void **state)
{
    (void)state;
    const float bad[] = {NAN, INFINITY, -INFINITY};
    struct t2v_sampling sampling = sampled();
    for (size_t k = 0; k < 6; k++) {
        float logits[3] = {1, 2, bad[k % 3]};
        int32_t id = 7;
        if (k % 3 == 2)
            logits[0] = logits[1] = -INFINITY;
        sampling.sample = k < 3;
        t2v_sampler *sampler = sampler_of(&sampling, 3, 0);
        assert_int_equal(t2v_sampler_next(sampler, logits, NULL, &id, NULL, NULL, 0), T2V_EMODEL);
        assert_int_equal(id, 7);
        t2v_sampler_free(sampler);
    }
}

/* Settings at the edges of their ranges leave something that is finite. */
static void test_extremes(void **state)
{
    (void)state;
    const float temperatures[] = {1e-45f, 1e-30f, 1e30f, 3e38f};
    const struct t2v_bias bias = {1, 3e38f};
    for (size_t k = 0; k < 4; k++) {
        float logits[4] = {3e38f, 3e38f, -3e38f, -1};
        struct t2v_sampling sampling = sampled();
        sampling.temperature = temperatures[k];
        sampling.top_p = sampling.typical_p = 1e-30f;
        sampling.repetition_penalty = 1e-30f;
        sampling.frequency_penalty = -3e38f;
        sampling.min_p = 1;
        sampling.bias = &bias;
        sampling.n_bias = 1;
        t2v_sampler *sampler = sampler_of(&sampling, 4, k);
        for (size_t i = 0; i < 8; i++)
            assert_in_range(next(sampler, logits, NULL), 0, 3);
        t2v_sampler_free(sampler);
    }
}

static void refuse(struct t2v_sampling sampling)
{
    t2v_sampler *sampler = NULL;
    assert_int_equal(t2v_sampler_new(&sampling, 4, 0, NULL, 0, &sampler), T2V_EUSAGE);
    assert_null(sampler);
}

static void test_refused(void **state)
{
    (void)state;
    struct t2v_sampling s = sampled();
    const struct t2v_bias bias = {0, NAN};
    s.temperature = 0;
    refuse(s);
    s = sampled();
    s.top_p = 0;
    refuse(s);
    s = sampled();
    s.typical_p = 1.5f;
    refuse(s);
    s = sampled();
    s.min_p = NAN;
    refuse(s);
    s = sampled();
    s.repetition_penalty = 0;
    refuse(s);
    s = sampled();
    s.presence_penalty = INFINITY;
    refuse(s);
    s = sampled();
    s.bias = &bias;
    s.n_bias = 1;
    refuse(s);
}

/* Without memory nothing is lost, and the sampler goes on. */
static void test_memory(void **state)
{
    (void)state;
    struct t2v_sampling sampling = sampled();
    sampling.presence_penalty = 1;
    float logits[100] = {0};
    for (long n = 0; n < 3; n++) {
        t2v_sampler *sampler = sampler_of(&sampling, 100, 0);
        int32_t id = -1;
        t2v_mem_fail_at(n);
        assert_int_equal(t2v_sampler_next(sampler, logits, NULL, &id, NULL, NULL, 0), T2V_ENOMEM);
        t2v_mem_fail_at(-1);
        assert_in_range(next(sampler, logits, NULL), 0, 99);
        t2v_sampler_free(sampler);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_processors), cmocka_unit_test(test_frequencies),
        cmocka_unit_test(test_seeds),      cmocka_unit_test(test_large),
        cmocka_unit_test(test_greedy),     cmocka_unit_test(test_repetition),
        cmocka_unit_test(test_logprobs),   cmocka_unit_test(test_wrong_logits),
        cmocka_unit_test(test_extremes),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
