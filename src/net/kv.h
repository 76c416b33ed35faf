/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_KV_H
#define T2V_NET_KV_H
/*
 * The past of one sequence: keys and values of its tokens so far, for every layer, so that a later
 * pass computes new tokens alone. They are in pages of T2V_PAGE_TOK tokens (kernel.h), [n_layer,
 * kv_heads] heads each. The pages are the caller's.
 *
 * Use: set it in t2v_seqs.past, with pages for the new tokens, too; t2v_net_forward, which writes
 * their keys and values; add as many to n_tok; repeat. Pages before the new tokens are only read,
 * so sequences that begin alike may share them.
 */
#include <stddef.h>

#include "kernel/kernel.h"
#include "net/seqs.h"

struct t2v_kv {
    char *const *pages; /* [(n_tok + new tokens) / T2V_PAGE_TOK, rounded up], 64-byte aligned */
    size_t n_tok;       /* tokens whose keys and values are stored */
};

/* Where a head of a layer begins in a page: bytes. half: the page is f16. */
static inline size_t t2v_page_offset(size_t layer, size_t kv_heads, size_t head, size_t head_dim,
                                     bool half)
{
    return (layer * kv_heads + head) * t2v_page_head_bytes(head_dim, half);
}

/* Bytes of a page for a net whose shape.kv is not 0. The factors are bounded by config.c. */
static inline size_t t2v_page_bytes(const struct t2v_shape *shape)
{
    size_t kv_heads = shape->kv / (2 * shape->head_dim);
    return t2v_page_offset(shape->n_layer, kv_heads, 0, shape->head_dim, shape->half_kv);
}

/* How many pages n_tok tokens take. */
static inline size_t t2v_page_count(size_t n_tok)
{
    return (n_tok + T2V_PAGE_TOK - 1) / T2V_PAGE_TOK;
}

/* A head of a layer, as its keys and values are stored. */
struct t2v_kv_head {
    size_t offset; /* in a page, as t2v_page_offset has it */
    size_t head_dim;
    size_t key_panel; /* the kernels' */
    bool half;        /* the pages are f16; numbers are rounded, and limited to its range */
};
/* Stores the key and value [head_dim] of the token at a position. */
void t2v_kv_store(const struct t2v_kv *kv, const struct t2v_kv_head *head, size_t at,
                  const float *key, const float *value);

#endif
