/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/address.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

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

int t2v_address_find(const char *listen, bool to_bind, struct addrinfo **out, struct t2v_err *err)
{
    char host[256];
    const char *port = NULL;
    int rc = split(listen, host, &port, err);
    if (rc != 0)
        return rc;
    const char *number = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    const struct addrinfo hints = {.ai_flags =
                                       AI_NUMERICHOST | AI_NUMERICSERV | (to_bind ? AI_PASSIVE : 0),
                                   .ai_socktype = SOCK_STREAM};
    int said = getaddrinfo(*number != '\0' ? number : NULL, port, &hints, out);
    if (said == EAI_NONAME)
        return t2v_fail(
            err, T2V_EUSAGE,
            "listen address '%s': ADDR must be a number, such as 0.0.0.0, or localhost; no "
            "other name is looked up",
            listen);
    if (said != 0)
        return t2v_fail(err, T2V_EUSAGE, "listen address '%s': %s", listen, gai_strerror(said));
    return 0;
}
