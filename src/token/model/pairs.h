/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_MODEL_PAIRS_H
#define T2V_TOKEN_MODEL_PAIRS_H
/*
 * A hash table of the merges of BPE, by the ids of the two neighbours. Open addressing, at most
 * half full; the hash is seeded from the clock, so a file cannot be made to collide. Filled once,
 * then read by any number of threads. Ids are not negative. A zeroed struct may be deinited.
 */
#include <stddef.h>
#include <stdint.h>

enum { T2V_PAIR_NO_RANK = UINT32_MAX }; /* the two are neighbours in some token, but no merge */

struct t2v_pair {
    uint64_t key;  /* left << 32 | right; UINT64_MAX: free */
    uint32_t rank; /* place in the list of merges, or T2V_PAIR_NO_RANK */
    int32_t id;    /* of the merged token, or -1 */
};

struct t2v_pairs {
    struct t2v_pair *slots; /* [mask + 1] */
    size_t n, mask;
    uint64_t seed;
};

/* Room for n pairs. 0 or T2V_ENOMEM. */
int t2v_pairs_init(struct t2v_pairs *pairs, size_t n);
void t2v_pairs_deinit(struct t2v_pairs *pairs);
/* Adds or replaces a pair; one without a rank replaces nothing. 0 or T2V_ENOMEM. */
int t2v_pairs_set(struct t2v_pairs *pairs, int32_t left, int32_t right, uint32_t rank, int32_t id);

static inline uint64_t t2v_pairs_key(int32_t left, int32_t right)
{
    return (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
}

/* The slot of key, or the free one where it belongs. */
static inline struct t2v_pair *t2v_pairs_slot(const struct t2v_pairs *pairs, uint64_t key)
{
    uint64_t h = (key ^ pairs->seed) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    for (size_t i = (size_t)(h >> 32) & pairs->mask;; i = (i + 1) & pairs->mask) {
        struct t2v_pair *slot = &pairs->slots[i];
        if (slot->key == key || slot->key == UINT64_MAX)
            return slot;
    }
}

/* NULL when the two are not in the table. */
static inline const struct t2v_pair *t2v_pairs_get(const struct t2v_pairs *pairs, int32_t left,
                                                   int32_t right)
{
    const struct t2v_pair *slot = t2v_pairs_slot(pairs, t2v_pairs_key(left, right));
    return slot->key != UINT64_MAX ? slot : NULL;
}

#endif
