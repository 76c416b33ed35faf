/* SPDX-License-Identifier: BSD-3-Clause */
/* `t2v health`: is the service on this machine ready? For a HEALTHCHECK where there is no shell. */
#include "cli/health.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "http/address.h"

#include "base/banned.h"

enum { WAIT_S = 3 }; /* for each step; the probes answer within milliseconds */

static const char question[] = "GET /.well-known/ready HTTP/1.1\r\nHost: localhost\r\n"
                               "Connection: close\r\n\r\n";

/* Reads the answer's first line into line[size], NUL-terminated. -1 with errno set if it does not
 * come. */
static int ask(int fd, const struct t2v_address *address, char *line, size_t size)
{
    const struct timeval wait = {WAIT_S, 0};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait); /* also limits connect */
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    if (connect(fd, (const struct sockaddr *)&address->at, address->len) != 0 ||
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

static int ask_at(const struct t2v_address *address, const char *listen, struct t2v_err *err)
{
    char line[80], host[T2V_ADDRESS_TEXT];
    int rc = 0, fd = socket(address->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    t2v_address_text(address, host, sizeof host);
    const char *port = strrchr(listen, ':');
    if (fd < 0 || ask(fd, address, line, sizeof line) != 0)
        rc = t2v_fail(err, T2V_EIO, "no answer at %s%s: %s", host, port,
                      errno == EAGAIN || errno == EINPROGRESS ? "it took too long"
                                                              : strerror(errno));
    else if (strncmp(line, "HTTP/1.1 204", 12) != 0)
        rc = t2v_fail(err, T2V_EIO, "not ready, %s%s answers '%s'", host, port, line);
    if (fd >= 0)
        close(fd);
    return rc;
}

int t2v_command_health(const struct t2v_options *options, struct t2v_err *err)
{
    struct t2v_address found[T2V_ADDRESSES];
    struct t2v_err first = {0}, second = {0};
    size_t n = 0;
    int rc = t2v_address_find(options->server.listen, false, found, &n, err);
    if (rc != 0)
        return rc;
    rc = ask_at(&found[0], options->server.listen, &first);
    if (rc != 0 && n > 1 && ask_at(&found[1], options->server.listen, &second) == 0)
        rc = 0;
    if (rc != 0)
        t2v_fail(err, rc, "%s%s%s", first.msg, n > 1 ? "; " : "", second.msg);
    return rc;
}
