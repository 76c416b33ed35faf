/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/space.h"

#include "base/mem.h"

#include "base/banned.h"

enum { KEPT_BYTES = 1 << 20 }; /* of a scratch buffer, from one text to the next */

/* Ceilings of scratch buffers: a piece of as many bytes as a body may have takes 20 times that in
 * the model, when nothing cuts it. */
#define MAX_PRETOK_BYTES ((size_t)1 << 28)
#define MAX_MODEL_BYTES  ((size_t)1 << 29)
#define MAX_OFFSET_BYTES ((size_t)1 << 32)

/* All buffers but the normalizer's: calls take for each. */
static void each_buf(t2v_token_space *space, void (*take)(struct t2v_buf *))
{
    for (size_t i = 0; i < T2V_PRETOK_MAX_STEPS; i++)
        take(&space->pretok[i]);
    for (size_t i = 0; i < T2V_MODEL_SCRATCH; i++)
        take(&space->model[i]);
    for (size_t i = 0; i < T2V_PRETOK_MAX_STEPS; i++)
        take(&space->aligned[i]);
    struct t2v_buf *rest[] = {&space->align, &space->spans, &space->marks, &space->chars,
                              &space->bytes};
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        take(rest[i]);
}

static void init(struct t2v_buf *buf)
{
    t2v_buf_init(buf, MAX_OFFSET_BYTES);
}

int t2v_token_space_new(t2v_token_space **out)
{
    t2v_token_space *space = t2v_alloc_zero(1, sizeof *space);
    if (space == NULL)
        return T2V_ENOMEM;
    t2v_norm_space_init(&space->norm);
    each_buf(space, init);
    for (size_t i = 0; i < T2V_PRETOK_MAX_STEPS; i++)
        space->pretok[i].max = MAX_PRETOK_BYTES;
    for (size_t i = 0; i < T2V_MODEL_SCRATCH; i++)
        space->model[i].max = MAX_MODEL_BYTES;
    *out = space;
    return 0;
}

void t2v_token_space_free(t2v_token_space *space)
{
    if (space == NULL)
        return;
    for (size_t i = 0; i < 2; i++) {
        t2v_ids_deinit(&space->pair[i]);
        t2v_offsets_deinit(&space->pair_offsets[i]);
    }
    t2v_norm_space_deinit(&space->norm);
    each_buf(space, t2v_buf_deinit);
    t2v_free(space);
}

static void shrink(struct t2v_buf *buf)
{
    if (buf->cap > KEPT_BYTES)
        t2v_buf_deinit(buf);
}

void t2v_token_space_shrink(t2v_token_space *space)
{
    shrink(&space->norm.text[0]);
    shrink(&space->norm.text[1]);
    shrink(&space->norm.from);
    shrink(&space->norm.spans);
    for (size_t i = 0; i < 2; i++) {
        if (space->norm.cps[i].cap > KEPT_BYTES / sizeof *space->norm.cps[i].ptr)
            t2v_cps_deinit(&space->norm.cps[i]);
    }
    each_buf(space, shrink);
}

void t2v_token_space_shrink_pair(t2v_token_space *space)
{
    for (size_t i = 0; i < 2; i++) {
        if (space->pair[i].cap > KEPT_BYTES / sizeof *space->pair[i].ptr)
            t2v_ids_deinit(&space->pair[i]);
        if (space->pair_offsets[i].cap > KEPT_BYTES / sizeof *space->pair_offsets[i].ptr)
            t2v_offsets_deinit(&space->pair_offsets[i]);
    }
}
