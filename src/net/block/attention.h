/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_BLOCK_ATTENTION_H
#define T2V_NET_BLOCK_ATTENTION_H
/*
 * Attention within each sequence. Private to net/.
 */
#include "net/block/relative.h"
#include "net/run.h"

/* The attention of a layer. */
struct t2v_heads {
    size_t heads, head_dim;
    size_t kv_heads;      /* heads of keys and values; heads / kv_heads query heads share one */
    size_t before, after; /* the attention span, as in struct t2v_attention */
    float scale;
    size_t rotary_dim; /* elements of each head, the first ones, that t2v_block_rotate rotates */
    const struct t2v_relative *relative; /* NULL: no bias */
    const float *slopes; /* [heads]: ALiBi (Press and others, 2022), a score's bias is the head's
                          * slope times the key's offset from the query; NULL: none */
};
/* Full attention, one key head per query head, scale 1 / sqrt(head_dim). */
struct t2v_heads t2v_heads_plain(const struct t2v_shape *shape);

/* Attention of each sequence's tokens to the sequence and its past. layer: its number, from 0. qkv:
 * [n_tok, shape.qkv], in a row the queries of all heads, then keys, then values. out: [n_tok, heads
 * * head_dim]. */
void t2v_block_attention(const struct t2v_run *run, const struct t2v_heads *heads, size_t layer,
                         const float *qkv, float *out);

#endif
