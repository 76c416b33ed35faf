/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The encoder in int8 against itself in f32, over the random checkpoints of test/golden: the cosine
 * of hidden states, whatever the family. And a text's bits are the same alone, in a batch, and on
 * any number of threads, of packing as of running.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

enum { N_SEQ = 12 };

static int32_t ids[4096];
static size_t start[N_SEQ + 1];

/* Sequences of 1 to 49 tokens. */
static void make_ids(const struct fixture *f)
{
    uint64_t random = 42;
    for (size_t s = 0; s < N_SEQ; s++) {
        size_t len = (s + 1) * (s + 1) / 3 + 1, most = t2v_net_shape(f->encoder)->max_tok;
        start[s + 1] = start[s] + (len < most ? len : most);
        for (size_t i = start[s]; i < start[s + 1]; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            ids[i] = (int32_t)((random >> 33) % t2v_net_shape(f->encoder)->vocab);
        }
    }
}

static double cosine(const float *a, const float *b, size_t n)
{
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return ab / sqrt(aa * bb);
}

static void check(const char *name, const char *cpu, double most_off)
{
    struct fixture exact = open_fixture_as(name, cpu, "f32", 1);
    struct fixture f = open_fixture_as(name, cpu, "int8", 1);
    struct fixture other = open_fixture_as(name, cpu, "int8", 3);
    size_t dim = t2v_net_shape(f.encoder)->hidden;
    make_ids(&f);
    float *want = encode(&exact, ids, start, N_SEQ, 1), *got = encode(&f, ids, start, N_SEQ, 1);
    float *again = encode(&other, ids, start, N_SEQ, 3);
    assert_memory_equal(got, again, start[N_SEQ] * dim * sizeof *got);
    double mean = 0, least = 1;
    for (size_t s = 0; s < N_SEQ; s++) {
        size_t at = start[s] * dim, n = (start[s + 1] - start[s]) * dim;
        double c = cosine(want + at, got + at, n);
        mean += c / N_SEQ;
        least = !(c >= least) ? c : least;
        size_t alone[2] = {0, start[s + 1] - start[s]};
        float *one = encode(&f, ids + start[s], alone, 1, 2);
        assert_memory_equal(one, got + at, n * sizeof *one);
        free(one);
    }
    if (!(mean >= 1 - most_off) || !(least >= 1 - 4 * most_off))
        fail_msg("%s cpu=%s: cosine %.6f in the mean, %.6f at the least", name, cpu, mean, least);
    free(want);
    free(got);
    free(again);
    close_fixture(&exact);
    close_fixture(&f);
    close_fixture(&other);
}

static void test_near_f32(void **state)
{
    (void)state;
    /* How far the mean of cosines may be from 1, and four times that any of them. Where random
     * weights make scores that one key wins, what int8 leaves of them can change the winner: with
     * gemma3's scores divided by 4 it is 0.0006. */
    static const struct {
        const char *name;
        double most_off;
    } models[] = {
        {"bert-uncased", 0.0002},   {"bert-bf16-sharded", 0.0002}, {"bge-cls", 0.0002},
        {"kin/distilbert", 0.0002}, {"kin/mpnet", 0.0002},         {"kin/roberta", 0.0002},
        {"kin/electra", 0.0002},    {"kin/dpr-ctx", 0.0002},       {"kin/t5", 0.0003},
        {"kin/t5-gated", 0.0005},   {"kin/modernbert", 0.001},     {"kin/eurobert", 0.0008},
        {"kin/qwen3", 0.001},       {"kin/gemma3", 0.005},
    };
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        check(models[i].name, "", models[i].most_off);
        check(models[i].name, "c", models[i].most_off);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_near_f32)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
