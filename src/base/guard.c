/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/guard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"

#include "base/banned.h"

enum { MAX_FILES = 256 };

struct guarded {
    _Atomic(const uint8_t *) ptr; /* NULL: a free place; set last, for the signal's handler */
    size_t len;
    char *path;
    int fd;
    struct timespec written;
};

static struct guarded files[MAX_FILES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* all but the handler take it */

static struct guarded *find(const uint8_t *ptr)
{
    for (size_t i = 0; i < MAX_FILES; i++) {
        if (atomic_load(&files[i].ptr) == ptr)
            return &files[i];
    }
    return NULL;
}

static int fill(struct guarded *file, int fd, const uint8_t *ptr, size_t len, char *path)
{
    struct stat st;
    if (file == NULL || path == NULL)
        return path == NULL ? T2V_ENOMEM : T2V_ETOOLARGE;
    if (fstat(fd, &st) != 0)
        return T2V_EIO;
    file->len = len;
    file->path = path;
    file->fd = fd;
    file->written = st.st_mtim;
    atomic_store(&file->ptr, ptr);
    return 0;
}

int t2v_guard_add(int fd, const uint8_t *ptr, size_t len, const char *path, struct t2v_err *err)
{
    char *kept = t2v_dup(path, strlen(path));
    pthread_mutex_lock(&lock);
    int rc = fill(find(NULL), fd, ptr, len, kept);
    pthread_mutex_unlock(&lock);
    if (rc == 0)
        return 0;
    t2v_free(kept);
    close(fd);
    return t2v_fail(err, rc, "%s: cannot be watched: %s", path,
                    rc == T2V_ETOOLARGE ? "too many files are mapped" : "no memory, or no status");
}

void t2v_guard_drop(const uint8_t *ptr)
{
    pthread_mutex_lock(&lock);
    struct guarded *file = ptr != NULL ? find(ptr) : NULL;
    if (file != NULL) {
        atomic_store(&file->ptr, NULL);
        close(file->fd);
        t2v_free(file->path);
    }
    pthread_mutex_unlock(&lock);
}

static int check(const struct guarded *file, struct t2v_err *err)
{
    struct stat st;
    if (fstat(file->fd, &st) != 0)
        return t2v_fail(err, T2V_EIO, "%s: %s", file->path, strerror(errno));
    if (st.st_size == (off_t)file->len && st.st_mtim.tv_sec == file->written.tv_sec &&
        st.st_mtim.tv_nsec == file->written.tv_nsec)
        return 0;
    return t2v_fail(err, T2V_EIO, "%s: changed while it was in use, from %zu to %lld bytes",
                    file->path, file->len, (long long)st.st_size);
}

int t2v_guard_check(struct t2v_err *err)
{
    int rc = 0;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < MAX_FILES && rc == 0; i++) {
        if (atomic_load(&files[i].ptr) != NULL)
            rc = check(&files[i], err);
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

/* Calls only what a signal's handler may. */
static _Noreturn void end(const char *what, const char *why)
{
    const char *parts[] = {"t2v: ", what, why, "\n"};
    struct iovec line[4];
    for (size_t i = 0; i < 4; i++)
        line[i] = (struct iovec){(void *)(uintptr_t)parts[i], strlen(parts[i])};
    ssize_t n = writev(STDERR_FILENO, line, 4);
    (void)n;
    _exit(1);
}

_Noreturn void t2v_guard_end(const char *why)
{
    end(why, "");
}

static void on_bus_error(int number, siginfo_t *info, void *context)
{
    (void)context;
    uintptr_t at = (uintptr_t)info->si_addr;
    for (size_t i = 0; i < MAX_FILES; i++) {
        const uint8_t *ptr = atomic_load(&files[i].ptr);
        if (ptr != NULL && at >= (uintptr_t)ptr && at - (uintptr_t)ptr < files[i].len)
            end(files[i].path, ": cut short, or unreadable, while it was in use");
    }
    signal(number, SIG_DFL); /* not ours: what failed fails again, as it would have */
}

void t2v_guard_start(void)
{
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}
