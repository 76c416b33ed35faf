/* SPDX-License-Identifier: BSD-3-Clause */
#include "batch/cache.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

#include "base/banned.h"

struct entry {
    struct entry *chain;         /* next in its bucket */
    struct entry *newer, *older; /* by last use */
    uint64_t hash, dies_ns;
    size_t bytes;
    int64_t dimensions;
    size_t n_text, n_pooling, n_task;
    bool has_task;
    size_t dim;
    float vector[]; /* [dim], then the bytes of text, pooling, task */
};

struct t2v_cache {
    struct t2v_cache_limits limits;
    struct entry **buckets; /* [mask + 1] */
    size_t mask, n, bytes;
    uint64_t seed;
    struct entry *newest, *oldest;
};

static uint64_t mix(uint64_t h, const char *ptr, size_t len)
{
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    h = (h ^ len) * odd;
    for (; len >= 8; ptr += 8, len -= 8) {
        uint64_t word;
        memcpy(&word, ptr, 8);
        h = (h ^ word) * odd;
        h ^= h >> 29;
    }
    uint64_t tail = 0;
    if (len != 0)
        memcpy(&tail, ptr, len);
    h = (h ^ tail) * odd;
    return h ^ (h >> 32);
}

static uint64_t hash_of(const t2v_cache *cache, const struct t2v_cache_key *key)
{
    uint64_t h = mix(cache->seed, key->text.ptr, key->text.len);
    h = mix(h, key->params.pooling.ptr, key->params.pooling.len);
    h = mix(h, key->params.task.ptr, key->params.task.len);
    return h ^ (uint64_t)key->params.dimensions;
}

static bool holds(const struct entry *e, uint64_t hash, const struct t2v_cache_key *key)
{
    const char *text = (const char *)(e->vector + e->dim);
    struct t2v_str pooling = {text + e->n_text, e->n_pooling};
    struct t2v_str task = {pooling.ptr + e->n_pooling, e->n_task};
    return e->hash == hash && e->dimensions == key->params.dimensions &&
           e->has_task == (key->params.task.ptr != NULL) && t2v_str_eq(task, key->params.task) &&
           t2v_str_eq(pooling, key->params.pooling) &&
           t2v_str_eq((struct t2v_str){text, e->n_text}, key->text);
}

/* The link that points to key's entry, or to NULL at the end of its bucket. */
static struct entry **find(const t2v_cache *cache, uint64_t hash, const struct t2v_cache_key *key)
{
    struct entry **link = &cache->buckets[hash & cache->mask];
    while (*link != NULL && !holds(*link, hash, key))
        link = &(*link)->chain;
    return link;
}

static void link_newest(t2v_cache *cache, struct entry *e)
{
    e->newer = NULL;
    e->older = cache->newest;
    *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = e;
    cache->newest = e;
}

static void unlink_age(t2v_cache *cache, struct entry *e)
{
    *(e->newer != NULL ? &e->newer->older : &cache->newest) = e->older;
    *(e->older != NULL ? &e->older->newer : &cache->oldest) = e->newer;
}

static void drop(t2v_cache *cache, struct entry **link)
{
    struct entry *e = *link;
    *link = e->chain;
    unlink_age(cache, e);
    cache->n--;
    cache->bytes -= e->bytes;
    t2v_free(e);
}

static void drop_oldest(t2v_cache *cache)
{
    struct entry **link = &cache->buckets[cache->oldest->hash & cache->mask];
    while (*link != cache->oldest)
        link = &(*link)->chain;
    drop(cache, link);
}

int t2v_cache_new(const struct t2v_cache_limits *limits, t2v_cache **out)
{
    t2v_cache *cache = t2v_alloc_zero(1, sizeof *cache);
    size_t n_bucket = 16;
    while (n_bucket < limits->max_entries && n_bucket < SIZE_MAX / 2)
        n_bucket *= 2;
    struct entry **buckets = t2v_alloc_zero(n_bucket, sizeof *buckets);
    if (cache == NULL || buckets == NULL) {
        t2v_free(cache);
        t2v_free(buckets);
        return T2V_ENOMEM;
    }
    cache->limits = *limits;
    cache->buckets = buckets;
    cache->mask = n_bucket - 1;
    cache->seed = t2v_clock_ns();
    *out = cache;
    return 0;
}

void t2v_cache_free(t2v_cache *cache)
{
    if (cache == NULL)
        return;
    while (cache->oldest != NULL)
        drop_oldest(cache);
    t2v_free(cache->buckets);
    t2v_free(cache);
}

const float *t2v_cache_get(t2v_cache *cache, const struct t2v_cache_key *key, uint64_t now_ns,
                           size_t *dim)
{
    if (key->params.encode.given)
        return NULL;
    struct entry **link = find(cache, hash_of(cache, key), key);
    struct entry *e = *link;
    if (e != NULL && now_ns >= e->dies_ns) {
        drop(cache, link);
        return NULL;
    }
    if (e == NULL)
        return NULL;
    unlink_age(cache, e);
    link_newest(cache, e);
    *dim = e->dim;
    return e->vector;
}

/* The size of an entry, or false when it is too large to keep. */
static bool measure(const t2v_cache *cache, const struct t2v_cache_key *key, size_t dim,
                    size_t *out)
{
    size_t bytes = 0;
    bool fits =
        t2v_mul(dim, sizeof(float), &bytes) && t2v_add(bytes, sizeof(struct entry), &bytes) &&
        t2v_add(bytes, key->text.len, &bytes) && t2v_add(bytes, key->params.pooling.len, &bytes) &&
        t2v_add(bytes, key->params.task.len, &bytes);
    *out = bytes;
    return fits && bytes <= cache->limits.max_bytes / 8;
}

static char *put_str(char *to, struct t2v_str s)
{
    if (s.len != 0)
        memcpy(to, s.ptr, s.len);
    return to + s.len;
}

static void fill(struct entry *e, const struct t2v_cache_key *key, const float *vector, size_t dim)
{
    e->dimensions = key->params.dimensions;
    e->n_text = key->text.len;
    e->n_pooling = key->params.pooling.len;
    e->n_task = key->params.task.len;
    e->has_task = key->params.task.ptr != NULL;
    e->dim = dim;
    memcpy(e->vector, vector, dim * sizeof(float));
    char *to = put_str((char *)(e->vector + dim), key->text);
    put_str(put_str(to, key->params.pooling), key->params.task);
}

void t2v_cache_put(t2v_cache *cache, const struct t2v_cache_key *key, const float *vector,
                   size_t dim, uint64_t now_ns)
{
    size_t bytes;
    if (key->params.encode.given || dim == 0 || cache->limits.max_entries == 0 ||
        !measure(cache, key, dim, &bytes))
        return;
    struct entry *e = t2v_alloc(bytes);
    if (e == NULL)
        return;
    fill(e, key, vector, dim);
    e->hash = hash_of(cache, key);
    e->bytes = bytes;
    e->dies_ns = now_ns + cache->limits.ttl_ns;
    struct entry **same = find(cache, e->hash, key);
    if (*same != NULL)
        drop(cache, same);
    while (cache->n >= cache->limits.max_entries || cache->bytes > cache->limits.max_bytes - bytes)
        drop_oldest(cache);
    e->chain = cache->buckets[e->hash & cache->mask];
    cache->buckets[e->hash & cache->mask] = e;
    link_newest(cache, e);
    cache->n++;
    cache->bytes += bytes;
}

size_t t2v_cache_len(const t2v_cache *cache)
{
    return cache->n;
}

size_t t2v_cache_bytes(const t2v_cache *cache)
{
    return cache->bytes;
}
