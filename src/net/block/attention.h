/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_BLOCK_ATTENTION_H
#define T2V_NET_BLOCK_ATTENTION_H
/*
 * Attention within each sequence. Private to net/.
 */
#include "net/block/relative.h"
#include "net/run.h"

/* A layer's attention. */
struct t2v_heads {
    size_t heads, head_dim;
    size_t kv_heads;      /* of keys and values: so many, each for heads / kv_heads of queries */
    size_t before, after; /* how far a token sees, as in struct t2v_attention */
    float scale;
    const struct t2v_relative *relative; /* NULL: nothing is added to scores */
};
/* All tokens see each other, heads have keys of their own, scores are divided by the root of
 * head_dim. */
struct t2v_heads t2v_heads_plain(const struct t2v_shape *shape);

/* Attention within each sequence, and from its tokens to its past. layer: which one this is, from
 * 0. qkv: [n_tok, queries of all heads, keys, values], out: [n_tok, heads * head_dim]. */
void t2v_block_attention(const struct t2v_run *run, const struct t2v_heads *heads, size_t layer,
                         const float *qkv, float *out);

#endif
