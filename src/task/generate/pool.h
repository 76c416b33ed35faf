/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_POOL_H
#define T2V_TASK_GENERATE_POOL_H
/*
 * The pages of keys and values of all sequences (net/kv.h), of one size, from one block of memory.
 * The system provides memory for a page only when it is first written.
 *
 * A full page can be shared: once it is noted with its tokens and the page before it, a later
 * sequence that begins with the same tokens finds it. Shared pages are only read. A noted page that
 * no sequence uses stays until its place is needed; of those, the least recently used goes first.
 * Tokens are compared, not their hashes alone. For the leader's thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/kv.h"

typedef struct t2v_pool t2v_pool;

/* n pages of `bytes` each; both at least 1. T2V_ENOMEM. */
int t2v_pool_new(size_t bytes, uint32_t n, t2v_pool **out);
/* NULL is allowed. */
void t2v_pool_free(t2v_pool *pool);

/* A page for a sequence's own use. False: all are in use. */
bool t2v_pool_take(t2v_pool *pool, uint32_t *page);
/* The sequence does not use it any longer. */
void t2v_pool_drop(t2v_pool *pool, uint32_t page);
char *t2v_pool_at(const t2v_pool *pool, uint32_t page);

/* The pages so far of a sequence, in order, as a key: 0 for none. */
typedef uint64_t t2v_pool_key;

/* Notes that the page has these T2V_PAGE_TOK tokens, after the pages of `before`. Returns the key
 * of the pages with this one. If another page is noted for the same already, that one stays. */
t2v_pool_key t2v_pool_note(t2v_pool *pool, uint32_t page, t2v_pool_key before, const int32_t *ids);
/* The page that is noted for these tokens after `before`; it is in use by the caller then, too, and
 * *key is that of the pages with it. False: there is none. */
bool t2v_pool_find(t2v_pool *pool, t2v_pool_key before, const int32_t *ids, uint32_t *page,
                   t2v_pool_key *key);

/* Pages in all; those that no sequence uses. */
size_t t2v_pool_size(const t2v_pool *pool);
size_t t2v_pool_n_free(const t2v_pool *pool);

#endif
