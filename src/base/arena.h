/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_ARENA_H
#define T2V_BASE_ARENA_H
/*
 * Memory that is allocated piece by piece and freed all at once, for what a model owns. A zeroed
 * struct is an empty arena. One thread at a time.
 */
#include <stddef.h>

#include "base/str.h"

struct t2v_arena {
    struct t2v_arena_chunk *chunks; /* newest first */
    size_t bytes;                   /* handed out so far, chunk heads not counted */
};

/* n items of size bytes each, not zeroed, aligned for any type; to 64 bytes from 4 KiB on. NULL
 * without memory, or when n * size overflows. */
void *t2v_arena_alloc(struct t2v_arena *arena, size_t n, size_t size);
/* A copy of the bytes, followed by a NUL that len does not count. ptr is NULL without memory. */
struct t2v_str t2v_arena_dup(struct t2v_arena *arena, struct t2v_str s);
/* Frees all allocations; the arena is empty then. NULL is not allowed. */
void t2v_arena_free(struct t2v_arena *arena);

#endif
