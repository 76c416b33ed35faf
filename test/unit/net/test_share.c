/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many next tokens of a fast precision are those of f32, given f32's greedy continuation up to
 * there: of the random checkpoints of test/golden/causal, for int8.
 * `test_share DIR NAME...`: of other checkpoints in DIR, whose expected.json has prompts with their
 * greedy continuations, for bf16 and int8; it prints the shares.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "causal.h"

struct share {
    size_t n_equal, n;
};

static double percent(struct share share)
{
    return 100.0 * (double)share.n_equal / (double)share.n;
}

/* --- test/golden/causal --- */

enum { N_SEQ = 24, PROMPT = 8, N_NEW = 40, LEN = PROMPT + N_NEW };

/* Prompts of 1 to PROMPT random ids, at the end of the first PROMPT of each row. */
struct lines {
    int32_t ids[N_SEQ][LEN];
    size_t first[N_SEQ];
};

static void draw_prompts(struct lines *lines, size_t vocab)
{
    uint64_t random = 42;
    for (size_t s = 0; s < N_SEQ; s++) {
        lines->first[s] = s % PROMPT;
        for (size_t i = 0; i < PROMPT; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            lines->ids[s][i] = (int32_t)((random >> 33) % vocab);
        }
    }
}

/* The best next tokens after each of the last n_new ids before `end` of every line. */
static void best_ids(const struct fixture *f, const struct lines *lines, size_t end, size_t n_new,
                     int32_t best[N_SEQ][LEN])
{
    static int32_t ids[N_SEQ * LEN];
    size_t start[N_SEQ + 1] = {0}, vocab = t2v_net_shape(f->encoder)->vocab;
    for (size_t s = 0; s < N_SEQ; s++) {
        size_t len = end - lines->first[s];
        memcpy(ids + start[s], lines->ids[s] + lines->first[s], len * sizeof *ids);
        start[s + 1] = start[s] + len;
    }
    float *scores = log_probabilities(f, ids, start, N_SEQ, 1);
    for (size_t s = 0; s < N_SEQ; s++) {
        for (size_t i = end - n_new; i < end; i++)
            best[s][i] = (int32_t)best_of(scores + (start[s] + i - lines->first[s]) * vocab, vocab);
    }
    free(scores);
}

/* f32's greedy continuations, and how many of their ids int8 gives. */
static struct share golden_share(const char *name, const char *cpu, bool *fine)
{
    static struct lines lines;
    static int32_t best[N_SEQ][LEN];
    struct share share = {0};
    struct fixture f = open_head(name, cpu, "f32");
    *fine = f.kernels.int8_fine != NULL;
    draw_prompts(&lines, t2v_net_shape(f.encoder)->vocab);
    for (size_t end = PROMPT; end < LEN; end++) {
        best_ids(&f, &lines, end, 1, best);
        for (size_t s = 0; s < N_SEQ; s++)
            lines.ids[s][end] = best[s][end - 1];
    }
    close_fixture(&f);
    f = open_head(name, cpu, "int8");
    best_ids(&f, &lines, LEN - 1, N_NEW, best);
    for (size_t s = 0; s < N_SEQ; s++) {
        for (size_t i = PROMPT; i < LEN; i++)
            share.n_equal += best[s][i - 1] == lines.ids[s][i];
        share.n += N_NEW;
    }
    close_fixture(&f);
    return share;
}

/* The least percentage is that of int8_fine and int16, or of int8 alone where the processor has
 * only that. Sums of floats in another order move a few tokens. */
static void check_shares(const char *cpu)
{
    struct share all = {0};
    bool fine = false;
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "causal/%s", golden[i]);
        struct share share = golden_share(path, cpu, &fine);
        all.n_equal += share.n_equal;
        all.n += share.n;
        if (percent(share) < (fine ? 97.0 : 93.5))
            fail_msg("%s cpu=%s: %.1f %% of next tokens are f32's", path, cpu, percent(share));
    }
    if (percent(all) < (fine ? 98.5 : 96.5))
        fail_msg("all, cpu=%s: %.2f %% of next tokens are f32's", cpu, percent(all));
}

static void test_shares(void **state)
{
    (void)state;
    check_shares("");
    check_shares("c");
}

/* --- other checkpoints --- */

static struct share greedy_share(const char *name, const char *precision)
{
    struct fixture f = open_head(name, "", precision);
    const t2v_json *prompts = t2v_json_get(f.expected, "prompts");
    size_t vocab = t2v_net_shape(f.encoder)->vocab, first, n_new;
    struct share share = {0};
    for (size_t p = 0; p < t2v_json_len(prompts); p++) {
        static int32_t ids[4096];
        float *got = teacher_forced(&f, t2v_json_at(prompts, p), ids, &first, &n_new);
        for (size_t i = 0; i < n_new; i++) {
            size_t id = (size_t)ids[first + 1 + i];
            share.n_equal += best_of(got + (first + i) * vocab, vocab) == id;
        }
        share.n += n_new;
        free(got);
    }
    close_fixture(&f);
    return share;
}

static void print_shares(const char *precision, int n, char **names)
{
    struct t2v_kernels kernels;
    const struct t2v_form *form;
    struct share all = {0};
    assert_int_equal(t2v_kernels_init(&kernels, "", NULL), 0);
    if (t2v_kernels_form(&kernels, precision, &form, NULL) != 0)
        return;
    for (int i = 0; i < n; i++) {
        struct share share = greedy_share(names[i], precision);
        all.n_equal += share.n_equal;
        all.n += share.n;
        print_message("%-20s %s: %zu of %zu, %.1f %%\n", names[i], precision, share.n_equal,
                      share.n, percent(share));
    }
    print_message("%-20s %s: %zu of %zu, %.2f %%\n", "all", precision, all.n_equal, all.n,
                  percent(all));
}

int main(int argc, char **argv)
{
    if (argc > 2) {
        fixture_dir = argv[1];
        print_shares("bf16", argc - 2, argv + 2);
        print_shares("int8", argc - 2, argv + 2);
        return 0;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shares)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
