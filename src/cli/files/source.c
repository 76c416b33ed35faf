/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/files/source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#include "base/banned.h"

enum { PIECE = 256 << 10 }; /* bytes of one read, at most */

/* The size is known for a regular file alone, from where its descriptor is. */
static int look(struct t2v_source *source, struct t2v_err *err)
{
    struct stat st;
    if (fstat(source->fd, &st) != 0)
        return t2v_fail(err, T2V_EIO, "%s: %s", source->name, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return t2v_fail(err, T2V_EIO, "%s: %s", source->name, strerror(EISDIR));
    source->is_regular = S_ISREG(st.st_mode);
    off_t at = source->is_regular ? lseek(source->fd, 0, SEEK_CUR) : 0;
    if (source->is_regular && at >= 0 && at < st.st_size)
        source->size = (uint64_t)(st.st_size - at);
    return 0;
}

int t2v_source_open(struct t2v_source *source, const char *path, struct t2v_err *err)
{
    *source = (struct t2v_source){.fd = STDIN_FILENO, .name = "standard input"};
    if (path != NULL) {
        source->name = path;
        source->fd = open(path, O_RDONLY | O_CLOEXEC);
        if (source->fd < 0)
            return t2v_fail(err, T2V_EIO, "%s: %s", path, strerror(errno));
    }
    int rc = look(source, err);
    if (rc == 0 && (source->bytes = t2v_alloc(PIECE)) == NULL)
        rc = t2v_fail(err, T2V_ENOMEM, "%s: no memory to read it", source->name);
    source->cap = PIECE;
    if (rc != 0)
        t2v_source_close(source);
    return rc;
}

void t2v_source_close(struct t2v_source *source)
{
    if (source->fd != STDIN_FILENO)
        close(source->fd);
    t2v_free(source->bytes);
    *source = (struct t2v_source){0};
}

void t2v_source_take(struct t2v_source *source, size_t n)
{
    source->begin += n;
    source->len -= n;
    source->taken += n;
}

/* Makes room for bytes after those that are there. */
static int make_room(struct t2v_source *source, struct t2v_err *err)
{
    if (source->len >= T2V_RECORD_BYTES)
        return t2v_fail(err, T2V_ETOOLARGE, "longer than %d MiB, the limit for one text",
                        T2V_RECORD_BYTES >> 20);
    if (source->begin != 0)
        memmove(source->bytes, source->bytes + source->begin, source->len);
    source->begin = 0;
    if (source->len < source->cap)
        return 0;
    char *grown = t2v_resize(source->bytes, 2 * source->cap, 1);
    if (grown == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for a line of %zu bytes", source->len);
    source->bytes = grown;
    source->cap *= 2;
    return 0;
}

/* Whether a read would not wait. */
static bool is_ready(const struct t2v_source *source)
{
    struct pollfd input = {.fd = source->fd, .events = POLLIN};
    return source->is_regular || poll(&input, 1, 0) > 0;
}

int t2v_source_fill(struct t2v_source *source, bool *got, struct t2v_err *err)
{
    *got = false;
    if (!is_ready(source))
        return 0;
    int rc = make_room(source, err);
    if (rc != 0)
        return rc;
    size_t room = source->cap - source->len;
    ssize_t n = read(source->fd, source->bytes + source->len, room < PIECE ? room : PIECE);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    if (n < 0)
        return t2v_fail(err, T2V_EIO, "cannot be read: %s", strerror(errno));
    source->len += (size_t)n;
    source->end = n == 0;
    *got = true;
    return 0;
}
