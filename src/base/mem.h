/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_MEM_H
#define T2V_BASE_MEM_H
/*
 * All heap allocations of t2v itself, though not of libraries, so that a test can make the n-th one
 * fail. Every function returns NULL without memory, or when a product of sizes overflows. Free with
 * t2v_free, which allows NULL.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *t2v_alloc(size_t bytes);
/* n items of size bytes each, zeroed. n may be 0: the result is not NULL then, either. */
void *t2v_alloc_zero(size_t n, size_t size);
/* As realloc, for n items of size bytes. When it returns NULL, the old block is unchanged. */
void *t2v_resize(void *ptr, size_t n, size_t size);
/* As t2v_resize, for a list that is full: doubles *cap, which becomes at least `first`. */
void *t2v_grow(void *ptr, size_t *cap, size_t first, size_t size);
/* n items of size bytes each, aligned to 64 bytes, not zeroed. */
void *t2v_alloc_aligned(size_t n, size_t size);
/* A NUL-terminated copy of len bytes. */
char *t2v_dup(const char *ptr, size_t len);
void t2v_free(void *ptr);
/* Advises huge pages for a block that will be written in full. */
void t2v_mem_large_pages(void *ptr, size_t bytes);

/* Checked arithmetic for sizes from a file or a client: false on overflow, with *out unchanged. */
static inline bool t2v_mul(size_t a, size_t b, size_t *out)
{
    size_t r;
    if (__builtin_mul_overflow(a, b, &r))
        return false;
    *out = r;
    return true;
}

static inline bool t2v_add(size_t a, size_t b, size_t *out)
{
    size_t r;
    if (__builtin_add_overflow(a, b, &r))
        return false;
    *out = r;
    return true;
}

/* Tests only: the n-th request from now on (0: the next one) fails, once; negative: none does.
 * Returns the number of requests since the last call, counted up to the one that fails; LONG_MAX
 * counts all. Not for use with threads. */
size_t t2v_mem_fail_at(long n);

#endif
