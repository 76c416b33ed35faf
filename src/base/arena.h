/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_ARENA_H
#define T2V_BASE_ARENA_H
/*
 * Memory that is given out piece by piece and dropped all at once: what a model owns. One thread at
 * a time.
 */
#include <stddef.h>

#include "base/str.h"

struct t2v_arena {
    struct t2v_arena_chunk *chunks; /* newest first */
    size_t bytes;                   /* handed out so far, chunk heads not counted */
};

/* n items of size bytes each, aligned for any type (64 bytes when 4 KiB or more), not zeroed. NULL
 * when memory cannot be had. A zeroed struct is an empty arena. */
void *t2v_arena_alloc(struct t2v_arena *arena, size_t n, size_t size);
/* A copy of the bytes, with a NUL after them that does not count; ptr is NULL on failure. */
struct t2v_str t2v_arena_dup(struct t2v_arena *arena, struct t2v_str s);
void t2v_arena_free(struct t2v_arena *arena);

#endif
