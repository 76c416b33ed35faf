/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_MAP_H
#define T2V_BASE_MAP_H
/*
 * A hash map from text to a non-negative int32, for vocabularies: filled once, then read by any
 * number of threads. Keys are borrowed: their bytes must outlive the map. Open addressing, at most
 * half full; the hash is seeded from the clock, so a file cannot be made to collide.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct t2v_map_slot {
    const char *key;
    uint32_t len;
    uint32_t hash;
    int32_t value;
};

struct t2v_map {
    struct t2v_map_slot *slots;
    size_t n, mask;
    uint64_t seed;
};

/* Room for n entries. 0 or T2V_ENOMEM. */
int t2v_map_init(struct t2v_map *map, size_t n);
void t2v_map_deinit(struct t2v_map *map);
/* Sets or replaces. 0 or T2V_ENOMEM. */
int t2v_map_set(struct t2v_map *map, struct t2v_str key, int32_t value);
/* The value, or -1. */
int32_t t2v_map_get(const struct t2v_map *map, struct t2v_str key);

#endif
