/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/sample.h"

#include <math.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/mem.h"
#include "task/generate/filter.h"
#include "task/generate/penalty.h"

#include "base/banned.h"

const struct t2v_sampling t2v_sampling_greedy = {
    .temperature = 1, .top_p = 1, .typical_p = 1, .repetition_penalty = 1};

struct t2v_sampler {
    struct t2v_sampling sampling; /* bias: NULL, the penalties have it */
    size_t vocab;
    uint64_t random;
    bool counts; /* the penalties need to know which ids occurred */
    struct t2v_penalties penalties;
};

static bool is_fraction(float x)
{
    return x > 0 && x <= 1;
}

static bool is_valid(const struct t2v_sampling *s)
{
    for (size_t i = 0; i < s->n_bias; i++)
        if (!isfinite(s->bias[i].bias))
            return false;
    return s->temperature > 0 && isfinite(s->temperature) && is_fraction(s->top_p) &&
           is_fraction(s->typical_p) && s->min_p >= 0 && s->min_p <= 1 &&
           s->repetition_penalty > 0 && isfinite(s->repetition_penalty) &&
           isfinite(s->frequency_penalty) && isfinite(s->presence_penalty);
}

/* The finaliser of splitmix64. */
static uint64_t mixed(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* Uniform in [0, 1), 53 bits; a step of splitmix64. */
static double draw(t2v_sampler *sampler)
{
    sampler->random += 0x9e3779b97f4a7c15u;
    return (double)(mixed(sampler->random) >> 11) * 0x1p-53;
}

static int count(t2v_sampler *sampler, int32_t id, bool is_new)
{
    bool known = id >= 0 && (size_t)id < sampler->vocab;
    return known && sampler->counts ? t2v_penalties_add(&sampler->penalties, id, is_new) : 0;
}

int t2v_sampler_new(const struct t2v_sampling *sampling, size_t vocab, uint64_t seed,
                    const int32_t *prompt, size_t n_prompt, t2v_sampler **out)
{
    if (!is_valid(sampling))
        return T2V_EUSAGE;
    t2v_sampler *sampler = t2v_alloc_zero(1, sizeof *sampler);
    if (sampler == NULL)
        return T2V_ENOMEM;
    bool repetition = sampling->repetition_penalty != 1;
    sampler->sampling = *sampling;
    sampler->sampling.bias = NULL;
    sampler->vocab = vocab;
    sampler->random = mixed(seed ^ 0x5851f42d4c957f2du); /* neighbouring seeds end far apart */
    sampler->counts =
        repetition || sampling->frequency_penalty != 0 || sampling->presence_penalty != 0;
    int rc = t2v_penalties_init(&sampler->penalties, sampling, vocab);
    for (size_t i = 0; i < n_prompt && rc == 0 && repetition; i++)
        rc = count(sampler, prompt[i], false);
    if (rc != 0)
        t2v_sampler_free(sampler);
    else
        *out = sampler;
    return rc;
}

void t2v_sampler_free(t2v_sampler *sampler)
{
    if (sampler == NULL)
        return;
    t2v_penalties_deinit(&sampler->penalties);
    t2v_free(sampler);
}

static bool is_allowed(const uint32_t *allowed, size_t id)
{
    return allowed == NULL || (allowed[id / 32] >> id % 32 & 1) != 0;
}

static bool is_sound(const float *logits, size_t vocab)
{
    bool sound = true;
    for (size_t i = 0; i < vocab; i++)
        sound &= logits[i] < INFINITY; /* false for NaN, too */
    return sound;
}

/* The best of those that are left, or -1. */
static int32_t best_of(const float *logits, size_t vocab, const uint32_t *allowed)
{
    int32_t best = -1;
    float max = -INFINITY;
    for (size_t i = 0; i < vocab; i++)
        if (logits[i] > max && is_allowed(allowed, i)) {
            max = logits[i];
            best = (int32_t)i;
        }
    return best;
}

/* u in [0, 1). p of the candidates sum up to 1, nearly. */
static int32_t choose(const struct t2v_candidate *c, size_t n, double u)
{
    double total = 0, sum = 0;
    int32_t chosen = c[0].id;
    for (size_t i = 0; i < n; i++)
        total += (double)c[i].p;
    for (size_t i = 0; i < n && sum <= u * total; i++)
        if (c[i].p > 0) {
            sum += (double)c[i].p;
            chosen = c[i].id;
        }
    return chosen;
}

static int sample(t2v_sampler *sampler, const float *logits, const uint32_t *allowed, int32_t *id)
{
    size_t n = 0;
    struct t2v_candidate *candidates = t2v_alloc(sampler->vocab * sizeof *candidates);
    if (candidates == NULL)
        return T2V_ENOMEM;
    for (size_t i = 0; i < sampler->vocab; i++)
        if (logits[i] > -INFINITY && is_allowed(allowed, i))
            candidates[n++] = (struct t2v_candidate){.id = (int32_t)i, .logit = logits[i]};
    if (n != 0) {
        n = t2v_filter(&sampler->sampling, candidates, n);
        *id = choose(candidates, n, draw(sampler));
    }
    t2v_free(candidates);
    return n != 0 ? 0 : T2V_EMODEL;
}

static int choose_next(t2v_sampler *sampler, float *logits, const uint32_t *allowed, int32_t *id)
{
    int rc = 0;
    t2v_penalties_apply(&sampler->penalties, &sampler->sampling, logits);
    if (sampler->sampling.sample) {
        rc = sample(sampler, logits, allowed, id);
    } else {
        *id = best_of(logits, sampler->vocab, allowed);
        rc = *id >= 0 ? 0 : T2V_EMODEL;
    }
    t2v_penalties_undo(&sampler->penalties, logits);
    return rc;
}

uint64_t t2v_sampler_seed(void)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed)
        seed = t2v_clock_ns() * UINT64_C(0x9e3779b97f4a7c15);
    return seed >> 11;
}

