/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/guard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/remap.h"
#include "base/thread.h"
#include "base/utf8.h"

#include "base/banned.h"

enum {
    MAX_FILES = 256,
    READ_BYTES = 256 * 1024, /* read at a time for a digest */
    LOOK_S = 1,              /* seconds between checks by the watcher */
    FRESH_NS = 20000000,     /* within this, a second write may leave the same time stamp */
    PATH_BYTES = 1024        /* of a path in a message */
};
static const uint64_t quiet_ns = UINT64_C(1000000000), doubt_ns = UINT64_C(10000000000);
/* A file that is written to for so long, and stays the same, is copied. */
static const uint64_t adopt_ns = UINT64_C(2000000000);
_Static_assert(READ_BYTES % T2V_DIGEST_BLOCK == 0, "whole blocks");

struct guarded {
    _Atomic(const uint8_t *) ptr; /* NULL: a free slot; set last, for the signal handler */
    size_t len;
    char *path; /* escaped for printing */
    int fd;
    struct timespec modified; /* st_mtim of the accepted bytes */
    struct timespec written;  /* their st_ctim: cannot be set, but links and renames update it */
    uint64_t digest;          /* of them, if known */
    bool known;
    atomic_bool faulted; /* the handler has mapped zeros into it */
    atomic_bool adopted; /* the mapping is a copy of the known bytes: the file no longer counts */

    /* While it differs; for the watcher only. */
    uint64_t doubted_ns;  /* since when; 0: it does not */
    off_t seen_size;      /* its size when last seen, */
    struct timespec seen; /* its st_ctim then, */
    uint64_t seen_ns;     /* and when that was first seen */
};

static struct guarded files[MAX_FILES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* all but the handler take it */

/* The watcher. The lock guards all but the atomic fields. */
static struct {
    pthread_t thread;
    pthread_cond_t wake;    /* wakes the watcher: check now, or stop */
    pthread_cond_t settled; /* the watcher has checked */
    bool stop, wanted;
    atomic_bool runs;
    atomic_uint steps;
    atomic_uint changes; /* faults, and files that were written to */
    struct t2v_err lost;
    uint8_t *bytes; /* [READ_BYTES], the thread's own */
} watcher = {.wake = PTHREAD_COND_INITIALIZER, .settled = PTHREAD_COND_INITIALIZER};

/* --- the files --- */

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
    file->modified = st.st_mtim;
    file->written = st.st_ctim;
    file->known = false;
    file->doubted_ns = 0;
    file->seen_size = -1;
    atomic_store(&file->faulted, false);
    atomic_store(&file->adopted, false);
    atomic_store(&file->ptr, ptr);
    return 0;
}

