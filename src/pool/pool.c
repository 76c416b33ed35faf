/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <string.h>

#include "pool/model.h"

#include "base/banned.h"

/* out = the sum of the rows from..n_tok-1, each times its weight: 1, or its place from 1. */
static void sum_rows(const float *hidden, size_t from, size_t n_tok, size_t dim, bool by_place,
                     float *out)
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

static void divide(float *out, size_t dim, float by)
{
    for (size_t i = 0; i < dim; i++)
        out[i] /= by;
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
        sum_rows(hidden, from, n_tok, dim, false, out);
        divide(out, dim, mode == T2V_POOL_MEAN ? (float)n : sqrtf((float)n));
        break;
    case T2V_POOL_SUM:
        sum_rows(hidden, from, n_tok, dim, false, out);
        break;
    case T2V_POOL_WEIGHTED_MEAN:
        sum_rows(hidden, from, n_tok, dim, true, out);
        divide(out, dim, (float)(n * (double)(from + 1 + n_tok) / 2));
        break;
    }
}

void t2v_pool(const struct t2v_plan *plan, const float *hidden, size_t n_tok, size_t dim,
              float *out)
{
    for (size_t m = 0; m < plan->n_mode; m++, out += dim) {
        enum t2v_pooling mode = plan->modes[m];
        if (plan->n_skip < n_tok || mode == T2V_POOL_CLS) {
            pool_rows(mode, hidden, plan->n_skip, n_tok, dim, out);
            continue;
        }
        /* Nothing is left of the text: the library's masks leave these. */
        for (size_t i = 0; i < dim; i++)
            out[i] = mode == T2V_POOL_MAX ? -1e9F : 0.0F;
    }
}
