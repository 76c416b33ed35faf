/* SPDX-License-Identifier: BSD-3-Clause */
/* A sequence computed in pieces, its past kept: the same hidden states, to the bit, as with one
 * piece; and its first ones nearly those without a past. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include "net/kv.h"

enum { N_TOK = 150, N_PAGE = (N_TOK + T2V_PAGE_TOK - 1) / T2V_PAGE_TOK };

/* A past with pages of its own. */
struct pages {
    struct t2v_kv kv;
    char *of[N_PAGE];
};

static void open_pages(struct pages *pages, const t2v_net *net)
{
    size_t bytes = t2v_page_bytes(t2v_net_shape(net));
    *pages = (struct pages){.kv = {.n_tok = 0}};
    for (size_t i = 0; i < N_PAGE; i++) {
        pages->of[i] = aligned_alloc(64, (bytes + 63) / 64 * 64);
        memset(pages->of[i], 0xff, bytes); /* NaN, where nothing was stored */
    }
    pages->kv.pages = pages->of;
}

static void close_pages(struct pages *pages)
{
    for (size_t i = 0; i < N_PAGE; i++)
        free(pages->of[i]);
}

/* With Gemma's tokens attending to earlier ones alone. */
static struct fixture open_causal(const char *name, const char *cpu, const char *precision)
{
    const struct t2v_net_options options = {.n_lane = 1, .bidirectional = T2V_BIDIRECTIONAL_FALSE};
    return open_fixture_with(name, cpu, precision, &options);
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
    kv->n_tok += n;
    free(pass.hidden);
    t2v_scratch_free(pass.scratch);
    t2v_team_free(team);
}

/* All of it in pieces that end at cuts[n_cut]: [N_TOK, dim], for free(). */
static float *run_pieces(const struct fixture *f, const int32_t *ids, const size_t *cuts,
                         size_t n_cut, size_t beside, int n_lane)
{
    float *pieces = calloc(N_TOK * t2v_net_shape(f->encoder)->hidden, sizeof(float));
    struct pages pages;
    open_pages(&pages, f->encoder);
    for (size_t i = 0; i < n_cut; i++)
        run_piece(f, &pages.kv, ids, cuts[i], beside, n_lane, pieces);
    assert_int_equal(pages.kv.n_tok, N_TOK);
    close_pages(&pages);
    return pieces;
}

/* To `bound` of the largest component. */
static void expect_near(const char *name, const float *got, const float *want, size_t n,
                        double bound)
{
    struct distance d = {0};
    for (size_t i = 0; i < n; i++)
        distance_add(&d, i, (double)got[i], (double)want[i]);
    if (!(d.worst <= bound * d.top))
        fail_msg("%s: component %zu is %.9g, not %.9g (%.2g)", name, d.at, d.got, d.want,
                 d.worst / d.top);
}

/* bound: how near states are to those of the same net without a past. */
static void expect_pieces(const char *name, const char *cpu, const char *precision, double bound)
{
    const size_t all[] = {N_TOK}, two[] = {13, N_TOK}, many[] = {1, 2, 63, 64, 130, N_TOK};
    struct fixture f = open_causal(name, cpu, precision);
    const struct t2v_shape *shape = t2v_net_shape(f.encoder);
    size_t dim = shape->hidden, n_whole = shape->max_tok < N_TOK ? shape->max_tok : N_TOK;
    size_t start[] = {0, n_whole}, ones[N_TOK];
    int32_t ids[N_TOK];
    draw_ids(&f, ids);
    for (size_t i = 0; i < N_TOK; i++)
        ones[i] = i + 1;
    float *whole = encode(&f, ids, start, 1, 1), *one = run_pieces(&f, ids, all, 1, 0, 1);
    const struct {
        const size_t *cuts;
        size_t n_cut, beside;
        int n_lane;
    } ways[] = {
        {all, 1, 7, 2}, {two, 2, 0, 1}, {two, 2, 5, 2}, {many, 6, 3, 3}, {ones, N_TOK, 0, 2}};
    expect_near(name, one, whole, n_whole * dim, bound);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        float *got =
            run_pieces(&f, ids, ways[i].cuts, ways[i].n_cut, ways[i].beside, ways[i].n_lane);
        assert_memory_equal(got, one, N_TOK * dim * sizeof(float));
        free(got);
    }
    free(one);
    free(whole);
    close_fixture(&f);
}

/* Whether `cpu` is for this kind of processor, and not OpenBLAS here. */
static bool has_rung(const char *cpu)
{
    static struct t2v_kernels kernels;
    return t2v_kernels_init(&kernels, cpu, NULL) == 0 && strcmp(kernels.name, "blas") != 0;
}

/* On every rung but OpenBLAS, whose sums depend on the number of rows. */
static void expect_all(const char *name)
{
    static const char *const cpus[] = {"c", "avx2", "avx512", "neon", ""};
    for (size_t i = 0; i < sizeof cpus / sizeof cpus[0]; i++) {
        if (has_rung(cpus[i]))
            expect_pieces(name, cpus[i], "f32", 4e-6);
    }
    /* Keys and values are rounded to f16 here, and rows of linear layers then differently. With
     * AVX2, whose weights are coarser, gemma3 is 0.073 off. */
    expect_pieces(name, "", "int8", 0.1);
}

static void test_causal(void **state)
{
    (void)state;
    expect_all("kin/qwen3"); /* layers of both kinds */
    expect_all("kin/gemma3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_causal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