int t2v_guard_add(int fd, const uint8_t *ptr, size_t len, const char *path, struct t2v_err *err)
{
    char shown[PATH_BYTES];
    char *kept = t2v_dup(shown, t2v_utf8_show(shown, sizeof shown, t2v_str_of(path)));
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

/* --- checks, under the lock --- */

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static int changed(const struct guarded *file, off_t size, struct t2v_err *err)
{
    if (size == (off_t)file->len)
        return t2v_fail(err, T2V_EIO, "%s: changed while it was in use", file->path);
    return t2v_fail(err, T2V_EIO, "%s: changed while it was in use, from %zu to %lld bytes",
                    file->path, file->len, (long long)size);
}

static bool is_as_before(const struct guarded *file, const struct stat *st)
{
    return st->st_size == (off_t)file->len && same_time(st->st_ctim, file->written) &&
           !atomic_load(&file->faulted);
}

/* Sets *in_doubt when the watcher must decide. */
static int look_at(const struct guarded *file, bool *in_doubt, struct t2v_err *err)
{
    struct stat st;
    if (atomic_load(&file->adopted))
        return 0;
    if (fstat(file->fd, &st) != 0)
        return t2v_fail(err, T2V_EIO, "%s: %s", file->path, strerror(errno));
    if (atomic_load(&watcher.runs)) {
        *in_doubt |= !is_as_before(file, &st);
        return 0;
    }
    bool same = st.st_size == (off_t)file->len && same_time(st.st_mtim, file->modified);
    return same ? 0 : changed(file, st.st_size, err);
}

static int look_at_all(bool *in_doubt, struct t2v_err *err)
{
    int rc = 0;
    for (size_t i = 0; i < MAX_FILES && rc == 0; i++) {
        if (atomic_load(&files[i].ptr) != NULL)
            rc = look_at(&files[i], in_doubt, err);
    }
    return rc;
}

/* Keeps the first reason, if there is a watcher. */
static int lose(const struct t2v_err *why)
{
    if (atomic_load(&watcher.runs) && watcher.lost.code == 0)
        watcher.lost = *why;
    return why->code;
}

unsigned t2v_guard_mark(void)
{
    return atomic_load(&watcher.changes);
}

int t2v_guard_check(unsigned mark, struct t2v_err *err)
{
    struct t2v_err why = {0};
    bool in_doubt = true;
    pthread_mutex_lock(&lock);
    while (in_doubt && why.code == 0) {
        in_doubt = false;
        why = watcher.lost;
        if (why.code == 0 && look_at_all(&in_doubt, &why) != 0)
            lose(&why);
        if (in_doubt && why.code == 0) {
            watcher.wanted = true;
            pthread_cond_signal(&watcher.wake);
            pthread_cond_wait(&watcher.settled, &lock);
        }
    }
    pthread_mutex_unlock(&lock);
    if (why.code != 0)
        return t2v_fail(err, why.code, "%s", why.msg);
    return atomic_load(&watcher.changes) != mark;
}

bool t2v_guard_is_lost(struct t2v_err *err)
{
    pthread_mutex_lock(&lock);
    bool lost = watcher.lost.code != 0;
    if (lost)
        t2v_fail(err, watcher.lost.code, "%s", watcher.lost.msg);
    pthread_mutex_unlock(&lock);
    return lost;
}

unsigned t2v_guard_steps(void)
{
    return atomic_load(&watcher.steps);
}

/* --- the watcher --- */

/* Whether another write could leave the same time stamp: they are as coarse as the kernel's clock
 * tick. */
static bool is_fresh(struct timespec written)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t ns =
        (int64_t)(now.tv_sec - written.tv_sec) * 1000000000 + now.tv_nsec - written.tv_nsec;
    return ns >= 0 && ns < FRESH_NS;
}

/* Reads all of a file, not of the mapping, whose pages would stay in memory, and computes the
 * digest of what was read. copy: [file->len], where the bytes go; NULL: nowhere. T2V_EBUSY: the
 * file is shorter, so somebody is writing. */
static int read_bytes(const struct guarded *file, uint8_t *copy, uint64_t *out, struct t2v_err *err)
{
    struct t2v_digest digest;
    t2v_digest_begin(&digest);
    for (size_t done = 0, n; done < file->len; done += n) {
        uint8_t *to = copy != NULL ? copy + done : watcher.bytes;
        n = file->len - done < READ_BYTES ? file->len - done : READ_BYTES;
        ssize_t got;
        do
            got = pread(file->fd, to, n, (off_t)done);
        while (got < 0 && errno == EINTR);
        if (got < 0)
            return t2v_fail(err, T2V_EIO, "%s: %s", file->path, strerror(errno));
        if ((size_t)got != n)
            return T2V_EBUSY;
        t2v_digest_add(&digest, to, n);
        atomic_fetch_add(&watcher.steps, 1);
    }
    *out = t2v_digest_end(&digest);
    return 0;
}

/* Computes the digest of a file's current bytes, and when they were written. T2V_EBUSY: somebody
 * may still be writing; *out is that of what was read, or unchanged. */
static int read_digest(const struct guarded *file, uint64_t *out, struct timespec *written,
                       struct t2v_err *err)
{
    struct stat before, after;
    if (fstat(file->fd, &before) != 0)
        return t2v_fail(err, T2V_EIO, "%s: %s", file->path, strerror(errno));
    int rc = read_bytes(file, NULL, out, err);
    if (rc != 0)
        return rc;
    if (fstat(file->fd, &after) != 0 || after.st_size != (off_t)file->len ||
        !same_time(before.st_ctim, after.st_ctim) || is_fresh(after.st_ctim))
        return T2V_EBUSY;
    *written = after.st_ctim;
    return 0;
}

