/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_POOL_H
#define T2V_TASK_EMBED_POOL_H
/*
 * How the hidden states of a sequence become one row, and the float32 sum of a text's rows is
 * corrected by the same sum in double. Private to task/embed/.
 */
#include <stddef.h>

enum t2v_pooling {
    T2V_POOL_CLS, /* the first token's */
    T2V_POOL_MAX,
    T2V_POOL_MEAN,
    T2V_POOL_MEAN_SQRT,     /* the sum over the root of the number of tokens */
    T2V_POOL_WEIGHTED_MEAN, /* each token weighs its place, from 1 */
    T2V_POOL_LAST,          /* the last token's */
    T2V_POOL_SUM            /* of a piece of a text, for static embeddings; modules.json cannot
                               name it */
};
enum { T2V_MAX_MODE = 6 };

struct t2v_pool {
    enum t2v_pooling modes[T2V_MAX_MODE]; /* their rows are laid side by side */
    size_t n_mode;
    size_t n_skip; /* tokens at the start of a sequence that are not pooled: the prompt */
};

/* out[n_mode * dim] = the pooled hidden states, [n_tok, dim], of one sequence; n_tok is at least
 * 1. */
void t2v_pool_run(const struct t2v_pool *pool, const float *hidden, size_t n_tok, size_t dim,
                  float *out);
/* Corrects sum[dim], a float32 sum over a text's sequences, by exact[dim], the same in double: a
 * component that is off by more than pooling may be becomes exact's. */
void t2v_pool_settle(const struct t2v_pool *pool, const double *exact, size_t dim, float *sum);

#endif
