/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

enum mode { WAIT, OWN, SOCKET, POLL };

static struct {
    enum mode mode;
    int fd; /* OWN: standard error, opened again */
    size_t n_rest;
    char rest[T2V_SINK_LINE]; /* the rest of a line that was accepted in part */
} sink;

void t2v_sink_wait(void)
{
    if (sink.mode == OWN)
        close(sink.fd);
    sink.mode = WAIT;
    sink.n_rest = 0;
}

void t2v_sink_never_wait(void)
{
    struct stat st;
    t2v_sink_wait();
    if (fstat(STDERR_FILENO, &st) != 0)
        return;
    if (S_ISSOCK(st.st_mode)) {
        sink.mode = SOCKET;
    } else if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) {
        sink.fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        sink.mode = sink.fd >= 0 ? OWN : POLL;
    }
}

static bool has_room(void)
{
    struct pollfd of = {.fd = STDERR_FILENO, .events = POLLOUT};
    return poll(&of, 1, 0) == 1 && (of.revents & POLLOUT) != 0;
}

static ssize_t write_some(const char *bytes, size_t len)
{
    switch (sink.mode) {
    case OWN:
        return write(sink.fd, bytes, len);
    case SOCKET:
        return send(STDERR_FILENO, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    case POLL:
        return has_room() ? write(STDERR_FILENO, bytes, len) : 0;
    default:
        return write(STDERR_FILENO, bytes, len);
    }
}

/* Returns the number of bytes accepted. */
static size_t give(const char *bytes, size_t len)
{
    ssize_t n;
    do
        n = write_some(bytes, len);
    while (n < 0 && errno == EINTR);
    return n > 0 ? (size_t)n : 0;
}

bool t2v_sink_write(const char *line, size_t len)
{
    if (sink.n_rest != 0) {
        size_t n = give(sink.rest, sink.n_rest);
        sink.n_rest -= n;
        memmove(sink.rest, sink.rest + n, sink.n_rest);
        if (sink.n_rest != 0)
            return false;
    }
    size_t n = give(line, len);
    if (n == 0)
        return false;
    sink.n_rest = len - n;
    memcpy(sink.rest, line + n, sink.n_rest);
    return true;
}
