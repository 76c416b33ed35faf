/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

/* Into what getaddrinfo takes. */
static int split(const char *listen, char host[256], const char **port, struct t2v_err *err)
{
    const char *colon = strrchr(listen, ':'), *begin = listen, *end = colon;
    bool bracket = listen[0] == '[';
    if (bracket && colon != NULL) {
        begin = listen + 1;
        end = colon[-1] == ']' ? colon - 1 : NULL;
    }
    bool plain = end != NULL && end >= begin && end - begin < 256 &&
                 (bracket || memchr(begin, ':', (size_t)(end - begin)) == NULL);
    size_t digits = plain ? strspn(colon + 1, "0123456789") : 0;
    if (digits == 0 || digits > 5 || colon[1 + digits] != '\0' ||
        strtoul(colon + 1, NULL, 10) > 65535)
        return t2v_fail(err, T2V_EUSAGE,
                        "listen address '%s': ADDR:PORT, [V6ADDR]:PORT or :PORT was expected",
                        listen);
    memcpy(host, begin, (size_t)(end - begin));
    host[end - begin] = '\0';
    *port = colon + 1;
    return 0;
}

static int parse(const char *host, const char *port, struct t2v_address *out)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int code = getaddrinfo(host, port, &hints, &found);
    if (code != 0)
        return code;
    *out = (struct t2v_address){.len = found->ai_addrlen};
    memcpy(&out->at, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return 0;
}

/* 0.0.0.0 or [::]. */
static bool is_unspecified(const struct t2v_address *address)
{
    if (address->at.ss_family == AF_INET)
        return ((const struct sockaddr_in *)&address->at)->sin_addr.s_addr == htonl(INADDR_ANY);
    return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)&address->at)->sin6_addr);
}

int t2v_address_find(const char *listen, bool to_bind, struct t2v_address out[T2V_ADDRESSES],
                     size_t *n, struct t2v_err *err)
{
    char host[256];
    const char *port = NULL;
    int rc = split(listen, host, &port, err);
    if (rc != 0)
        return rc;
    const char *number = strcmp(host, "localhost") == 0 ? "127.0.0.1" : *host == '\0' ? "::" : host;
    int code = parse(number, port, &out[0]);
    *n = 1;
    if (code == 0 && is_unspecified(&out[0])) {
        if (!to_bind)
            code = parse("127.0.0.1", port, &out[0]);
        if (code == 0 && (!to_bind || out[0].at.ss_family == AF_INET6))
            code = parse(to_bind ? "0.0.0.0" : "::1", port, &out[(*n)++]);
    }
    if (code == EAI_NONAME)
        return t2v_fail(
            err, T2V_EUSAGE,
            "listen address '%s': ADDR must be a number, such as 0.0.0.0, or localhost; no "
            "other name is looked up",
            listen);
    if (code != 0)
        return t2v_fail(err, T2V_EUSAGE, "listen address '%s': %s", listen, gai_strerror(code));
    return 0;
}

void t2v_address_text(const struct t2v_address *address, char *out, size_t size)
{
    char host[INET6_ADDRSTRLEN] = "?";
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address->at;
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)&address->at)->sin6_addr;
    bool mapped = address->at.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(v6);
    bool bare = mapped || address->at.ss_family == AF_INET;
    if (mapped)
        inet_ntop(AF_INET, &v6->s6_addr[12], host, sizeof host);
    else
        inet_ntop(address->at.ss_family, bare ? (const void *)&v4->sin_addr : (const void *)v6,
                  host, sizeof host);
    snprintf(out, size, "%s%s%s", bare ? "" : "[", host, bare ? "" : "]");
}

bool t2v_address_no_ipv6(int errno_value)
{
    return errno_value == EAFNOSUPPORT || errno_value == EPFNOSUPPORT ||
           errno_value == EPROTONOSUPPORT || errno_value == EADDRNOTAVAIL;
}
