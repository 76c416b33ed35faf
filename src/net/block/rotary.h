/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_BLOCK_ROTARY_H
#define T2V_NET_BLOCK_ROTARY_H
/*
 * Rotary positions (Su and others, 2021). Private to net/.
 */
#include "net/block/attention.h"
#include "net/block/norm.h"
#include "net/load/loader.h"
#include "json/json.h"

struct t2v_rotary {
    const float *frequency; /* [head_dim / 2]: how far a position turns each pair of a head */
};
/* The settings of a layer type ("full_attention") from rope_parameters or rope_scaling, which may
 * be flat: that counts for this type, or not. theta, where it is not in there, from theta_key, or
 * else as given. head_dim is even. A kind that is not supported is named. */
int t2v_rotary_open(const t2v_json *config, const char *layer_type, bool flat_counts,
                    const char *theta_key, double theta, size_t head_dim,
                    const struct t2v_loader *loader, struct t2v_rotary *out, struct t2v_err *err);
/* turns: [n_tok, cosines of head_dim / 2 angles, then sines]. The one block without a barrier: only
 * t2v_block_rotate reads it, the same rows in the same lane. */
void t2v_block_rotary(const struct t2v_run *run, const struct t2v_rotary *rotary, size_t head_dim,
                      float *turns);
/* Queries and keys in qkv, as t2v_block_attention has them, are each normalised by RMS norm if the
 * norm has a gamma, [head_dim], and turned. */
void t2v_block_rotate(const struct t2v_run *run, const struct t2v_heads *how, const float *turns,
                      const struct t2v_norm *q_norm, const struct t2v_norm *k_norm, float eps,
                      float *qkv);

#endif
