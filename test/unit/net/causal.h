/* SPDX-License-Identifier: BSD-3-Clause */
/* Scores of next tokens of a model directory; include after cmocka.h. */
#ifndef T2V_TEST_CAUSAL_H
#define T2V_TEST_CAUSAL_H
#include "fixture.h"

/* The folders of test/golden/causal. */
static const char *const golden[] = {"llama",      "llama3",   "mistral",        "qwen2",
                                     "qwen3",      "gemma3",   "gpt2",           "bloom",
                                     "bloom-post", "gpt-neox", "gpt-neox-serial"};

/* name: a folder of fixture_dir. */
static struct fixture open_head(const char *name, const char *cpu, const char *precision)
{
    const struct t2v_net_options options = {.n_lane = 2, .head = true};
    struct fixture f = open_fixture_with(name, cpu, precision, &options);
    assert_true(t2v_net_has_head(f.encoder));
    assert_true(t2v_net_shape(f.encoder)->kv > 0);
    return f;
}

struct scoring {
    const struct fixture *fixture;
    const float *hidden;
    size_t n_row;
    t2v_scratch *scratch;
    float *logits;
};

static void score_lane(void *arg, const struct t2v_lane *lane)
{
    const struct scoring *s = arg;
    t2v_net_logits(s->fixture->encoder, lane, s->hidden, s->n_row, s->scratch, s->logits);
}

/* The log-probabilities of next tokens, [n_row, vocab], for free(). hidden: [n_row, hidden]. */
static float *score(const struct fixture *f, const float *hidden, size_t n_row, int n_lane)
{
    size_t vocab = t2v_net_shape(f->encoder)->vocab;
    struct scoring scoring = {.fixture = f, .hidden = hidden, .n_row = n_row};
    t2v_team *team;
    assert_int_equal(t2v_team_new(n_lane, &team, NULL), 0);
    assert_int_equal(t2v_scratch_new(f->encoder, n_row, n_lane, &scoring.scratch), 0);
    scoring.logits = calloc(n_row * vocab, sizeof(float));
    assert_non_null(scoring.logits);
    t2v_team_run(team, score_lane, &scoring);
    t2v_scratch_free(scoring.scratch);
    t2v_team_free(team);
    for (size_t r = 0; r < n_row; r++) {
        float *row = scoring.logits + r * vocab, top = row[0];
        double sum = 0;
        for (size_t i = 0; i < vocab; i++)
            top = row[i] > top ? row[i] : top;
        for (size_t i = 0; i < vocab; i++)
            sum += exp((double)(row[i] - top));
        for (size_t i = 0; i < vocab; i++)
            row[i] = (float)((double)(row[i] - top) - log(sum));
    }
    return scoring.logits;
}

/* The same for the tokens of whole sequences, without a past. */
static float *log_probabilities(const struct fixture *f, int32_t *ids, size_t *start, size_t n_seq,
                                int n_lane)
{
    float *hidden = encode(f, ids, start, n_seq, n_lane);
    float *scores = score(f, hidden, start[n_seq], n_lane);
    free(hidden);
    return scores;
}

static size_t best_of(const float *row, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        best = row[i] > row[best] ? i : best;
    return best;
}

static size_t read_ids(const t2v_json *list, int32_t *ids)
{
    for (size_t j = 0; j < t2v_json_len(list); j++) {
        int64_t id;
        assert_true(t2v_json_int(t2v_json_at(list, j), &id));
        ids[j] = (int32_t)id;
    }
    return t2v_json_len(list);
}

/* The log-probabilities of a prompt and its continuation; *first: the row that scores the latter's
 * first id. */
static float *teacher_forced(const struct fixture *f, const t2v_json *prompt, int32_t ids[4096],
                             size_t *first, size_t *n_new)
{
    const t2v_json *new_ids = t2v_json_get(t2v_json_get(prompt, "greedy"), "ids");
    size_t start[2] = {0, read_ids(t2v_json_get(prompt, "ids"), ids)};
    *first = start[1] - 1;
    *n_new = read_ids(new_ids, ids + start[1]);
    start[1] += *n_new;
    return log_probabilities(f, ids, start, 1, 2);
}

#endif
