/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_BLOCK_FFN_H
#define T2V_NET_BLOCK_FFN_H
/*
 * Feed-forward nets, plain or gated (Shazeer, 2020). Private to net/.
 */
#include "net/block/linear.h"

/* y = act(a) * b. ab: [n_tok, a and b of n each], y: [n_tok, n]. */
void t2v_block_gate(const struct t2v_run *run, enum t2v_act act, const float *ab, size_t n,
                    float *y);
/* y = down(act(up(x))); gated: y = down(act(a) * b), where up(x) is a and b side by side. x, y:
 * [n_tok, n]; y may be x. */
void t2v_block_feed(const struct t2v_run *run, const struct t2v_linear *up,
                    const struct t2v_linear *down, enum t2v_act act, bool gated, const float *x,
                    float *y);

#endif
