/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/model/pairs.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"

#include "base/banned.h"

static int grow_pairs(struct t2v_pairs *pairs, size_t n_slot)
{
    struct t2v_pairs bigger = {
        .slots = t2v_resize(NULL, n_slot, sizeof *pairs->slots),
        .n = pairs->n,
        .mask = n_slot - 1,
        .seed = pairs->seed,
    };
    if (bigger.slots == NULL)
        return T2V_ENOMEM;
    memset(bigger.slots, 0xff, n_slot * sizeof *bigger.slots);
    for (size_t i = 0; pairs->slots != NULL && i <= pairs->mask; i++) {
        if (pairs->slots[i].key != UINT64_MAX)
            *t2v_pairs_slot(&bigger, pairs->slots[i].key) = pairs->slots[i];
    }
    t2v_free(pairs->slots);
    *pairs = bigger;
    return 0;
}

int t2v_pairs_init(struct t2v_pairs *pairs, size_t n)
{
    size_t n_slot = 64;
    while (n_slot / 2 < n)
        n_slot *= 2;
    *pairs = (struct t2v_pairs){.seed = t2v_clock_ns()};
    return grow_pairs(pairs, n_slot);
}

int t2v_pairs_set(struct t2v_pairs *pairs, int32_t left, int32_t right, uint32_t rank, int32_t id)
{
    if (pairs->n >= (pairs->mask + 1) / 2) {
        int rc = grow_pairs(pairs, (pairs->mask + 1) * 2);
        if (rc != 0)
            return rc;
    }
    uint64_t key = t2v_pairs_key(left, right);
    struct t2v_pair *slot = t2v_pairs_slot(pairs, key);
    if (slot->key == key && rank == T2V_PAIR_NO_RANK)
        return 0;
    pairs->n += slot->key != key;
    *slot = (struct t2v_pair){key, rank, id};
    return 0;
}

void t2v_pairs_deinit(struct t2v_pairs *pairs)
{
    t2v_free(pairs->slots);
    *pairs = (struct t2v_pairs){0};
}
