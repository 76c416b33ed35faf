/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BATCH_CACHE_H
#define T2V_BATCH_CACHE_H
/*
 * ENABLE_CACHE: keeps answers for a while, so that the same text with the same configuration is not
 * encoded again. The whole request is stored and compared: a hash alone could give one caller
 * another's vector. When the cache is full, the least recently used entry is dropped first.
 *
 * No lock: one thread owns a cache (the loop thread). Times are the caller's.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "task/embed/params.h"

typedef struct t2v_cache t2v_cache;

struct t2v_cache_limits {
    size_t max_entries;
    size_t max_bytes; /* texts, vectors and the entries' own size together */
    uint64_t ttl_ns;  /* how long an entry counts from when it was put */
};

/* Of /vectors alone: a key whose params.encode is given is never kept, and never found. */
struct t2v_cache_key {
    struct t2v_str text;
    struct t2v_embed_params params;
};

/* 0 or T2V_ENOMEM. */
int t2v_cache_new(const struct t2v_cache_limits *limits, t2v_cache **out);
void t2v_cache_free(t2v_cache *cache);

/* The vector [*dim] kept for key, borrowed until the next call; NULL when there is none at time
 * now_ns. */
const float *t2v_cache_get(t2v_cache *cache, const struct t2v_cache_key *key, uint64_t now_ns,
                           size_t *dim);
/* Keeps a copy of key and vector [dim], in place of what was kept for key. Without memory for it,
 * or when it is larger than an eighth of max_bytes, nothing is kept. */
void t2v_cache_put(t2v_cache *cache, const struct t2v_cache_key *key, const float *vector,
                   size_t dim, uint64_t now_ns);

/* Entries and bytes held now. */
size_t t2v_cache_len(const t2v_cache *cache);
size_t t2v_cache_bytes(const t2v_cache *cache);

#endif
