/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/map.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"

#include "base/banned.h"

static uint64_t mix(uint64_t a, uint64_t b)
{
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Multiply-fold over 8-byte words, the tail in one more; short keys take one or two multiplies. */
static uint32_t hash_of(uint64_t seed, const char *ptr, size_t len)
{
    uint64_t h = seed ^ len;
    while (len >= 8) {
        uint64_t word;
        memcpy(&word, ptr, 8);
        h = mix(h ^ word, UINT64_C(0x9e3779b97f4a7c15));
        ptr += 8;
        len -= 8;
    }
    uint64_t tail = 0;
    for (size_t i = 0; i < len; i++)
        tail |= (uint64_t)(uint8_t)ptr[i] << (8 * i);
    h = mix(h ^ tail, UINT64_C(0xd6e8feb86659fd93));
    return (uint32_t)(h ^ (h >> 32));
}

static struct t2v_map_slot *find(const struct t2v_map *map, struct t2v_str key, uint32_t hash)
{
    for (size_t i = hash & map->mask;; i = (i + 1) & map->mask) {
        struct t2v_map_slot *slot = &map->slots[i];
        if (slot->key == NULL)
            return slot;
        if (slot->hash == hash && t2v_str_eq((struct t2v_str){slot->key, slot->len}, key))
            return slot;
    }
}

static int grow(struct t2v_map *map, size_t n_slot)
{
    struct t2v_map bigger = {
        .slots = t2v_alloc_zero(n_slot, sizeof *map->slots),
        .n = map->n,
        .mask = n_slot - 1,
        .seed = map->seed,
    };
    if (bigger.slots == NULL)
        return T2V_ENOMEM;
    for (size_t i = 0; map->slots != NULL && i <= map->mask; i++) {
        const struct t2v_map_slot *old = &map->slots[i];
        if (old->key != NULL)
            *find(&bigger, (struct t2v_str){old->key, old->len}, old->hash) = *old;
    }
    t2v_free(map->slots);
    *map = bigger;
    return 0;
}

int t2v_map_init(struct t2v_map *map, size_t n)
{
    *map = (struct t2v_map){.seed = t2v_clock_ns() | 1};
    size_t n_slot = 16;
    while (n_slot / 2 < n) {
        if (!t2v_mul(n_slot, 2, &n_slot))
            return T2V_ENOMEM;
    }
    return grow(map, n_slot);
}

void t2v_map_deinit(struct t2v_map *map)
{
    t2v_free(map->slots);
    *map = (struct t2v_map){0};
}

int t2v_map_set(struct t2v_map *map, struct t2v_str key, int32_t value)
{
    if (key.len > UINT32_MAX)
        return T2V_ENOMEM;
    if (map->n >= (map->mask + 1) / 2) {
        int rc = grow(map, (map->mask + 1) * 2);
        if (rc != 0)
            return rc;
    }
    uint32_t hash = hash_of(map->seed, key.ptr, key.len);
    struct t2v_map_slot *slot = find(map, key, hash);
    if (slot->key == NULL)
        map->n++;
    *slot = (struct t2v_map_slot){key.ptr != NULL ? key.ptr : "", (uint32_t)key.len, hash, value};
    return 0;
}

int32_t t2v_map_get(const struct t2v_map *map, struct t2v_str key)
{
    if (map->slots == NULL)
        return -1;
    const struct t2v_map_slot *slot = find(map, key, hash_of(map->seed, key.ptr, key.len));
    return slot->key != NULL ? slot->value : -1;
}