/* A file differs. T2V_EBUSY while it may become the same again, since a copy truncates it first:
 * for quiet_ns after the last write, and doubt_ns in all. */
static int judge(struct guarded *file, const struct stat *st, struct t2v_err *err)
{
    uint64_t now = t2v_clock_ns();
    if (file->doubted_ns == 0)
        file->doubted_ns = now;
    if (st->st_size != file->seen_size || !same_time(st->st_ctim, file->seen)) {
        file->seen_size = st->st_size;
        file->seen = st->st_ctim;
        file->seen_ns = now;
    }
    bool quiet = now - file->seen_ns >= quiet_ns, long_ago = now - file->doubted_ns >= doubt_ns;
    return quiet || long_ago || !file->known ? changed(file, st->st_size, err) : T2V_EBUSY;
}

/* The bytes are the known ones. If a fault put zeros into the mapping, maps the file again. */
static int accept(struct guarded *file, struct timespec written, struct t2v_err *err)
{
    void *ptr = (void *)(uintptr_t)atomic_load(&file->ptr);
    if (atomic_exchange(&file->faulted, false) && !t2v_remap_file(ptr, file->len, file->fd))
        return t2v_fail(err, T2V_EIO, "%s: cannot be mapped: %s", file->path, strerror(errno));
    pthread_mutex_lock(&lock);
    file->written = written;
    pthread_mutex_unlock(&lock);
    file->doubted_ns = 0;
    atomic_fetch_add(&watcher.changes, 1);
    t2v_log(T2V_LOG_INFO, "model", "written to, and the same as before path=%s", file->path);
    return 0;
}

/* Somebody writes to the file without end, though it has the known bytes: a copy of these takes its
 * place, so that nothing has to wait any longer. T2V_EBUSY: there is no memory for it, or the copy
 * has other bytes. */
static int adopt(struct guarded *file, struct t2v_err *err)
{
    uint64_t digest = ~file->digest;
    uint8_t *copy =
        mmap(NULL, file->len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED)
        return T2V_EBUSY;
    int rc = read_bytes(file, copy, &digest, err);
    if (rc == 0 && (digest != file->digest ||
                    !t2v_remap_copy((void *)(uintptr_t)atomic_load(&file->ptr), copy, file->len)))
        rc = T2V_EBUSY;
    if (rc != 0) {
        munmap(copy, file->len);
        return rc;
    }
    atomic_store(&file->faulted, false);
    atomic_store(&file->adopted, true);
    atomic_fetch_add(&watcher.changes, 1);
    t2v_log(T2V_LOG_WARN, "model",
            "written to without end, and the same as before: a copy of it is in memory now, and "
            "the file no longer counts path=%s mb=%zu",
            file->path, file->len >> 20);
    return 0;
}

/* Whether adopt is due. digest: of what was read just now. */
static bool is_restless(const struct guarded *file, uint64_t digest)
{
    return file->known && digest == file->digest && file->doubted_ns != 0 &&
           t2v_clock_ns() - file->doubted_ns >= adopt_ns;
}

/* Computes the first digest of a file, or compares its bytes with it. Called without the lock: only
 * the watcher writes these fields, and it takes the lock to write `written`, which others read. */
static int settle_file(struct guarded *file, const struct stat *st, struct t2v_err *err)
{
    uint64_t digest = ~file->digest;
    struct timespec written = {0};
    /* Without a digest st_mtim must do, though it can be set: links and renames update st_ctim. */
    bool first = !file->known && st->st_size == (off_t)file->len &&
                 same_time(st->st_mtim, file->modified) && !atomic_load(&file->faulted);
    if (!first && st->st_size != (off_t)file->len)
        return judge(file, st, err);
    int rc = read_digest(file, &digest, &written, err);
    if (rc == T2V_EBUSY && is_restless(file, digest))
        rc = adopt(file, err);
    if (rc == 0 && atomic_load(&file->adopted))
        return 0;
    if (rc == T2V_EBUSY)
        return first ? rc : judge(file, st, err);
    if (rc != 0)
        return rc;
    if (first && same_time(written, st->st_ctim)) {
        pthread_mutex_lock(&lock);
        file->written = written;
        pthread_mutex_unlock(&lock);
        file->digest = digest;
        file->known = true;
        return 0;
    }
    return file->known && digest == file->digest ? accept(file, written, err)
                                                 : judge(file, st, err);
}

