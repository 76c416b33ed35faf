/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEST_GUARD_H
#define T2V_TEST_GUARD_H
/* Memory that ends just before an inaccessible page, so that reading one byte too many crashes. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/str.h"

struct guard {
    char *ptr, *end; /* end: the first inaccessible byte */
    size_t page;
};

static inline struct guard guard_new(size_t bytes)
{
    struct guard guard = {.page = (size_t)sysconf(_SC_PAGESIZE)};
    size_t room = (bytes + guard.page) / guard.page * guard.page;
    guard.ptr =
        mmap(NULL, room + guard.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(guard.ptr != MAP_FAILED);
    guard.end = guard.ptr + room;
    assert_int_equal(mprotect(guard.end, guard.page, PROT_NONE), 0);
    return guard;
}

static inline struct t2v_str guard_put(struct guard *guard, struct t2v_str text)
{
    char *at = guard->end - text.len;
    if (text.len > 0)
        memcpy(at, text.ptr, text.len);
    return (struct t2v_str){at, text.len};
}

static inline void guard_free(struct guard *guard)
{
    munmap(guard->ptr, (size_t)(guard->end - guard->ptr) + guard->page);
}

#endif
