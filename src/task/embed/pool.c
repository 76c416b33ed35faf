/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/embed/pool.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/banned.h"

/* A float32 sum of thousands of rows is off by 1e-5 and more. Double throughout would move the last
 * bits of nearly all vectors, and people have indexes full of them. So each sum is made in both. A
 * component stays that of float32 unless it is off by more than this share of the largest: divided,
 * which rounds by 6e-8 at most, it is within 1e-6 of the exact mean. */
static const double SLACK = 9.3e-7;
enum { COLUMNS = 128 }; /* summed in double at a time */

static double tolerance(const float *sum, size_t dim, double slack)
{
    float largest = 0;
    for (size_t i = 0; i < dim; i++)
        largest = fabsf(sum[i]) > largest ? fabsf(sum[i]) : largest;
    return slack * (double)largest;
}

/* A NaN or an infinity in sum stays. */
static void settle(const double *exact, size_t n, double limit, float *sum)
{
    for (size_t i = 0; i < n; i++)
        sum[i] = fabs(exact[i] - (double)sum[i]) > limit ? (float)exact[i] : sum[i];
}

/* The pieces of static embeddings are rounded twice more: where they are added up, and divided. */
static double slack_of(enum t2v_pooling mode)
{
    return mode == T2V_POOL_SUM ? SLACK - 6e-8 : SLACK;
}

/* What the pieces of static embeddings may be off by is spent. */
void t2v_pool_settle(const struct t2v_pool *pool, const double *exact, size_t dim, float *sum)
{
    double slack = pool->modes[0] == T2V_POOL_SUM ? 0 : SLACK;
    settle(exact, dim, tolerance(sum, dim, slack), sum);
}

/* Settles sum[dim], which sum_rows has made of the same rows. */
static void settle_rows(const float *hidden, size_t from, size_t n_tok, size_t dim, bool by_place,
                        double slack, float *sum)
{
    double limit = tolerance(sum, dim, slack);
    for (size_t first = 0; first < dim; first += COLUMNS) {
        size_t n = dim - first < COLUMNS ? dim - first : COLUMNS;
        double exact[COLUMNS] = {0};
        for (size_t t = from; t < n_tok; t++) {
            const float *row = hidden + t * dim + first;
            double weight = by_place ? (double)(t + 1) : 1.0;
            for (size_t i = 0; i < n; i++)
                exact[i] += (double)row[i] * weight;
        }
        settle(exact, n, limit, sum + first);
    }
}

/* out = the sum of the rows from..n_tok-1, each times its weight: 1, or its place from 1. */
static void sum_rows(const float *hidden, size_t from, size_t n_tok, size_t dim, bool by_place,
                     double slack, float *out)
{
    const float *first = hidden + from * dim;
    if (by_place) {
        for (size_t i = 0; i < dim; i++)
            out[i] = first[i] * (float)(from + 1);
    } else {
        memcpy(out, first, dim * sizeof *out);
    }
    for (size_t t = from + 1; t < n_tok; t++) {
        const float *row = hidden + t * dim;
        float weight = by_place ? (float)(t + 1) : 1.0F;
        for (size_t i = 0; i < dim; i++)
            out[i] += row[i] * weight;
    }
    if (n_tok - from > 2) /* the sum of two is rounded once */
        settle_rows(hidden, from, n_tok, dim, by_place, slack, out);
}

static void max_rows(const float *hidden, size_t from, size_t n_tok, size_t dim, float *out)
{
    memcpy(out, hidden + from * dim, dim * sizeof *out);
    for (size_t t = from + 1; t < n_tok; t++) {
        const float *row = hidden + t * dim;
        for (size_t i = 0; i < dim; i++)
            out[i] = row[i] > out[i] || isnan(row[i]) ? row[i] : out[i];
    }
}

static void divide(float *out, size_t dim, double by)
{
    for (size_t i = 0; i < dim; i++)
        out[i] = (float)((double)out[i] / by);
}

/* One mode over the rows from..n_tok-1; from < n_tok. */
static void pool_rows(enum t2v_pooling mode, const float *hidden, size_t from, size_t n_tok,
                      size_t dim, float *out)
{
    double n = (double)(n_tok - from);
    switch (mode) {
    case T2V_POOL_CLS:
        memcpy(out, hidden, dim * sizeof *out);
        break;
    case T2V_POOL_LAST:
        memcpy(out, hidden + (n_tok - 1) * dim, dim * sizeof *out);
        break;
    case T2V_POOL_MAX:
        max_rows(hidden, from, n_tok, dim, out);
        break;
    case T2V_POOL_MEAN:
    case T2V_POOL_MEAN_SQRT:
        sum_rows(hidden, from, n_tok, dim, false, slack_of(mode), out);
        divide(out, dim, mode == T2V_POOL_MEAN ? n : (double)sqrtf((float)n));
        break;
    case T2V_POOL_SUM:
        sum_rows(hidden, from, n_tok, dim, false, slack_of(mode), out);
        break;
    case T2V_POOL_WEIGHTED_MEAN:
        sum_rows(hidden, from, n_tok, dim, true, slack_of(mode), out);
        divide(out, dim, n * (double)(from + 1 + n_tok) / 2);
        break;
    }
}

void t2v_pool_run(const struct t2v_pool *pool, const float *hidden, size_t n_tok, size_t dim,
                  float *out)
{
    for (size_t m = 0; m < pool->n_mode; m++, out += dim) {
        enum t2v_pooling mode = pool->modes[m];
        if (pool->n_skip < n_tok || mode == T2V_POOL_CLS) {
            pool_rows(mode, hidden, pool->n_skip, n_tok, dim, out);
            continue;
        }
        /* Nothing is left of the text: the library's masks leave these. */
        for (size_t i = 0; i < dim; i++)
            out[i] = mode == T2V_POOL_MAX ? -1e9F : 0.0F;
    }
}
