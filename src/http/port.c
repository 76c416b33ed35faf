/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/port.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "http/address.h"
#include "http/places.h"

#include "base/banned.h"

enum {
    SPARE_FILES = 64, /* open files that are not connections */
    FEWEST = 16       /* connections, however few files may be open */
};

/* A bound socket, which does not listen so far; -1 and errno. */
static int bound_socket(const struct t2v_address *address)
{
    const int on = 1, off = 0;
    bool v6 = address->at.ss_family == AF_INET6;
    int fd = socket(address->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if ((!v6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0) &&
        bind(fd, (const struct sockaddr *)&address->at, address->len) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int t2v_port_of(int fd)
{
    struct sockaddr_storage bound = {0};
    socklen_t len = sizeof bound;
    getsockname(fd, (struct sockaddr *)&bound, &len);
    return ntohs(bound.ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)&bound)->sin6_port
                                             : ((const struct sockaddr_in *)&bound)->sin_port);
}

int t2v_port_bind(const char *listen, int *fd_out, struct t2v_err *err)
{
    struct t2v_address found[T2V_ADDRESSES];
    size_t n = 0;
    int rc = t2v_address_find(listen, true, found, &n, err);
    if (rc != 0)
        return rc;
    int fd = bound_socket(&found[0]);
    if (fd < 0 && n > 1 && t2v_address_no_ipv6(errno)) {
        t2v_log(T2V_LOG_INFO, "http", "no IPv6 here, so only IPv4 addresses are served why=%s",
                strerror(errno));
        fd = bound_socket(&found[1]);
    }
    if (fd < 0)
        return t2v_fail(err, T2V_EIO, "cannot listen on %s: %s", listen, strerror(errno));
    *fd_out = fd;
    return 0;
}

uint64_t t2v_port_fit_files(uint64_t max_connections)
{
    struct rlimit limit;
    const rlim_t more = SPARE_FILES + T2V_SPARE_PLACES;
    rlim_t want = max_connections + more;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= want)
        return max_connections;
    rlim_t had = limit.rlim_cur;
    limit.rlim_cur = want < limit.rlim_max ? want : limit.rlim_max;
    rlim_t files = setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : had;
    uint64_t fit = files > more + FEWEST ? files - more : FEWEST;
    if (fit >= max_connections)
        return max_connections;
    t2v_log(T2V_LOG_WARN, "http",
            "open files are limited to fewer than max-connections needs files=%llu "
            "max_connections=%" PRIu64 " used=%" PRIu64,
            (unsigned long long)files, max_connections, fit);
    return fit;
}
