/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_BLOCK_NORM_H
#define T2V_NET_BLOCK_NORM_H
/*
 * Layer norm (Ba and others, 2016) and RMS norm (Zhang and Sennrich, 2019). Private to net/.
 */
#include "net/run.h"

struct t2v_norm {
    const float *gamma, *beta; /* [n]; beta may be NULL */
    bool rms;                  /* RMS norm, else layer norm; see t2v_norm_fn */
};

/* x += add, unless add is NULL; then y = norm(x). x, add, y: [n_tok, n]; y may be x or add. */
void t2v_block_norm(const struct t2v_run *run, float *x, const float *add, size_t n,
                    const struct t2v_norm *norm, float eps, float *y);

/* x += add, both [n_tok, n]. */
void t2v_block_add(const struct t2v_run *run, float *x, const float *add, size_t n);

#endif
