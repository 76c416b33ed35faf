/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/block/norm.h"

#include "base/banned.h"

void t2v_block_norm(const struct t2v_run *run, float *x, const float *add, size_t n,
                    const struct t2v_norm *norm, float eps, float *y)
{
    t2v_norm_fn *fn = norm->rms ? run->kernels->rms_norm : run->kernels->layer_norm;
    size_t begin, end;
    t2v_block_rows(run, &begin, &end);
    fn(x + begin * n, add != NULL ? add + begin * n : NULL, end - begin, n, norm->gamma, norm->beta,
       eps, y + begin * n);
    t2v_lane_barrier(run->lane);
}

void t2v_block_add(const struct t2v_run *run, float *x, const float *add, size_t n)
{
    size_t begin, end;
    t2v_block_rows(run, &begin, &end);
    for (size_t i = begin * n; i < end * n; i++)
        x[i] += add[i];
    t2v_lane_barrier(run->lane);
}
