/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/penalty.h"

#include <float.h>

#include "base/mem.h"

#include "base/banned.h"

enum { FIRST_SLOTS = 64 };

int t2v_penalties_init(struct t2v_penalties *penalties, const struct t2v_sampling *sampling,
                       size_t vocab)
{
    *penalties = (struct t2v_penalties){0};
    if (sampling->n_bias == 0)
        return 0;
    penalties->biased = t2v_alloc_zero(sampling->n_bias, sizeof *penalties->biased);
    if (penalties->biased == NULL)
        return T2V_ENOMEM;
    for (size_t i = 0; i < sampling->n_bias; i++) {
        const struct t2v_bias *bias = &sampling->bias[i];
        if (bias->id >= 0 && (size_t)bias->id < vocab)
            penalties->biased[penalties->n_biased++] =
                (struct t2v_biased){.id = bias->id, .bias = bias->bias};
    }
    return 0;
}

void t2v_penalties_deinit(struct t2v_penalties *penalties)
{
    t2v_free(penalties->biased);
    t2v_free(penalties->seen);
    t2v_free(penalties->slots);
    *penalties = (struct t2v_penalties){0};
}

/* The slot of id, or the free one where it would be. There are slots. */
static uint32_t *slot_of(const struct t2v_penalties *penalties, int32_t id)
{
    size_t mask = penalties->n_slot - 1, at = ((uint32_t)id * 2654435761u >> 7) & mask;
    while (penalties->slots[at] != 0 && penalties->seen[penalties->slots[at] - 1].id != id)
        at = (at + 1) & mask;
    return &penalties->slots[at];
}

/* NULL: the id did not occur. */
static struct t2v_seen *find(const struct t2v_penalties *penalties, int32_t id)
{
    uint32_t at = penalties->n_slot != 0 ? *slot_of(penalties, id) : 0;
    return at != 0 ? &penalties->seen[at - 1] : NULL;
}

/* Makes room for one more id. */
static int grow(struct t2v_penalties *penalties)
{
    if (penalties->n == penalties->cap) {
        void *seen =
            t2v_grow(penalties->seen, &penalties->cap, FIRST_SLOTS / 2, sizeof *penalties->seen);
        if (seen == NULL)
            return T2V_ENOMEM;
        penalties->seen = seen;
    }
    if (penalties->n * 2 < penalties->n_slot)
        return 0;
    size_t n_slot = penalties->n_slot != 0 ? penalties->n_slot * 2 : FIRST_SLOTS;
    uint32_t *slots = t2v_alloc_zero(n_slot, sizeof *slots);
    if (slots == NULL)
        return T2V_ENOMEM;
    t2v_free(penalties->slots);
    penalties->slots = slots;
    penalties->n_slot = n_slot;
    for (size_t i = 0; i < penalties->n; i++)
        *slot_of(penalties, penalties->seen[i].id) = (uint32_t)i + 1;
    return 0;
}

int t2v_penalties_add(struct t2v_penalties *penalties, int32_t id, bool is_new)
{
    struct t2v_seen *seen = find(penalties, id);
    if (seen == NULL) {
        int rc = grow(penalties);
        if (rc != 0)
            return rc;
        seen = &penalties->seen[penalties->n++];
        *seen = (struct t2v_seen){.id = id};
        *slot_of(penalties, id) = (uint32_t)penalties->n;
    }
    seen->n_new += is_new;
    return 0;
}

/* -inf stays: the id is ruled out. */
static float bounded(float x)
{
    return x > FLT_MAX ? FLT_MAX : x;
}

static void apply_bias(struct t2v_penalties *penalties, float *logits)
{
    for (size_t i = 0; i < penalties->n_biased; i++) {
        struct t2v_biased *biased = &penalties->biased[i];
        biased->raw = logits[biased->id];
        logits[biased->id] = bounded(biased->raw + biased->bias);
    }
}

void t2v_penalties_apply(struct t2v_penalties *penalties, const struct t2v_sampling *sampling,
                         float *logits)
{
    float repetition = sampling->repetition_penalty;
    apply_bias(penalties, logits);
    for (size_t i = 0; i < penalties->n; i++) {
        struct t2v_seen *seen = &penalties->seen[i];
        float x = seen->raw = logits[seen->id];
        x = bounded(x < 0 ? x * repetition : x / repetition);
        if (seen->n_new != 0)
            x -= (float)seen->n_new * sampling->frequency_penalty + sampling->presence_penalty;
        logits[seen->id] = bounded(x);
    }
}

void t2v_penalties_undo(const struct t2v_penalties *penalties, float *logits)
{
    for (size_t i = penalties->n; i-- > 0;)
        logits[penalties->seen[i].id] = penalties->seen[i].raw;
    for (size_t i = penalties->n_biased; i-- > 0;)
        logits[penalties->biased[i].id] = penalties->biased[i].raw;
}