int t2v_sampler_next(t2v_sampler *sampler, float *logits, const uint32_t *allowed, int32_t *id,
                     float *logprob, struct t2v_top *tops, size_t n_top)
{
    int32_t chosen = -1;
    if (!is_sound(logits, sampler->vocab))
        return T2V_EMODEL;
    int rc = choose_next(sampler, logits, allowed, &chosen);
    if (rc == 0)
        rc = count(sampler, chosen, true);
    if (rc != 0)
        return rc;
    t2v_logprobs(logits, sampler->vocab, chosen, logprob, tops, n_top);
    *id = chosen;
    return 0;
}

/* Puts a token into tops [n_top] by insertion; logprob is the logit as yet. */
static void insert(struct t2v_top *tops, size_t n_top, int32_t id, float logit)
{
    size_t at = n_top - 1;
    for (; at > 0 && (tops[at - 1].id < 0 || logit > tops[at - 1].logprob); at--)
        tops[at] = tops[at - 1];
    tops[at] = (struct t2v_top){id, logit};
}

static void find_tops(const float *logits, size_t vocab, struct t2v_top *tops, size_t n_top)
{
    for (size_t i = 0; i < n_top; i++)
        tops[i] = (struct t2v_top){-1, -INFINITY};
    for (size_t i = 0; i < vocab && n_top != 0; i++)
        if (tops[n_top - 1].id < 0 || logits[i] > tops[n_top - 1].logprob)
            insert(tops, n_top, (int32_t)i, logits[i]);
}

/* log(sum(exp(logits))), less the highest of them, *max. */
static double log_sum(const float *logits, size_t vocab, float *max)
{
    double sum = 0;
    *max = logits[0];
    for (size_t i = 1; i < vocab; i++)
        *max = logits[i] > *max ? logits[i] : *max;
    for (size_t i = 0; i < vocab; i++)
        sum += (double)expf(logits[i] - *max);
    return log(sum);
}

void t2v_logprobs(const float *logits, size_t vocab, int32_t id, float *logprob,
                  struct t2v_top *tops, size_t n_top)
{
    if (logprob == NULL && n_top == 0)
        return;
    float max;
    double less = log_sum(logits, vocab, &max);
    if (logprob != NULL)
        *logprob = (float)((double)logits[id] - (double)max - less);
    find_tops(logits, vocab, tops, n_top);
    for (size_t i = 0; i < n_top; i++)
        tops[i].logprob = (float)((double)tops[i].logprob - (double)max - less);
}
