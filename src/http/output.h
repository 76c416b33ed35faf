/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_OUTPUT_H
#define T2V_HTTP_OUTPUT_H
/*
 * The bytes that a connection sends: at once, what the socket takes, and the rest through the
 * bufferevent; and how fast the client takes them. For the loop thread alone.
 */
#include <event2/bufferevent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { T2V_LEAST_RATE = 64 * 1024 }; /* bytes a second that a client must take of an answer */

struct t2v_output {
    struct bufferevent *bev; /* borrowed */
    evutil_socket_t fd;
    uint64_t since_ns; /* since when bytes wait for the client; 0: none do */
    size_t unsent;     /* bytes that the client had not taken at that time, and those added later */
};

void t2v_output_init(struct t2v_output *output, struct bufferevent *bev, evutil_socket_t fd);
/* Sends bytes, which are a part of *owner, after those that were given before. What the socket does
 * not take at once is left to the bufferevent together with *owner, which is empty then. 1: it is
 * all sent; 0: it is not. T2V_EIO, T2V_ENOMEM: the connection is to be closed. */
int t2v_output_send(struct t2v_output *output, struct t2v_str bytes, struct t2v_buf *owner);
/* Bytes are with the bufferevent. */
bool t2v_output_waits(const struct t2v_output *output);
/* How many. */
size_t t2v_output_bytes(const struct t2v_output *output);
/* The bufferevent has sent all. */
void t2v_output_done(struct t2v_output *output);

/* Bytes have waited for the client for more than a second. */
bool t2v_output_is_slow(const struct t2v_output *output, uint64_t now_ns);
/* Bytes a second that the client has taken since then. */
double t2v_output_rate(const struct t2v_output *output, uint64_t now_ns);

#endif
