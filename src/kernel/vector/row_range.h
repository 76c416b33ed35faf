/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_VECTOR_ROW_RANGE_H
#define T2V_KERNEL_VECTOR_ROW_RANGE_H
/* The values of a row of activations that are quantised, and their range. */
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

#endif
