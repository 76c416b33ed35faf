/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/compare.h"

#include <math.h>
#include <stdint.h>

#include "base/banned.h"

enum { MAX_SAMPLES = 1000, LANES = 16 };

/* Several accumulators, so that the compiler can vectorise. */
static float dot(const float *a, const float *b, size_t n)
{
    float sums[LANES] = {0}, sum = 0.0f;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (size_t j = 0; j < LANES; j++)
            sums[j] += a[i + j] * b[i + j];
    }
    for (; i < n; i++)
        sum += a[i] * b[i];
    for (size_t j = 0; j < LANES; j++)
        sum += sums[j];
    return sum;
}

static void scale_rows(float *rows, size_t n, size_t dim)
{
    for (size_t r = 0; r < n; r++, rows += dim) {
        float length = sqrtf(dot(rows, rows, dim));
        for (size_t i = 0; i < dim && length > 0.0f; i++)
            rows[i] /= length;
    }
}

struct near {
    float cosine;
    size_t index;
};

/* Finds the k texts nearest to text i, nearest first; of equal ones the earlier first. best: [k],
 * all at minus infinity. */
static void find_near(const float *rows, size_t n, size_t dim, size_t i, struct near *best,
                      size_t k)
{
    for (size_t j = 0; j < n; j++) {
        if (j == i)
            continue;
        struct near candidate = {dot(rows + i * dim, rows + j * dim, dim), j};
        if (!(candidate.cosine > best[k - 1].cosine))
            continue;
        size_t at = k - 1;
        for (; at > 0 && candidate.cosine > best[at - 1].cosine; at--)
            best[at] = best[at - 1];
        best[at] = candidate;
    }
}

static size_t count_common(const struct near *a, const struct near *b, size_t k)
{
    size_t common = 0;
    for (size_t i = 0; i < k; i++) {
        for (size_t j = 0; j < k; j++)
            common += a[i].index == b[j].index;
    }
    return common;
}

static double share_lost(const float *a, const float *b, size_t n, size_t dim, size_t k)
{
    size_t step = (n + MAX_SAMPLES - 1) / MAX_SAMPLES, n_sample = 0, common = 0;
    for (size_t i = 0; i < n; i += step, n_sample++) {
        struct near of_a[T2V_NEIGHBOURS], of_b[T2V_NEIGHBOURS];
        for (size_t j = 0; j < T2V_NEIGHBOURS; j++)
            of_a[j] = of_b[j] = (struct near){-INFINITY, SIZE_MAX};
        find_near(a, n, dim, i, of_a, k);
        find_near(b, n, dim, i, of_b, k);
        common += count_common(of_a, of_b, k);
    }
    return 1.0 - (double)common / (double)(n_sample * k);
}

void t2v_distance(float *a, float *b, size_t n, size_t dim, struct t2v_distance *out)
{
    scale_rows(a, n, dim);
    scale_rows(b, n, dim);
    *out = (struct t2v_distance){.least = INFINITY, .lost = NAN};
    for (size_t i = 0; i < n; i++) {
        double cosine = 0;
        for (size_t d = 0; d < dim; d++)
            cosine += (double)a[i * dim + d] * (double)b[i * dim + d];
        out->mean += cosine / (double)n;
        out->least = !(cosine >= out->least) ? cosine : out->least;
    }
    out->n_neighbour = n - 1 < T2V_NEIGHBOURS ? n - 1 : T2V_NEIGHBOURS;
    if (out->n_neighbour > 0)
        out->lost = share_lost(a, b, n, dim, out->n_neighbour);
}
