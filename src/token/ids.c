/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/ids.h"

#include "base/error.h"
#include "base/mem.h"

#include "base/banned.h"

int t2v_ids_add(struct t2v_ids *ids, int32_t id)
{
    if (ids->len == ids->cap) {
        int32_t *grown = t2v_grow(ids->ptr, &ids->cap, 64, sizeof *grown);
        if (grown == NULL)
            return T2V_ENOMEM;
        ids->ptr = grown;
    }
    ids->ptr[ids->len++] = id;
    return 0;
}

void t2v_ids_deinit(struct t2v_ids *ids)
{
    t2v_free(ids->ptr);
    *ids = (struct t2v_ids){0};
}

int t2v_offsets_add(struct t2v_offsets *offsets, struct t2v_offset offset)
{
    if (offsets->len == offsets->cap) {
        struct t2v_offset *grown = t2v_grow(offsets->ptr, &offsets->cap, 64, sizeof *grown);
        if (grown == NULL)
            return T2V_ENOMEM;
        offsets->ptr = grown;
    }
    offsets->ptr[offsets->len++] = offset;
    return 0;
}

void t2v_offsets_deinit(struct t2v_offsets *offsets)
{
    t2v_free(offsets->ptr);
    *offsets = (struct t2v_offsets){0};
}
