/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/remap.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/banned.h"

static bool map_over(void *at, size_t len, int flags, int fd)
{
    long rc = syscall(SYS_mmap, at, len, PROT_READ, MAP_PRIVATE | MAP_FIXED | flags, fd, 0L);
    return rc == (long)(uintptr_t)at;
}

bool t2v_remap_file(void *at, size_t len, int fd)
{
    return map_over(at, len, 0, fd);
}

bool t2v_remap_zeros(const uint8_t *ptr, size_t len, uintptr_t from)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), end = (uintptr_t)ptr + len;
    from -= from % page;
    return map_over((void *)from, end - from, MAP_ANONYMOUS, -1);
}

bool t2v_remap_copy(void *at, void *copy, size_t len)
{
    if (mprotect(copy, len, PROT_READ) != 0)
        return false;
    long rc = syscall(SYS_mremap, copy, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, at);
    return rc == (long)(uintptr_t)at;
}
