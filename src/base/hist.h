/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_HIST_H
#define T2V_BASE_HIST_H
/* A histogram for metrics; its bounds double. Not thread-safe; copy by value. */
#include <stdint.h>

enum { T2V_HIST_BOUNDS = 20 };

struct t2v_hist {
    double first;                        /* the first upper bound; bound i is first * 2^i */
    uint64_t count[T2V_HIST_BOUNDS + 1]; /* not cumulative; the last bucket has no bound */
    uint64_t n;
    double sum;
};

static inline void t2v_hist_add(struct t2v_hist *hist, double x)
{
    int i = 0;
    double bound = hist->first;
    while (i < T2V_HIST_BOUNDS && x > bound) {
        bound *= 2;
        i++;
    }
    hist->count[i]++;
    hist->n++;
    hist->sum += x;
}

#endif
