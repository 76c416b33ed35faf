/* SPDX-License-Identifier: BSD-3-Clause */
/* A sequence computed in pieces, its past kept: the same hidden states as computed whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include "net/kv.h"

enum { N_TOK = 24 };

/* With Gemma's tokens attending to earlier ones alone. */
static struct fixture open_causal(const char *name, const char *cpu)
{
    struct fixture f = open_fixture(name, cpu);
    struct t2v_err err = {0};
    const struct t2v_net_options options = {.n_lane = 1, .bidirectional = T2V_BIDIRECTIONAL_FALSE};
    t2v_net_free(f.encoder);
    f.encoder = NULL;
    if (t2v_net_open(f.config, f.store, &f.kernels, f.kernels.f32, &options, &f.encoder, &err) != 0)
        fail_msg("%s: %s", name, err.msg);
    return f;
}

static void draw_ids(const struct fixture *f, int32_t ids[N_TOK])
{
    uint64_t random = 7;
    for (size_t i = 0; i < N_TOK; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        ids[i] = (int32_t)((random >> 33) % t2v_net_shape(f->encoder)->vocab);
    }
}

/* ids first to end - 1 after kv's past, beside `beside`, a sequence without one; only the former's
 * rows are kept. hidden: [N_TOK, dim]. */
static void run_piece(const struct fixture *f, struct t2v_kv *kv, const int32_t *ids, size_t end,
                      size_t beside, int n_lane, float *hidden)
{
    size_t first = kv->n_tok, n = end - first, dim = t2v_net_shape(f->encoder)->hidden;
    int32_t both[2 * N_TOK];
    memcpy(both, ids, beside * sizeof *ids);
    memcpy(both + beside, ids + first, n * sizeof *ids);
    size_t start[] = {0, beside, beside + n};
    struct t2v_kv *past[] = {NULL, kv};
    size_t skip_seq = beside == 0; /* there is no empty sequence */
    struct pass pass = {.fixture = f,
                        .seqs = {.ids = both,
                                 .start = start + skip_seq,
                                 .n_seq = 2 - skip_seq,
                                 .n_tok = beside + n,
                                 .past = past + skip_seq}};
    t2v_team *team;
    assert_int_equal(t2v_team_new(n_lane, &team, NULL), 0);
    assert_int_equal(t2v_scratch_new(f->encoder, 2 * N_TOK, n_lane, &pass.scratch), 0);
    pass.hidden = calloc(2 * N_TOK * dim, sizeof(float));
    t2v_team_run(team, run_pass, &pass);
    memcpy(hidden + first * dim, pass.hidden + beside * dim, n * dim * sizeof(float));
    t2v_kv_advance(kv, n);
    free(pass.hidden);
    t2v_scratch_free(pass.scratch);
    t2v_team_free(team);
}

/* exact: to the bit; else to 1e-6 of the largest component. cuts: where pieces end. */
static void expect_pieces(const char *name, const char *cpu, const size_t *cuts, size_t n_cut,
                          size_t beside, int n_lane, bool exact)
{
    struct fixture f = open_causal(name, cpu);
    size_t dim = t2v_net_shape(f.encoder)->hidden, start[] = {0, N_TOK};
    int32_t ids[N_TOK];
    draw_ids(&f, ids);
    float *whole = encode(&f, ids, start, 1, 1), *pieces = calloc(N_TOK * dim, sizeof(float));
    struct t2v_kv kv;
    assert_int_equal(t2v_kv_init(&kv, t2v_net_shape(f.encoder), N_TOK), 0);
    for (size_t i = 0; i < n_cut; i++)
        run_piece(&f, &kv, ids, cuts[i], beside, n_lane, pieces);
    assert_int_equal(kv.n_tok, N_TOK);
    struct distance d = {0};
    for (size_t i = 0; i < N_TOK * dim; i++)
        distance_add(&d, i, (double)pieces[i], (double)whole[i]);
    if (!(d.worst <= 1e-6 * d.top))
        fail_msg("%s, %s: component %zu is %.9g, not %.9g", name, cpu, d.at, d.got, d.want);
    if (exact)
        assert_memory_equal(pieces, whole, N_TOK * dim * sizeof(float));
    t2v_kv_deinit(&kv);
    free(pieces);
    free(whole);
    close_fixture(&f);
}

/* The rung that `cpu` is here. */
static const char *rung_of(const char *cpu)
{
    static struct t2v_kernels kernels;
    assert_int_equal(t2v_kernels_init(&kernels, cpu, NULL), 0);
    return kernels.name;
}

static void expect_all(const char *name)
{
    /* OpenBLAS's sums depend on the number of rows, see kernel.h; of the others only plain C's are
     * known to be the same to the bit, since blocks of queries begin elsewhere. */
    static const char *const cpus[] = {"c", ""};
    const size_t two[] = {13, N_TOK}, many[] = {1, 2, 9, 10, N_TOK};
    for (size_t i = 0; i < sizeof cpus / sizeof cpus[0]; i++) {
        bool exact = strcmp(rung_of(cpus[i]), "c") == 0;
        if (strcmp(rung_of(cpus[i]), "blas") == 0)
            continue;
        expect_pieces(name, cpus[i], two, 2, 0, 1, exact);
        expect_pieces(name, cpus[i], two, 2, 5, 2, exact);
        expect_pieces(name, cpus[i], many, 5, 3, 1, exact);
    }
}

static void test_causal(void **state)
{
    (void)state;
    expect_all("kin/qwen3"); /* layers of both kinds */
    expect_all("kin/gemma3");
}

static void test_refused(void **state)
{
    (void)state;
    struct fixture f = open_fixture("kin/eurobert", "");
    struct t2v_kv kv;
    assert_int_equal(t2v_kv_init(&kv, t2v_net_shape(f.encoder), 8), T2V_EUNSUPPORTED);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_causal),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
