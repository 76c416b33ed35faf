/* SPDX-License-Identifier: BSD-3-Clause */
#define T2V_BASE_MEM_C
#include "base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/banned.h"

static atomic_long fail_in = -1;
static atomic_size_t requests;

size_t t2v_mem_fail_at(long n)
{
    atomic_store(&fail_in, n);
    return atomic_exchange(&requests, 0);
}

static bool refused(void)
{
    if (atomic_load_explicit(&fail_in, memory_order_relaxed) < 0)
        return false;
    atomic_fetch_add(&requests, 1);
    return atomic_fetch_sub(&fail_in, 1) == 0;
}

void *t2v_alloc(size_t bytes)
{
    return refused() ? NULL : malloc(bytes != 0 ? bytes : 1);
}

void *t2v_alloc_zero(size_t n, size_t size)
{
    size_t bytes;
    if (!t2v_mul(n, size, &bytes) || refused())
        return NULL;
    return calloc(1, bytes != 0 ? bytes : 1);
}

void *t2v_resize(void *ptr, size_t n, size_t size)
{
    size_t bytes;
    if (!t2v_mul(n, size, &bytes) || refused())
        return NULL;
    return realloc(ptr, bytes != 0 ? bytes : 1);
}

void *t2v_grow(void *ptr, size_t *cap, size_t first, size_t size)
{
    size_t n;
    if (!t2v_mul(*cap, 2, &n))
        return NULL;
    if (n < first)
        n = first;
    void *grown = t2v_resize(ptr, n, size);
    if (grown != NULL)
        *cap = n;
    return grown;
}

void *t2v_alloc_aligned(size_t n, size_t size)
{
    size_t bytes;
    if (!t2v_mul(n, size, &bytes) || !t2v_add(bytes, 63, &bytes) || refused())
        return NULL;
    bytes &= ~(size_t)63;
    return aligned_alloc(64, bytes != 0 ? bytes : 64);
}

char *t2v_dup(const char *ptr, size_t len)
{
    char *copy = len < SIZE_MAX ? t2v_alloc(len + 1) : NULL;
    if (copy != NULL) {
        if (len != 0)
            memcpy(copy, ptr, len);
        copy[len] = '\0';
    }
    return copy;
}

void t2v_mem_large_pages(void *ptr, size_t bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = ((uintptr_t)ptr + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)ptr + bytes) / page * page;
    if (begin < end) /* may fail: it is advice */
        (void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

void t2v_free(void *ptr)
{
    free(ptr);
}
