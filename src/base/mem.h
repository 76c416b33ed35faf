/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_MEM_H
#define T2V_BASE_MEM_H
/*
 * All heap memory that we ask for ourselves (libraries do not) comes through here, so that a test
 * can make the n-th request for it fail. Every function returns NULL when memory cannot be had (or
 * a product of sizes overflows).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *t2v_alloc(size_t bytes);
/* n items of size bytes each, zeroed. */
void *t2v_alloc_zero(size_t n, size_t size);
/* As realloc, for n items of size bytes. On NULL the old block stays as it was. */
void *t2v_resize(void *ptr, size_t n, size_t size);
/* The same for a list that is full: at least `first` items, else twice *cap, which is set. */
void *t2v_grow(void *ptr, size_t *cap, size_t first, size_t size);
/* 64-byte aligned, not zeroed. Freed with t2v_free too. */
void *t2v_alloc_aligned(size_t n, size_t size);
/* A NUL-terminated copy of len bytes. */
char *t2v_dup(const char *ptr, size_t len);
void t2v_free(void *ptr);
/* Says that a block, of which all will be written, is better had in large pages. */
void t2v_mem_large_pages(void *ptr, size_t bytes);

/* Checked arithmetic for sizes that a file or a client named: false on overflow, *out untouched. */
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

/* Tests only: the n-th request from now on fails (0: the next one), once; negative: none does.
 * Returns how many requests there have been since the last call; only those up to the one that
 * fails are counted, so give LONG_MAX to count all. Not for use with threads. */
size_t t2v_mem_fail_at(long n);

#endif
