/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_BLOCK_RELATIVE_H
#define T2V_NET_BLOCK_RELATIVE_H
/*
 * T5's relative positions (Raffel and others, 2020): distances fall into buckets, and a bucket has
 * a learned bias for each head. Private to net/.
 */
#include "net/load/loader.h"

/* The bias that a head adds to a score, by the key's offset from the query in tokens. */
struct t2v_relative {
    const float *bias; /* [heads, 2 max_tok - 1], offsets -(max_tok - 1) to max_tok - 1; or NULL */
    size_t max_tok;
};
/* Expands a table of buckets, [n_bucket or more, heads], into the loader's arena. T2V_EUNSUPPORTED,
 * T2V_ENOMEM. */
int t2v_relative_new(const struct t2v_loader *loader, const struct t2v_tensor *table, int n_bucket,
                     int max_distance, size_t max_tok, struct t2v_relative *out);
/* The bias of offset 0; others are around it. */
static inline const float *t2v_relative_at(const struct t2v_relative *relative, size_t head)
{
    return relative->bias + head * (2 * relative->max_tok - 1) + relative->max_tok - 1;
}

#endif
