/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_KV_H
#define T2V_NET_KV_H
/*
 * The past of one sequence: keys and values of its tokens so far, for every layer, so that a later
 * pass computes new tokens alone. The rows are contiguous, with room for a fixed number of tokens.
 * Attention accesses them by the functions below only, so that a paged store can replace this one.
 *
 * Use: t2v_kv_init; set it in t2v_seqs.past; t2v_net_forward over the next tokens, which writes
 * their rows; t2v_kv_advance by as many; repeat. One pass at a time.
 */
#include <stddef.h>

#include "net/seqs.h"

struct t2v_kv {
    size_t n_layer, width; /* shape.n_layer, shape.kv */
    size_t n_tok, cap;     /* tokens stored; capacity in tokens */
    float *rows;           /* [n_layer, cap, width]: keys of all kv_heads, rotated; then values */
};

/* An empty past with room for cap tokens, cap >= 1. T2V_ENOMEM; T2V_EUNSUPPORTED if shape.kv is 0.
 * A failure leaves nothing to free. */
int t2v_kv_init(struct t2v_kv *kv, const struct t2v_shape *shape, size_t cap);
/* kv may be all zero. */
void t2v_kv_deinit(struct t2v_kv *kv);

/* Adds n tokens, whose rows the last pass has written. n_tok + n <= cap. */
static inline void t2v_kv_advance(struct t2v_kv *kv, size_t n)
{
    kv->n_tok += n;
}

/* The row of a token: [width], keys, then values. The next token's row follows. */
static inline float *t2v_kv_row(const struct t2v_kv *kv, size_t layer, size_t token)
{
    return kv->rows + (layer * kv->cap + token) * kv->width;
}

#endif
