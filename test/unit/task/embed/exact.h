/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEST_TASK_EMBED_EXACT_H
#define T2V_TEST_TASK_EMBED_EXACT_H
/* A vector against its exact sum. Included after cmocka.h. */
#include <math.h>
#include <stddef.h>

/* got[width] is sum / divisor, within 1e-6 of the largest component. */
static inline void expect_exact(const float *got, const double *sum, size_t width, size_t divisor,
                                size_t n)
{
    double largest = 0, off = 0;
    for (size_t d = 0; d < width; d++) {
        double want = sum[d] / (double)divisor;
        /* Not fmax, in whose loop gcc 12 for arm64 breaks. */
        largest = fabs(want) > largest ? fabs(want) : largest;
        if (!(fabs((double)got[d] - want) <= off))
            off = fabs((double)got[d] - want);
    }
    if (!(off <= 1e-6 * largest))
        fail_msg("%zu sentences: off by %g of the largest", n, off / largest);
}

#endif
