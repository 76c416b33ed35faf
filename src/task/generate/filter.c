/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/filter.h"

#include <math.h>

#include "base/banned.h"

/* The decimal number that a setting was given as: 0.9, not 0.89999998. transformers computes with
 * that, and limits such as 1 - 0.9 decide about equal probabilities. */
static double decimal(float x)
{
    return x > 1e-3f ? round((double)x * 1e7) / 1e7 : (double)x;
}

static void softmax(struct t2v_candidate *c, size_t n)
{
    float max = c[0].logit;
    double sum = 0;
    for (size_t i = 1; i < n; i++)
        max = c[i].logit > max ? c[i].logit : max;
    for (size_t i = 0; i < n; i++) {
        c[i].p = expf(c[i].logit - max);
        sum += (double)c[i].p;
    }
    for (size_t i = 0; i < n; i++)
        c[i].p /= (float)sum;
}

static void swap(struct t2v_candidate *a, struct t2v_candidate *b)
{
    struct t2v_candidate t = *a;
    *a = *b;
    *b = t;
}

/* The order of ranks: no two are equal. */
static bool before(const struct t2v_candidate *a, const struct t2v_candidate *b)
{
    return a->key != b->key ? a->key > b->key : a->id < b->id;
}

/* Partitions c [n], n at least 1, about one of them; returns its place. */
static size_t partition(struct t2v_candidate *c, size_t n)
{
    struct t2v_candidate *middle = &c[n / 2], *last = &c[n - 1];
    if (before(middle, c))
        swap(middle, c);
    if (before(last, middle))
        swap(last, middle);
    if (before(middle, c))
        swap(middle, c);
    swap(middle, last);
    size_t place = 0;
    for (size_t i = 0; i + 1 < n; i++)
        if (before(&c[i], last))
            swap(&c[i], &c[place++]);
    swap(&c[place], last);
    return place;
}

/* Where the candidates in the order of their ranks are cut. */
struct cut {
    bool nucleus; /* inside as long as those before leave more than `limit` of `total`;
                     else as long as those before and the candidate itself are less than limit */
    double total;
    float limit;
};

static bool inside(const struct cut *cut, double sum, double own)
{
    return cut->nucleus ? (float)(cut->total - sum) > cut->limit : (float)(sum + own) < cut->limit;
}

/* Orders c [n] so that all that are inside come first; if there is one that is not, the one with
 * the lowest rank follows. Returns how many are inside. As quickselect does, it partitions again
 * only the part that has the cut. */
static size_t divide(struct t2v_candidate *c, size_t n, const struct cut *cut)
{
    size_t lo = 0, hi = n;
    double sum = 0; /* of p, of ranks below lo */
    while (lo < hi) {
        size_t at = lo + partition(c + lo, hi - lo);
        double upto = sum;
        for (size_t i = lo; i < at; i++)
            upto += (double)c[i].p;
        if (inside(cut, upto, (double)c[at].p)) {
            sum = upto + (double)c[at].p;
            lo = at + 1;
        } else {
            hi = at;
        }
    }
    return lo;
}

/* As divide, with the first one that is not inside and those with the same key. */
static size_t divide_through(struct t2v_candidate *c, size_t n, float limit)
{
    size_t left = divide(c, n, &(struct cut){.limit = limit});
    if (left == n)
        return n;
    float key = c[left].key;
    for (size_t i = ++left; i < n; i++)
        if (c[i].key == key)
            swap(&c[i], &c[left++]);
    return left;
}

static size_t top_k(struct t2v_candidate *c, size_t n, uint32_t k)
{
    if (k == 0 || k >= n)
        return n;
    for (size_t i = 0; i < n; i++) {
        c[i].key = c[i].logit;
        c[i].p = 1; /* ranks are counted */
    }
    return divide_through(c, n, (float)k);
}

static size_t top_p(struct t2v_candidate *c, size_t n, float mass)
{
    if (!(mass < 1))
        return n;
    struct cut cut = {.nucleus = true, .limit = (float)(1 - decimal(mass))};
    softmax(c, n);
    for (size_t i = 0; i < n; i++) {
        c[i].key = c[i].logit;
        cut.total += (double)c[i].p;
    }
    size_t left = divide(c, n, &cut);
    return left != 0 ? left : 1;
}

static size_t min_p(struct t2v_candidate *c, size_t n, float least)
{
    if (!(least > 0))
        return n;
    float max = 0;
    softmax(c, n);
    for (size_t i = 0; i < n; i++)
        max = c[i].p > max ? c[i].p : max;
    float limit = (float)decimal(least) * max;
    size_t left = 0;
    for (size_t i = 0; i < n; i++)
        if (!(c[i].p < limit))
            swap(&c[i], &c[left++]);
    return left;
}

static size_t typical_p(struct t2v_candidate *c, size_t n, float mass)
{
    if (!(mass < 1))
        return n;
    float max = c[0].logit;
    double sum = 0, entropy = 0;
    softmax(c, n);
    for (size_t i = 1; i < n; i++)
        max = c[i].logit > max ? c[i].logit : max;
    for (size_t i = 0; i < n; i++)
        sum += (double)expf(c[i].logit - max);
    float log_sum = (float)log(sum);
    for (size_t i = 0; i < n; i++) {
        c[i].key = c[i].logit - max - log_sum; /* the log-probability */
        entropy -= (double)(c[i].key * expf(c[i].key));
    }
    for (size_t i = 0; i < n; i++)
        c[i].key = -fabsf(-c[i].key - (float)entropy);
    return divide_through(c, n, (float)decimal(mass));
}

/* A temperature so low that a quotient is not finite leaves the best one. */
static size_t divide_by(struct t2v_candidate *c, size_t n, float temperature)
{
    size_t left = 0, best = 0;
    for (size_t i = 1; i < n; i++)
        if (c[i].logit > c[best].logit)
            best = i;
    if (!isfinite(c[best].logit / temperature)) {
        swap(&c[best], &c[0]);
        c[0].logit = 0;
        return 1;
    }
    for (size_t i = 0; i < n; i++) {
        c[i].logit /= temperature;
        if (isfinite(c[i].logit))
            swap(&c[i], &c[left++]);
    }
    return left;
}

size_t t2v_filter(const struct t2v_sampling *sampling, struct t2v_candidate *candidates, size_t n)
{
    if (sampling->temperature != 1)
        n = divide_by(candidates, n, sampling->temperature);
    n = top_k(candidates, n, sampling->top_k);
    n = top_p(candidates, n, sampling->top_p);
    n = min_p(candidates, n, sampling->min_p);
    n = typical_p(candidates, n, sampling->typical_p);
    softmax(candidates, n);
    return n;
}