/* Reads a file's bytes, if that is needed. */
static int watch_file(struct guarded *file, struct t2v_err *err)
{
    struct stat st;
    if (atomic_load(&file->ptr) == NULL || atomic_load(&file->adopted))
        return 0;
    if (fstat(file->fd, &st) != 0)
        return t2v_fail(err, T2V_EIO, "%s: %s", file->path, strerror(errno));
    return file->known && is_as_before(file, &st) ? 0 : settle_file(file, &st, err);
}

static void rest(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LOOK_S;
    int rc = 0;
    while (rc == 0 && !watcher.stop && !watcher.wanted)
        rc = pthread_cond_timedwait(&watcher.wake, &lock, &until);
    watcher.wanted = false;
}

static void *watch(void *arg)
{
    (void)arg;
    bool first = true; /* at normal priority, so that digests exist soon */
    pthread_mutex_lock(&lock);
    while (!watcher.stop && watcher.lost.code == 0) {
        pthread_mutex_unlock(&lock);
        struct t2v_err why = {0};
        bool busy = false;
        for (size_t i = 0; i < MAX_FILES && why.code == 0; i++)
            busy |= watch_file(&files[i], &why) == T2V_EBUSY;
        if (!busy && first)
            t2v_thread_lower_priority();
        first = first && busy;
        if (busy)
            nanosleep(&(struct timespec){.tv_nsec = FRESH_NS / 4}, NULL);
        pthread_mutex_lock(&lock);
        if (why.code != 0)
            lose(&why);
        pthread_cond_broadcast(&watcher.settled);
        if (why.code == 0 && !busy)
            rest();
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

int t2v_guard_watch(void)
{
    watcher.bytes = t2v_alloc(READ_BYTES);
    if (watcher.bytes == NULL)
        return T2V_ENOMEM;
    watcher.stop = watcher.wanted = false;
    watcher.lost = (struct t2v_err){0};
    atomic_store(&watcher.runs, true);
    if (t2v_thread_start(&watcher.thread, watch, NULL) == 0)
        return 0;
    atomic_store(&watcher.runs, false);
    t2v_free(watcher.bytes);
    return T2V_ENOMEM;
}

void t2v_guard_unwatch(void)
{
    if (!atomic_load(&watcher.runs))
        return;
    pthread_mutex_lock(&lock);
    watcher.stop = true;
    pthread_cond_signal(&watcher.wake);
    pthread_mutex_unlock(&lock);
    pthread_join(watcher.thread, NULL);
    atomic_store(&watcher.runs, false);
    t2v_free(watcher.bytes);
    watcher.bytes = NULL;
}

/* --- faults: only async-signal-safe calls --- */

static _Noreturn void end(const char *path)
{
    const char *parts[] = {"t2v: ", path, ": cut short, or unreadable, while it was in use", "\n"};
    struct iovec line[4];
    for (size_t i = 0; i < 4; i++)
        line[i] = (struct iovec){(void *)(uintptr_t)parts[i], strlen(parts[i])};
    ssize_t n = writev(STDERR_FILENO, line, 4);
    (void)n;
    _exit(1);
}

static void on_bus_error(int number, siginfo_t *info, void *context)
{
    (void)context;
    uintptr_t at = (uintptr_t)info->si_addr;
    for (size_t i = 0; i < MAX_FILES; i++) {
        const uint8_t *ptr = atomic_load(&files[i].ptr);
        if (ptr == NULL || at < (uintptr_t)ptr || at - (uintptr_t)ptr >= files[i].len)
            continue;
        if (!atomic_load(&watcher.runs) || !t2v_remap_zeros(ptr, files[i].len, at))
            end(files[i].path);
        atomic_store(&files[i].faulted, true);
        atomic_fetch_add(&watcher.changes, 1);
        return;
    }
    signal(number, SIG_DFL); /* not in a mapped file: the access fails again, by default */
}

void t2v_guard_start(void)
{
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}
