/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/grammar/frame.h"

#include "base/mem.h"

#include "base/banned.h"

enum { FIRST = 8, MAX_STACKS = 2048, KEPT_CHUNKS = 4 };

void t2v_frame_pool_deinit(struct t2v_frame_pool *pool)
{
    for (size_t i = 0; i < pool->n_chunk; i++)
        t2v_free(pool->chunks[i]);
    t2v_free(pool->chunks);
    *pool = (struct t2v_frame_pool){0};
}

void t2v_frame_pool_trim(struct t2v_frame_pool *pool)
{
    size_t kept = pool->used / T2V_FRAMES_OF_CHUNK + KEPT_CHUNKS;
    while (pool->n_chunk > kept)
        t2v_free(pool->chunks[--pool->n_chunk]);
}

static bool add_chunk(struct t2v_frame_pool *pool)
{
    if (pool->n_chunk == pool->cap) {
        void *chunks = t2v_grow(pool->chunks, &pool->cap, FIRST, sizeof *pool->chunks);
        if (chunks == NULL)
            return false;
        pool->chunks = chunks;
    }
    struct t2v_frame *chunk = t2v_alloc(T2V_FRAMES_OF_CHUNK * sizeof *chunk);
    if (chunk != NULL)
        pool->chunks[pool->n_chunk++] = chunk;
    return chunk != NULL;
}

const struct t2v_frame *t2v_frame_new(struct t2v_frame_pool *pool, const struct t2v_frame *frame)
{
    size_t chunk = pool->used / T2V_FRAMES_OF_CHUNK;
    if (chunk == pool->n_chunk && !add_chunk(pool))
        return NULL;
    struct t2v_frame *copy = &pool->chunks[chunk][pool->used++ % T2V_FRAMES_OF_CHUNK];
    *copy = *frame;
    return copy;
}

void t2v_frames_deinit(struct t2v_frames *frames)
{
    t2v_free(frames->list);
    *frames = (struct t2v_frames){0};
}

static bool is_same(const struct t2v_frame *a, const struct t2v_frame *b)
{
    for (; a != b; a = a->up, b = b->up)
        if (a == NULL || b == NULL || a->node != b->node || a->kind != b->kind ||
            a->phase != b->phase || a->blank != b->blank || a->negative != b->negative ||
            a->depth != b->depth || a->n != b->n || a->from != b->from || a->to != b->to ||
            a->first != b->first || a->last != b->last || a->v != b->v)
            return false;
    return true;
}

int t2v_frames_add(struct t2v_frames *frames, const struct t2v_frame *frame)
{
    for (size_t i = 0; i < frames->n; i++)
        if (is_same(frames->list[i], frame))
            return 0;
    if (frames->n == MAX_STACKS)
        return T2V_ETOOLARGE;
    if (frames->n == frames->cap) {
        void *list = t2v_grow(frames->list, &frames->cap, FIRST, sizeof *frames->list);
        if (list == NULL)
            return T2V_ENOMEM;
        frames->list = list;
    }
    frames->list[frames->n++] = frame;
    return 0;
}

static const struct t2v_frame *copy_stack(const struct t2v_frame *frame,
                                          struct t2v_frame_pool *pool)
{
    struct t2v_frame copy = *frame;
    if (frame->up != NULL) {
        copy.up = copy_stack(frame->up, pool);
        if (copy.up == NULL)
            return NULL;
    }
    return t2v_frame_new(pool, &copy);
}

int t2v_frames_copy(const struct t2v_frames *from, struct t2v_frame_pool *pool,
                    struct t2v_frames *to)
{
    const struct t2v_frame *up = NULL, *copied = NULL; /* stacks often differ in their top alone */
    int rc = 0;
    to->n = 0;
    for (size_t i = 0; i < from->n && rc == 0; i++) {
        struct t2v_frame copy = *from->list[i];
        if (copy.up != NULL && (copied == NULL || copy.up != up)) {
            up = copy.up;
            copied = copy_stack(up, pool);
            if (copied == NULL)
                return T2V_ENOMEM;
        }
        copy.up = copy.up != NULL ? copied : NULL;
        const struct t2v_frame *frame = t2v_frame_new(pool, &copy);
        rc = frame != NULL ? t2v_frames_add(to, frame) : T2V_ENOMEM;
    }
    return rc;
}
