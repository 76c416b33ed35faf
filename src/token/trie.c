/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/trie.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"

#include "base/banned.h"

/* Replaces the table of edges by one of 2^bits slots. */
static int grow_edges(struct t2v_trie *trie, uint32_t bits)
{
    size_t n = (size_t)1 << bits;
    struct t2v_trie_edge *old = trie->edges;
    size_t n_old = old != NULL ? (size_t)(UINT32_MAX >> trie->shift) + 1 : 0;
    struct t2v_trie_edge *edges = t2v_resize(NULL, n, sizeof *edges);
    if (edges == NULL)
        return T2V_ENOMEM;
    memset(edges, 0xff, n * sizeof *edges);
    trie->edges = edges;
    trie->shift = 32 - bits;
    for (size_t i = 0; i < n_old; i++) {
        if (old[i].key == UINT32_MAX)
            continue;
        uint32_t slot = t2v_trie_slot(trie, old[i].key);
        while (edges[slot].key != UINT32_MAX)
            slot = (slot + 1) & (uint32_t)(n - 1);
        edges[slot] = old[i];
    }
    t2v_free(old);
    return 0;
}

static int grow_nodes(struct t2v_trie *trie, size_t cap)
{
    int32_t *values = t2v_resize(trie->values, cap, sizeof *values);
    if (values == NULL)
        return T2V_ENOMEM;
    trie->values = values;
    trie->cap_node = cap;
    return 0;
}

int t2v_trie_init(struct t2v_trie *trie, size_t n_byte)
{
    *trie = (struct t2v_trie){.seed = (uint32_t)t2v_clock_ns()};
    /* About every third byte of a vocabulary is a node of its own. */
    size_t n_node = n_byte / 3 < T2V_TRIE_MAX_NODES ? n_byte / 3 + 16 : T2V_TRIE_MAX_NODES;
    uint32_t bits = 6;
    while (bits < 25 && ((size_t)1 << bits) < n_node * 2)
        bits++;
    if (grow_nodes(trie, n_node) != 0 || grow_edges(trie, bits) != 0) {
        t2v_trie_deinit(trie);
        return T2V_ENOMEM;
    }
    trie->values[0] = -1;
    trie->n_node = 1;
    return 0;
}

void t2v_trie_deinit(struct t2v_trie *trie)
{
    t2v_free(trie->edges);
    t2v_free(trie->values);
    *trie = (struct t2v_trie){0};
}

/* Adds a child of node by byte, which is not there yet. */
static int add_child(struct t2v_trie *trie, uint32_t node, uint8_t byte, uint32_t *child)
{
    if (trie->n_node >= T2V_TRIE_MAX_NODES)
        return T2V_ETOOLARGE;
    if (trie->n_node == trie->cap_node && grow_nodes(trie, trie->cap_node * 2) != 0)
        return T2V_ENOMEM;
    if (trie->n_node * 2 > (size_t)(UINT32_MAX >> trie->shift) &&
        grow_edges(trie, 33 - trie->shift) != 0)
        return T2V_ENOMEM;
    *child = (uint32_t)trie->n_node++;
    trie->values[*child] = -1;
    if (node == T2V_TRIE_ROOT) {
        trie->first[byte] = *child;
        return 0;
    }
    uint32_t key = node << 8 | byte;
    uint32_t mask = UINT32_MAX >> trie->shift;
    uint32_t slot = t2v_trie_slot(trie, key);
    while (trie->edges[slot].key != UINT32_MAX)
        slot = (slot + 1) & mask;
    trie->edges[slot] = (struct t2v_trie_edge){key, *child};
    return 0;
}

int t2v_trie_set(struct t2v_trie *trie, struct t2v_str key, int32_t value)
{
    int32_t before;
    return t2v_trie_swap(trie, key, value, &before);
}

int t2v_trie_swap(struct t2v_trie *trie, struct t2v_str key, int32_t value, int32_t *before)
{
    uint32_t node = T2V_TRIE_ROOT;
    if (key.len > T2V_TRIE_MAX_KEY)
        return T2V_ETOOLARGE;
    for (size_t i = 0; i < key.len; i++) {
        uint32_t child = t2v_trie_step(trie, node, (uint8_t)key.ptr[i]);
        if (child == 0) {
            int rc = add_child(trie, node, (uint8_t)key.ptr[i], &child);
            if (rc != 0)
                return rc;
        }
        node = child;
    }
    *before = trie->values[node];
    trie->n_value += *before < 0;
    trie->values[node] = value;
    return 0;
}

int64_t t2v_trie_walk(const struct t2v_trie *trie, uint32_t node, struct t2v_str key)
{
    for (size_t i = 0; i < key.len; i++) {
        node = t2v_trie_step(trie, node, (uint8_t)key.ptr[i]);
        if (node == 0)
            return -1;
    }
    return node;
}

int32_t t2v_trie_get(const struct t2v_trie *trie, struct t2v_str key)
{
    int64_t node = t2v_trie_walk(trie, T2V_TRIE_ROOT, key);
    return node < 0 ? -1 : trie->values[node];
}

/* For each node the key of the edge that leads to it; that of a child of the root is its byte. */
static uint32_t *find_parents(const struct t2v_trie *trie)
{
    uint32_t *parents = t2v_alloc_zero(trie->n_node, sizeof *parents);
    size_t n_edge = (size_t)(UINT32_MAX >> trie->shift) + 1;
    for (size_t i = 0; i < n_edge && parents != NULL; i++) {
        if (trie->edges[i].key != UINT32_MAX)
            parents[trie->edges[i].child] = trie->edges[i].key;
    }
    for (uint32_t byte = 0; byte < 256 && parents != NULL; byte++) {
        if (trie->first[byte] != 0)
            parents[trie->first[byte]] = byte;
    }
    return parents;
}

int t2v_trie_each(const struct t2v_trie *trie, t2v_trie_take *take, void *ctx)
{
    char key[T2V_TRIE_MAX_KEY];
    uint32_t *parents = find_parents(trie);
    int rc = parents == NULL ? T2V_ENOMEM : 0;
    for (uint32_t node = 0; node < trie->n_node && rc == 0; node++) {
        size_t at = sizeof key;
        if (trie->values[node] < 0)
            continue;
        for (uint32_t up = node; up != T2V_TRIE_ROOT; up = parents[up] >> 8)
            key[--at] = (char)(parents[up] & 0xff);
        rc = take(ctx, (struct t2v_str){key + at, sizeof key - at}, trie->values[node]);
    }
    t2v_free(parents);
    return rc;
}
