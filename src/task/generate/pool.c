/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/pool.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"

#include "base/banned.h"

enum { NONE = UINT32_MAX };

struct page {
    uint32_t n_use;
    uint32_t next_free;    /* in the list of pages without content */
    uint32_t older, newer; /* in the list of noted pages that nobody uses */
    uint32_t next_same;    /* in its bucket */
    t2v_pool_key key;      /* 0: not noted */
    t2v_pool_key before;
    int32_t ids[T2V_PAGE_TOK];
};

struct t2v_pool {
    char *block; /* [n, bytes] */
    size_t bytes;
    struct page *pages; /* [n] */
    uint32_t n, n_free;
    uint32_t empty;          /* the first page without content */
    uint32_t oldest, newest; /* of the noted pages that nobody uses */
    uint32_t *buckets;       /* [n_bucket]: the first noted page of each */
    uint32_t n_bucket;       /* a power of 2 */
    t2v_pool_key last_key;
};

int t2v_pool_new(size_t bytes, uint32_t n, t2v_pool **out)
{
    t2v_pool *pool = t2v_alloc_zero(1, sizeof *pool);
    if (pool == NULL)
        return T2V_ENOMEM;
    pool->bytes = bytes;
    pool->n = pool->n_free = n;
    pool->n_bucket = 1;
    while (pool->n_bucket < n && pool->n_bucket < (uint32_t)1 << 31)
        pool->n_bucket *= 2;
    pool->block = t2v_alloc_aligned(n, bytes);
    pool->pages = t2v_alloc_zero(n, sizeof *pool->pages);
    pool->buckets = t2v_alloc_zero(pool->n_bucket, sizeof *pool->buckets);
    if (pool->block == NULL || pool->pages == NULL || pool->buckets == NULL) {
        t2v_pool_free(pool);
        return T2V_ENOMEM;
    }
    t2v_mem_large_pages(pool->block, n * bytes); /* read in long runs, at each token */
    for (uint32_t i = 0; i < n; i++)
        pool->pages[i].next_free = i + 1 < n ? i + 1 : NONE;
    memset(pool->buckets, 0xff, pool->n_bucket * sizeof *pool->buckets);
    pool->oldest = pool->newest = NONE;
    *out = pool;
    return 0;
}

void t2v_pool_free(t2v_pool *pool)
{
    if (pool == NULL)
        return;
    t2v_free(pool->block);
    t2v_free(pool->pages);
    t2v_free(pool->buckets);
    t2v_free(pool);
}

/* --- noted pages that nobody uses --- */

static void unlink_idle(t2v_pool *pool, uint32_t index)
{
    const struct page *page = &pool->pages[index];
    *(page->older != NONE ? &pool->pages[page->older].newer : &pool->oldest) = page->newer;
    *(page->newer != NONE ? &pool->pages[page->newer].older : &pool->newest) = page->older;
}

static void link_idle(t2v_pool *pool, uint32_t index)
{
    struct page *page = &pool->pages[index];
    page->older = pool->newest;
    page->newer = NONE;
    *(pool->newest != NONE ? &pool->pages[pool->newest].newer : &pool->oldest) = index;
    pool->newest = index;
}

/* --- what is noted --- */

static uint32_t *bucket_of(const t2v_pool *pool, t2v_pool_key before, const int32_t *ids)
{
    uint64_t hash = before * UINT64_C(0x9e3779b97f4a7c15);
    for (size_t i = 0; i < T2V_PAGE_TOK; i++) {
        hash = (hash ^ (uint32_t)ids[i]) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    return &pool->buckets[hash & (pool->n_bucket - 1)];
}

static bool is_noted_for(const struct page *page, t2v_pool_key before, const int32_t *ids)
{
    return page->before == before && memcmp(page->ids, ids, sizeof page->ids) == 0;
}

static uint32_t find_noted(const t2v_pool *pool, t2v_pool_key before, const int32_t *ids)
{
    uint32_t index = *bucket_of(pool, before, ids);
    while (index != NONE && !is_noted_for(&pool->pages[index], before, ids))
        index = pool->pages[index].next_same;
    return index;
}

static void forget(t2v_pool *pool, uint32_t index)
{
    struct page *page = &pool->pages[index];
    uint32_t *at = bucket_of(pool, page->before, page->ids);
    while (*at != index)
        at = &pool->pages[*at].next_same;
    *at = page->next_same;
    page->key = 0;
}

t2v_pool_key t2v_pool_note(t2v_pool *pool, uint32_t index, t2v_pool_key before, const int32_t *ids)
{
    struct page *page = &pool->pages[index];
    uint32_t same = find_noted(pool, before, ids);
    if (same != NONE)
        return pool->pages[same].key;
    uint32_t *bucket = bucket_of(pool, before, ids);
    page->key = ++pool->last_key;
    page->before = before;
    memcpy(page->ids, ids, sizeof page->ids);
    page->next_same = *bucket;
    *bucket = index;
    return page->key;
}

bool t2v_pool_find(t2v_pool *pool, t2v_pool_key before, const int32_t *ids, uint32_t *index,
                   t2v_pool_key *key)
{
    uint32_t found = find_noted(pool, before, ids);
    if (found == NONE)
        return false;
    struct page *page = &pool->pages[found];
    if (page->n_use++ == 0) {
        unlink_idle(pool, found);
        pool->n_free--;
    }
    *index = found;
    *key = page->key;
    return true;
}

/* --- taking and dropping --- */

bool t2v_pool_take(t2v_pool *pool, uint32_t *index)
{
    uint32_t taken = pool->empty;
    if (taken != NONE) {
        pool->empty = pool->pages[taken].next_free;
    } else if (pool->oldest != NONE) {
        taken = pool->oldest;
        unlink_idle(pool, taken);
        forget(pool, taken);
    } else {
        return false;
    }
    pool->pages[taken].n_use = 1;
    pool->n_free--;
    *index = taken;
    return true;
}

void t2v_pool_drop(t2v_pool *pool, uint32_t index)
{
    struct page *page = &pool->pages[index];
    if (--page->n_use != 0)
        return;
    pool->n_free++;
    if (page->key != 0) {
        link_idle(pool, index);
    } else {
        page->next_free = pool->empty;
        pool->empty = index;
    }
}

char *t2v_pool_at(const t2v_pool *pool, uint32_t index)
{
    return pool->block + (size_t)index * pool->bytes;
}

size_t t2v_pool_size(const t2v_pool *pool)
{
    return pool->n;
}

size_t t2v_pool_n_free(const t2v_pool *pool)
{
    return pool->n_free;
}
