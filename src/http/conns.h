/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_CONNS_H
#define T2V_HTTP_CONNS_H
/* All connections together: accepting, events, time-outs, the end, and which are closed when memory
 * is short. For the loop thread alone. */
#include <stdbool.h>
#include <stdint.h>

#include "http/conn.h"

/* All pointers are borrowed. has_room: called when there may be room for more connections. From now
 * on service->budget reclaims memory by closing slow clients: first the one that takes its answer
 * most slowly, then the one that has been sending a request for longest. */
void t2v_conns_init(struct t2v_conns *conns, struct event_base *base, struct t2v_service *service,
                    struct t2v_dispatch *dispatch, void (*has_room)(void *user), void *user);

/* Takes over fd, a fresh non-blocking connection. */
void t2v_conns_open(struct t2v_conns *conns, evutil_socket_t fd);

/* Answers or closes those that have run into their deadlines. */
void t2v_conns_check(struct t2v_conns *conns, uint64_t now_ns);
/* The drain time is over: answers requests under way with 503, closes idle connections. */
void t2v_conns_end(struct t2v_conns *conns);
bool t2v_conns_are_busy(const struct t2v_conns *conns);
/* Closes and frees all. */
void t2v_conns_close(struct t2v_conns *conns);

#endif
