/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_VECTOR_ROWS_INT8_H
#define T2V_KERNEL_VECTOR_ROWS_INT8_H
/* Quantises rows of activations to int8, see c/int8.h. The includer defines RUNG(NAME) and
 * store_bytes(q, v), which rounds 4 vectors to the nearest integer, ties to even, and stores them
 * as bytes. */
#include "kernel/c/int8.h"

/* x[i .. i + LANES - 1], with 0 for outliers and past the row's end. */
INLINE vf kept(const float *x, const uint32_t *keep, size_t i, size_t n)
{
    size_t left = i < n ? n - i : 0;
    vf v = vf_load_n(x + i, left);
    if (keep == NULL)
        return v;
    return vf_and(v, vf_load_n((const float *)(const void *)(keep + i), left));
}

/* first: the row's first value, or 0 where it is an outlier. *min is NaN when a value of the row
 * is not finite. */
INLINE void row_range(const float *x, const uint32_t *keep, size_t n, vf first, float *min,
                      float *max)
{
    vf low = first, high = first, bad = vf_zero();
    for (size_t i = 0; i < n; i += LANES) {
        vf v = kept(x, keep, i, n);
        if (n - i < LANES)
            v = vf_select(mask_below(n - i), v, first); /* padding must not count as 0 */
        low = vf_min(v, low);
        high = vf_max(v, high);
        /* v * 0 is 0 or -0, and NaN where v is not finite. A NaN's bits survive `or`, which has a
         * latency of 1; a sum by fma would be a chain of longer ones. */
        bad = vf_or(bad, vf_mul(v, vf_zero()));
    }
    *min = vf_lanes_min(low) + vf_sum(vf_add(bad, vf_zero()));
    *max = vf_lanes_max(high);
}

INLINE void quantise(const float *x, const uint32_t *keep, size_t n, float min, float inverse,
                     uint8_t *q)
{
    const vf base = vf_set(min), by = vf_set(inverse);
    for (size_t i = 0; i < n; i += 4 * LANES) {
        vf v[4];
        UNROLL
        for (size_t j = 0; j < 4; j++)
            v[j] = vf_mul(vf_sub(kept(x, keep, i + j * LANES, n), base), by);
        store_bytes(q + i, v);
    }
    memset(q + n, 0, int8_padded(n) - n);
}

void RUNG(t2v_rows_int8)(const struct t2v_linear *layer, const float *x, size_t ldx, size_t n_row,
                         void *out)
{
    const struct t2v_outliers *outliers = &layer->outliers;
    const size_t n = layer->n_in;
    char *to = out;
    for (size_t r = 0; r < n_row; r++, x += ldx, to += int8_row_bytes(n)) {
        struct int8_row row = {.unused = {0}};
        float max;
        vf first = vf_set(int8_kept(outliers, x, 0));
        row_range(x, outliers->keep, n, first, &row.min, &max);
        row.scale = (max - row.min) / 255.0f;
        for (size_t k = 0; k < outliers->n; k++)
            row.outlier[k] = x[outliers->index[k]];
        memcpy(to, &row, sizeof row);
        quantise(x, outliers->keep, n, row.min, int8_row_inverse(row.min, max),
                 (uint8_t *)to + sizeof row);
    }
}

#endif
