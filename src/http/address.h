/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_ADDRESS_H
#define T2V_HTTP_ADDRESS_H
/*
 * What --listen says, as socket addresses. Only numbers, and `localhost`, which is 127.0.0.1: no
 * name is ever looked up, since a static glibc cannot do that safely.
 */
#include <netdb.h>
#include <stdbool.h>

#include "base/error.h"

/* *out: the addresses of "ADDR:PORT", "[V6ADDR]:PORT" or ":PORT" (freeaddrinfo). Without ADDR they
 * are every address to listen on when `to_bind`, else the loopback's, v6 and v4. T2V_EUSAGE. */
int t2v_address_find(const char *listen, bool to_bind, struct addrinfo **out, struct t2v_err *err);

#endif
