/* SPDX-License-Identifier: BSD-3-Clause */
/* A model directory under test/golden, opened, and its encoder run; include after cmocka.h. */
#ifndef T2V_TEST_FIXTURE_H
#define T2V_TEST_FIXTURE_H
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/net.h"

struct fixture {
    t2v_json *config, *expected;
    t2v_store *store;
    struct t2v_kernels kernels;
    t2v_net *encoder;
};

/* Where the folders of models are. */
static const char *fixture_dir = T2V_TEST_DIR "/golden";

static void path_to(char path[512], const char *name, const char *file)
{
    snprintf(path, 512, "%s/%s/%s", fixture_dir, name, file);
}

/* name: a folder of test/golden. cpu: the highest rung, or "". */
static inline struct fixture open_fixture_with(const char *name, const char *cpu,
                                               const char *precision,
                                               const struct t2v_net_options *options)
{
    const struct t2v_form *form = NULL;
    struct fixture f = {0};
    struct t2v_err err = {0};
    char path[512];
    path_to(path, name, "config.json");
    assert_int_equal(t2v_json_load(path, 1 << 20, &f.config, &err), 0);
    path_to(path, name, "expected.json");
    assert_int_equal(t2v_json_load(path, 1 << 26, &f.expected, &err), 0);
    path_to(path, name, ".");
    assert_int_equal(t2v_store_open(path, &f.store, &err), 0);
    assert_int_equal(t2v_kernels_init(&f.kernels, cpu, &err), 0);
    assert_int_equal(t2v_kernels_form(&f.kernels, precision, &form, &err), 0);
    if (t2v_net_open(f.config, f.store, &f.kernels, form, options, &f.encoder, &err) != 0)
        fail_msg("%s: %s", name, err.msg);
    return f;
}

static inline struct fixture open_fixture_as(const char *name, const char *cpu,
                                             const char *precision, int n_lane)
{
    const struct t2v_net_options options = {.n_lane = n_lane};
    return open_fixture_with(name, cpu, precision, &options);
}

static inline struct fixture open_fixture(const char *name, const char *cpu)
{
    return open_fixture_as(name, cpu, "f32", 1);
}

static void close_fixture(struct fixture *f)
{
    t2v_net_free(f->encoder);
    t2v_store_close(f->store);
    t2v_json_free(f->expected);
    t2v_json_free(f->config);
}

/* The net is refused, with a message that has `says`, if config.json has `to` in place of its first
 * `from`. head: also as a generator. */
static inline void refuse_config(const char *name, bool head, const char *from, const char *to,
                                 const char *says)
{
    const struct t2v_net_options options = {.n_lane = 1, .head = head};
    struct fixture f = open_fixture_with(name, "", "f32", &options);
    char path[512], text[4096], changed[4600];
    path_to(path, name, "config.json");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    const char *at = strstr(text, from);
    if (at == NULL)
        fail_msg("%s: no '%s' in its config.json", name, from);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    t2v_json *config;
    t2v_net *net = NULL;
    struct t2v_err err = {0};
    assert_int_equal(t2v_json_parse(t2v_str_of(changed), &config, &err), 0);
    int rc = t2v_net_open(config, f.store, &f.kernels, f.kernels.f32, &options, &net, &err);
    if (rc == 0 || net != NULL || strstr(err.msg, says) == NULL)
        fail_msg("%s with %s: got %d '%s', expected '%s'", name, to, rc, err.msg, says);
    t2v_json_free(config);
    close_fixture(&f);
}

struct pass {
    const struct fixture *fixture;
    struct t2v_seqs seqs;
    t2v_scratch *scratch;
    float *hidden;
};

static void run_pass(void *arg, const struct t2v_lane *lane)
{
    struct pass *pass = arg;
    t2v_net_forward(pass->fixture->encoder, lane, &pass->seqs, pass->scratch, pass->hidden);
}

/* The hidden states of n sequences as one batch, on a team of n_lane. */
static float *encode(const struct fixture *f, int32_t *ids, size_t *start, size_t n, int n_lane)
{
    struct pass pass = {.fixture = f,
                        .seqs = {.ids = ids, .start = start, .n_seq = n, .n_tok = start[n]}};
    t2v_team *team;
    assert_int_equal(t2v_team_new(n_lane, &team, NULL), 0);
    assert_int_equal(t2v_scratch_new(f->encoder, start[n], n_lane, &pass.scratch), 0);
    pass.hidden = calloc(start[n] * t2v_net_shape(f->encoder)->hidden, sizeof(float));
    t2v_team_run(team, run_pass, &pass);
    t2v_scratch_free(pass.scratch);
    t2v_team_free(team);
    return pass.hidden;
}

/* The components of a vector, or of a sequence's rows, compared one by one. */
struct distance {
    double worst, top; /* the largest difference; the largest component wanted */
    size_t at;         /* of worst */
    double got, want;
};

/* The first one that is no number is the worst, whatever else there is. */
static inline void distance_add(struct distance *d, size_t i, double got, double want)
{
    double off = fabs(got - want);
    if (isnan(d->worst))
        return;
    if (!isfinite(got) || !isfinite(want))
        off = NAN;
    d->top = fmax(d->top, fabs(want));
    if (i == 0 || !(off <= d->worst))
        *d = (struct distance){off, d->top, i, got, want};
}

/* Bound: `most` of the largest component. */
static inline void distance_within(const struct distance *d, const char *what, size_t sequence,
                                   double most)
{
    if (!(d->worst <= most * d->top))
        fail_msg("%s sequence %zu value %zu: got %.9g, expected %.9g (%.3g off, of %.3g)", what,
                 sequence, d->at, d->got, d->want, d->worst, d->top);
}

/* 1e-5, float32 arithmetic being in another order. */
static inline void distance_check(const struct distance *d, const char *what, size_t sequence)
{
    distance_within(d, what, sequence, 1e-5);
}

#endif
