/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_ADDRESS_H
#define T2V_HTTP_ADDRESS_H
/*
 * The value of --listen as socket addresses. Only numbers, and `localhost`, which is 127.0.0.1.
 * Names are never looked up, since a static glibc cannot do that safely.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/error.h"

enum {
    T2V_ADDRESSES = 2,
    T2V_ADDRESS_TEXT = 64 /* bytes that t2v_address_text needs */
};

struct t2v_address {
    struct sockaddr_storage at;
    socklen_t len;
};

/* Of "ADDR:PORT", "[V6ADDR]:PORT" or ":PORT", fills out[0..*n). ":PORT" and "[::]:PORT" are all
 * addresses of the machine: to bind, [::], which as a dual-stack socket takes IPv4 too, and after
 * it 0.0.0.0, for a kernel without IPv6. To connect to, any unspecified address is 127.0.0.1, then
 * [::1]. T2V_EUSAGE. */
int t2v_address_find(const char *listen, bool to_bind, struct t2v_address out[T2V_ADDRESSES],
                     size_t *n, struct t2v_err *err);

/* "127.0.0.1" or "[::1]", without the port; an IPv4 address that came over IPv6 is the former. */
void t2v_address_text(const struct t2v_address *address, char *out, size_t size);

/* True for an errno that means: this kernel or container has no IPv6. */
bool t2v_address_no_ipv6(int errno_value);

#endif
