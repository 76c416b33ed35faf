/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_BLOCK_LINEAR_H
#define T2V_NET_BLOCK_LINEAR_H
/*
 * Embedding rows and linear layers. Private to net/.
 */
#include "net/run.h"
#include "weight/store.h"

/* y = the rows of table, [vocab, n], at the tokens' ids. y: [n_tok, n]. */
void t2v_block_embed(const struct t2v_run *run, const struct t2v_tensor *table, size_t n, float *y);
/* y = the rows of table, [longest sequence, n], at the tokens' positions. y: [n_tok, n]. */
void t2v_block_positions(const struct t2v_run *run, const struct t2v_tensor *table, size_t n,
                         float *y);
/* y = act(x W^T + b). x: [n_tok, n_in], y: [n_tok, n_out]. */
static inline void t2v_block_linear(const struct t2v_run *run, const struct t2v_linear *layer,
                                    enum t2v_act act, const float *x, float *y)
{
    run->linear(run, layer, act, x, y);
}
/* The same for a packed layer: run->linear outside the calibration pass. */
t2v_linear_step t2v_linear_run;

#endif
