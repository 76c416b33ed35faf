/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_POOL_H
#define T2V_TASK_EMBED_POOL_H
/*
 * Pooling: turns the hidden states of a sequence into one row. Also corrects the float32 sum of a
 * text's rows by the same sum in double. Private to task/embed/.
 */
#include <stddef.h>

enum t2v_pooling {
    T2V_POOL_CLS, /* the first token */
    T2V_POOL_MAX,
    T2V_POOL_MEAN,
    T2V_POOL_MEAN_SQRT,     /* sum of the tokens / sqrt(number of tokens) */
    T2V_POOL_WEIGHTED_MEAN, /* mean in which token i, counted from 1, has the weight i */
    T2V_POOL_LAST,          /* the last token */
    T2V_POOL_SUM            /* the sum of a part of a text, for static embeddings; modules.json
                             * cannot name it */
};
enum { T2V_MAX_MODE = 6 };

struct t2v_pool {
    enum t2v_pooling modes[T2V_MAX_MODE]; /* their rows are concatenated, in this order */
    size_t n_mode;
    size_t n_skip; /* tokens at the start of a sequence that are not pooled: the prompt */
};

/* out[n_mode * dim] = the pooled hidden states, [n_tok, dim], of one sequence; n_tok is at least
 * 1. */
void t2v_pool_run(const struct t2v_pool *pool, const float *hidden, size_t n_tok, size_t dim,
                  float *out);
/* Corrects sum[dim], a float32 sum over a text's sequences. exact[dim] is the same sum in double. A
 * component whose error is above the tolerance of pooling is replaced by that of exact. */
void t2v_pool_settle(const struct t2v_pool *pool, const double *exact, size_t dim, float *sum);

#endif
