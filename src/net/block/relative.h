/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_BLOCK_RELATIVE_H
#define T2V_NET_BLOCK_RELATIVE_H
/*
 * Relative positions as T5 has them (Raffel and others, 2020): distances fall into buckets, each
 * with a learned number for each head. Private to net/.
 */
#include "net/load/loader.h"

/* What each head adds to the score of a key that stands so many tokens behind the query. */
struct t2v_relative {
    const float *bias; /* [heads, 2 max_tok - 1], offsets -(max_tok - 1) to max_tok - 1; or NULL */
    size_t max_tok;
};
/* From a table of buckets, [at least n_bucket, heads], of which the first n_bucket are used. */
int t2v_relative_new(const struct t2v_loader *loader, const struct t2v_tensor *table, int n_bucket,
                     int max_distance, size_t max_tok, struct t2v_relative *out);
/* Where the head's offset 0 is. */
static inline const float *t2v_relative_at(const struct t2v_relative *relative, size_t head)
{
    return relative->bias + head * (2 * relative->max_tok - 1) + relative->max_tok - 1;
}

#endif
