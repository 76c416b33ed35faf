/* SPDX-License-Identifier: BSD-3-Clause */
/* `t2v health`: is the service on this machine ready? For a HEALTHCHECK where there is no shell. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "commands.h"
#include "http/address.h"

#include "base/banned.h"

enum { WAIT_S = 3 }; /* for each step; the probes answer within milliseconds */

static const char question[] = "GET /.well-known/ready HTTP/1.1\r\nHost: localhost\r\n"
                               "Connection: close\r\n\r\n";

/* The answer's first line into line[size], NUL-terminated; -1 and errno when it does not come. */
static int ask(int fd, const struct addrinfo *at, char *line, size_t size)
{
    const struct timeval wait = {WAIT_S, 0};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait); /* connect heeds it too */
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    if (connect(fd, at->ai_addr, at->ai_addrlen) != 0 ||
        send(fd, question, sizeof question - 1, MSG_NOSIGNAL) != (ssize_t)sizeof question - 1)
        return -1;
    size_t len = 0;
    while (len + 1 < size && memchr(line, '\n', len) == NULL) {
        ssize_t n = recv(fd, line + len, size - 1 - len, 0);
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    line[len] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    return 0;
}

int t2v_command_health(const struct t2v_options *options, struct t2v_err *err)
{
    struct addrinfo *found = NULL;
    int rc = t2v_address_find(options->listen, false, &found, err);
    if (rc != 0)
        return rc;
    rc = t2v_fail(err, T2V_EIO, "%s has no address", options->listen);
    for (const struct addrinfo *at = found; at != NULL && rc != 0; at = at->ai_next) {
        char line[80];
        int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || ask(fd, at, line, sizeof line) != 0)
            t2v_fail(err, T2V_EIO, "no answer at %s: %s", options->listen,
                     errno == EAGAIN || errno == EINPROGRESS ? "it took too long"
                                                             : strerror(errno));
        else if (strncmp(line, "HTTP/1.1 204", 12) == 0)
            rc = 0;
        else
            t2v_fail(err, T2V_EIO, "not ready, %s answers '%s'", options->listen, line);
        if (fd >= 0)
            close(fd);
    }
    freeaddrinfo(found);
    return rc;
}
