/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>

#include "base/mem.h"

#include "base/banned.h"

enum { CHUNK_BYTES = 32 * 1024, LARGE_BYTES = 4096 };

struct t2v_arena_chunk {
    struct t2v_arena_chunk *next;
    size_t used, cap;
    alignas(64) unsigned char bytes[];
};

static struct t2v_arena_chunk *add_chunk(struct t2v_arena *arena, size_t cap)
{
    size_t total;
    if (!t2v_add(cap, sizeof(struct t2v_arena_chunk), &total))
        return NULL;
    struct t2v_arena_chunk *chunk = t2v_alloc_aligned(total, 1);
    if (chunk == NULL)
        return NULL;
    chunk->next = arena->chunks;
    chunk->used = 0;
    chunk->cap = cap;
    arena->chunks = chunk;
    return chunk;
}

void *t2v_arena_alloc(struct t2v_arena *arena, size_t n, size_t size)
{
    size_t bytes;
    if (!t2v_mul(n, size, &bytes) || bytes > SIZE_MAX - 64)
        return NULL;
    bytes = (bytes + 15) & ~(size_t)15;
    struct t2v_arena_chunk *chunk = arena->chunks;
    if (bytes >= LARGE_BYTES) {
        /* A chunk of its own, linked after the current one, which may still have room. */
        chunk = add_chunk(arena, bytes);
        if (chunk != NULL && chunk->next != NULL) {
            struct t2v_arena_chunk *current = chunk->next;
            arena->chunks = current;
            chunk->next = current->next;
            current->next = chunk;
        }
    } else if (chunk == NULL || chunk->cap - chunk->used < bytes) {
        chunk = add_chunk(arena, CHUNK_BYTES);
    }
    if (chunk == NULL)
        return NULL;
    void *piece = chunk->bytes + chunk->used;
    chunk->used += bytes;
    arena->bytes += bytes;
    return piece;
}

struct t2v_str t2v_arena_dup(struct t2v_arena *arena, struct t2v_str s)
{
    char *copy = s.len < SIZE_MAX ? t2v_arena_alloc(arena, s.len + 1, 1) : NULL;
    if (copy == NULL)
        return (struct t2v_str){NULL, 0};
    if (s.len != 0)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return (struct t2v_str){copy, s.len};
}

void t2v_arena_free(struct t2v_arena *arena)
{
    struct t2v_arena_chunk *chunk = arena->chunks;
    while (chunk != NULL) {
        struct t2v_arena_chunk *next = chunk->next;
        t2v_free(chunk);
        chunk = next;
    }
    *arena = (struct t2v_arena){0};
}
