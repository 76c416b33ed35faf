/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Preloaded into t2v by run.py: makes memory and clocks fail on demand, for libraries too. The file
 * SHIM_FILE is mapped and shared with the test, which sets what fails and when.
 */
#undef _FILE_OFFSET_BITS /* which renames mmap */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#pragma GCC visibility push(default) /* replaces the C library's functions */

struct control {
    atomic_long fail_at;     /* the n-th request for memory from now on fails; negative: none */
    atomic_long fails;       /* the number of failures in a row */
    atomic_long requests;    /* requests so far */
    atomic_long failed;      /* failed requests so far */
    atomic_long wall_offset; /* seconds, added to the wall clock */
    atomic_long stall; /* while not 0, all threads but the first wait in requests for memory */
};

static struct control nothing = {.fail_at = -1};
static struct control *control = &nothing;

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *ptr, size_t bytes);
extern void *__libc_memalign(size_t align, size_t bytes);

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("SHIM_FILE");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    long at = syscall(SYS_mmap, NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0L);
    close(fd);
    if (at != -1)
        control = (struct control *)at;
}

static int refused(void)
{
    while (atomic_load_explicit(&control->stall, memory_order_relaxed) != 0 && gettid() != getpid())
        usleep(1000);
    atomic_fetch_add(&control->requests, 1);
    if (atomic_load_explicit(&control->fail_at, memory_order_relaxed) < 0)
        return 0;
    if (atomic_fetch_sub(&control->fail_at, 1) > 0)
        return 0;
    atomic_fetch_add(&control->failed, 1);
    if (atomic_fetch_sub(&control->fails, 1) > 1)
        atomic_store(&control->fail_at, 0);
    else
        atomic_store(&control->fail_at, -1);
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t bytes)
{
    return refused() ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t n, size_t size)
{
    return refused() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *ptr, size_t bytes)
{
    return refused() ? NULL : __libc_realloc(ptr, bytes);
}

void *memalign(size_t align, size_t bytes)
{
    return refused() ? NULL : __libc_memalign(align, bytes);
}

void *aligned_alloc(size_t align, size_t bytes)
{
    return memalign(align, bytes);
}

int posix_memalign(void **out, size_t align, size_t bytes)
{
    void *ptr = memalign(align, bytes);
    if (ptr == NULL)
        return ENOMEM;
    *out = ptr;
    return 0;
}

void *mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    if (refused())
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, at, bytes, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    return mmap(at, bytes, protection, flags, fd, offset);
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    int rc = (int)syscall(SYS_clock_gettime, clock, out);
    if (rc == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        out->tv_sec += atomic_load(&control->wall_offset);
    return rc;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}
