/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/mem.h"

#include "base/banned.h"

/* --- the fence --- */

static struct {
    char dir[PATH_MAX], root[PATH_MAX]; /* as the caller wrote it; resolved. "": no fence */
} fence;

/* Whether path is below dir. */
static bool is_below(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    return n != 0 && strncmp(path, dir, n) == 0 && (dir[n - 1] == '/' || path[n] == '/');
}

/* The length of .../models--NAME in .../models--NAME/snapshots/REVISION; else of the whole path. */
static size_t hub_root(const char *real)
{
    static const char models[] = "/models--", snapshots[] = "/snapshots/";
    size_t found = strlen(real);
    for (const char *at = real; (at = strstr(at, models)) != NULL; at++) {
        const char *end = strchr(at + 1, '/');
        if (end != NULL && strncmp(end, snapshots, sizeof snapshots - 1) == 0)
            found = (size_t)(end - real);
    }
    return found;
}

int t2v_file_fence(const char *dir, struct t2v_err *err)
{
    char real[PATH_MAX];
    if (realpath(dir, real) == NULL)
        return t2v_fail(err, T2V_EIO, "%s: %s", dir, strerror(errno));
    size_t n = strlen(dir);
    if (n >= sizeof fence.dir)
        return t2v_fail(err, T2V_ETOOLARGE, "path too long: %.100s", dir);
    memcpy(fence.dir, dir, n + 1);
    real[hub_root(real)] = '\0';
    memcpy(fence.root, real, strlen(real) + 1);
    return 0;
}

/* A path that does not exist or cannot be reached passes; the later open reports it. */
static int check_fence(const char *path, struct t2v_err *err)
{
    char real[PATH_MAX];
    if (!is_below(path, fence.dir) || realpath(path, real) == NULL || is_below(real, fence.root))
        return 0;
    return t2v_fail(err, T2V_EIO,
                    "%s: leads out of the model directory, to %.120s; links are followed within "
                    "%.80s only",
                    path, real, fence.root);
}

/* --- files --- */

/* Opens a regular file and sets *len to its size. Returns the descriptor or a negative code. */
static int open_regular(const char *path, size_t *len, struct t2v_err *err)
{
    int rc = check_fence(path, err);
    if (rc != 0)
        return rc;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return t2v_fail(err, T2V_EIO, "%s: %s", path, strerror(errno));
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0) {
        close(fd);
        return t2v_fail(err, T2V_EIO, "%s: not a regular file", path);
    }
    *len = (size_t)st.st_size;
    return fd;
}

/* A Git LFS pointer is a small text that git stores in place of a large file. It is refused
 * whatever the file should be: an error of the JSON or weights reader would not help. */
static int refuse_lfs_pointer(const void *bytes, size_t len, const char *path, struct t2v_err *err)
{
    static const char pointer[] = "version https://git-lfs";
    if (len < sizeof pointer || memcmp(bytes, pointer, sizeof pointer - 1) != 0)
        return 0;
    return t2v_fail(err, T2V_EFORMAT,
                    "%s: a Git LFS pointer, not the file itself; `git lfs pull` fetches it, or "
                    "`models/fetch NAME` the whole model",
                    path);
}

int t2v_file_map(const char *path, struct t2v_mapping *out, struct t2v_err *err)
{
    size_t len;
    int fd = open_regular(path, &len, err);
    if (fd < 0)
        return fd;
    if (len == 0) {
        close(fd);
        *out = (struct t2v_mapping){NULL, 0};
        return 0;
    }
    void *ptr = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (ptr == MAP_FAILED) {
        int error = errno;
        close(fd);
        return t2v_fail(err, T2V_EIO, "%s: cannot be mapped: %s", path, strerror(error));
    }
    int rc = refuse_lfs_pointer(ptr, len, path, err);
    if (rc != 0)
        close(fd);
    else
        rc = t2v_guard_add(fd, ptr, len, path, err);
    if (rc != 0) {
        munmap(ptr, len);
        return rc;
    }
    *out = (struct t2v_mapping){ptr, len};
    return 0;
}

void t2v_file_unmap(struct t2v_mapping *mapping)
{
    t2v_guard_drop(mapping->ptr);
    if (mapping->ptr != NULL)
        munmap((void *)(uintptr_t)mapping->ptr, mapping->len);
    *mapping = (struct t2v_mapping){0};
}

void t2v_file_release(const uint8_t *ptr, size_t len)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = ((uintptr_t)ptr + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)ptr + len) / page * page;
    if (begin < end)
        madvise((void *)begin, end - begin, MADV_DONTNEED);
}

int t2v_file_read(const char *path, size_t max, char **out, size_t *len, struct t2v_err *err)
{
    size_t size;
    int fd = open_regular(path, &size, err);
    if (fd < 0)
        return fd;
    int rc = 0;
    size_t done = 0;
    char *bytes = NULL;
    if (size > max) {
        rc = t2v_fail(err, T2V_ETOOLARGE, "%s: %zu bytes, the limit is %zu", path, size, max);
        goto out;
    }
    bytes = t2v_alloc(size + 1);
    if (bytes == NULL) {
        rc = t2v_fail(err, T2V_ENOMEM, "%s: no memory for its %zu bytes", path, size);
        goto out;
    }
    while (done < size) {
        ssize_t n = read(fd, bytes + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            rc = t2v_fail(err, T2V_EIO, "%s: %s", path, n < 0 ? strerror(errno) : "cut short");
            goto out;
        }
        done += (size_t)n;
    }
    rc = refuse_lfs_pointer(bytes, size, path, err);
    if (rc != 0)
        goto out;
    bytes[size] = '\0';
    *out = bytes;
    *len = size;
    bytes = NULL;
out:
    t2v_free(bytes);
    close(fd);
    return rc;
}

int t2v_file_read_special(const char *path, char **out, size_t *len)
{
    enum { MAX_BYTES = 64 * 1024 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return T2V_EIO;
    char *bytes = t2v_alloc(MAX_BYTES + 1);
    ssize_t n = bytes != NULL ? 1 : -1;
    size_t got = 0;
    while (n > 0 && got < MAX_BYTES) {
        n = read(fd, bytes + got, MAX_BYTES - got);
        got += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    if (n < 0) {
        t2v_free(bytes);
        return bytes == NULL ? T2V_ENOMEM : T2V_EIO;
    }
    bytes[got] = '\0';
    *out = bytes;
    *len = got;
    return 0;
}

int t2v_file_exists(const char *path, bool *there, struct t2v_err *err)
{
    struct stat st;
    bool found = stat(path, &st) == 0;
    if (!found && errno != ENOENT && errno != ENOTDIR)
        return t2v_fail(err, T2V_EIO, "%s: %s", path, strerror(errno));
    int rc = found ? check_fence(path, err) : 0;
    if (rc != 0)
        return rc;
    *there = found && S_ISREG(st.st_mode);
    return 0;
}

int t2v_file_find(char *path, size_t size, const char *dir, const char *name, bool *there,
                  struct t2v_err *err)
{
    *there = false;
    int rc = t2v_file_join(path, size, dir, name, err);
    return rc == 0 ? t2v_file_exists(path, there, err) : rc;
}

int t2v_file_join(char *path, size_t size, const char *dir, const char *name, struct t2v_err *err)
{
    int n = snprintf(path, size, "%s/%s", dir, name);
    if (n < 0 || (size_t)n >= size)
        return t2v_fail(err, T2V_ETOOLARGE, "path too long: %.100s/%.100s", dir, name);
    return 0;
}
