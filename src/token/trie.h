/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_TRIE_H
#define T2V_TOKEN_TRIE_H
/*
 * A trie over bytes: vocabularies and the patterns of added tokens. A walk visits every entry that
 * a text begins with, shortest first, in one pass. The edges of all nodes lie in one hash table
 * (8 bytes each, at most half full), which needs no sorted input: 30,000 words go in within a few
 * milliseconds. The hash is seeded from the clock, so a file cannot be made to collide, and entries
 * have a largest length, so that a walk from every byte of a text takes no squared time. Filled
 * once, then read by any number of threads.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum { T2V_TRIE_ROOT = 0, T2V_TRIE_MAX_NODES = (1 << 24) - 1, T2V_TRIE_MAX_KEY = 1024 };

struct t2v_trie {
    struct t2v_trie_edge {
        uint32_t key; /* parent << 8 | byte; 0xffffffff: free */
        uint32_t child;
    } * edges;
    uint32_t shift; /* 32 - log2 of the number of slots */
    uint32_t seed;
    int32_t *values; /* [n_node], -1 where nothing ends */
    size_t n_node, cap_node;
    size_t n_value;      /* entries */
    uint32_t first[256]; /* children of the root, 0 for none */
};

/* Room for about n_byte bytes of entries; it grows beyond. 0 or T2V_ENOMEM. */
int t2v_trie_init(struct t2v_trie *trie, size_t n_byte);
void t2v_trie_deinit(struct t2v_trie *trie);
/* Sets or replaces an entry's value (0 or more). T2V_ENOMEM; T2V_ETOOLARGE: too many nodes,
 * or a key of more than T2V_TRIE_MAX_KEY bytes. */
int t2v_trie_set(struct t2v_trie *trie, struct t2v_str key, int32_t value);
/* The same; *before is the value that it had, or -1. */
int t2v_trie_swap(struct t2v_trie *trie, struct t2v_str key, int32_t value, int32_t *before);
/* An entry's value, or -1. */
int32_t t2v_trie_get(const struct t2v_trie *trie, struct t2v_str key);
/* Calls take(ctx, KEY, VALUE) for every entry, in no order, until it returns something other than
 * 0, which is then returned. The key is valid during the call. 0 at the end, or T2V_ENOMEM. */
typedef int t2v_trie_take(void *ctx, struct t2v_str key, int32_t value);
int t2v_trie_each(const struct t2v_trie *trie, t2v_trie_take *take, void *ctx);
/* The node that key leads to from `node`, or -1. */
int64_t t2v_trie_walk(const struct t2v_trie *trie, uint32_t node, struct t2v_str key);

/* Private: the slot where the search for an edge begins. */
static inline uint32_t t2v_trie_slot(const struct t2v_trie *trie, uint32_t key)
{
    return (key ^ trie->seed) * UINT32_C(0x9e3779b1) >> trie->shift;
}

/* One step of a walk: the child of node by byte, or 0 (the root is nobody's child). */
static inline uint32_t t2v_trie_step(const struct t2v_trie *trie, uint32_t node, uint8_t byte)
{
    if (node == T2V_TRIE_ROOT)
        return trie->first[byte];
    uint32_t key = node << 8 | byte;
    uint32_t mask = UINT32_MAX >> trie->shift;
    for (uint32_t i = t2v_trie_slot(trie, key);; i = (i + 1) & mask) {
        const struct t2v_trie_edge *edge = &trie->edges[i];
        if (edge->key == key)
            return edge->child;
        if (edge->key == UINT32_MAX)
            return 0;
    }
}

/* The value of the longest entry that [at, end) begins with, walking on from `node`, and its end in
 * *stop; -1, with *stop unchanged, if there is none. */
static inline int32_t t2v_trie_longest(const struct t2v_trie *trie, uint32_t node, const char *at,
                                       const char *end, const char **stop)
{
    int32_t best = -1;
    while (at < end) {
        node = t2v_trie_step(trie, node, (uint8_t)*at++);
        if (node == 0)
            break;
        if (trie->values[node] >= 0) {
            best = trie->values[node];
            *stop = at;
        }
    }
    return best;
}

#endif
