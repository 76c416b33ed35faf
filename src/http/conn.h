/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_CONN_H
#define T2V_HTTP_CONN_H
/*
 * One connection, and the states that it goes through. What is read and answered on it is in
 * exchange.h, how it comes and what ends it in conns.h. For the loop thread alone.
 *
 *     READING --request--> WORKING --job done--> WRITING --all sent--> READING, or LINGERING
 *                             \--first piece--> STREAMING --job done--> WRITING
 *
 * and from each of them to DEAD. Most answers go out in one send(), and skip WRITING. Pipelined
 * requests wait in the bufferevent (up to a limit), then in the kernel.
 *
 * Lifetime: a job points to its connection and the connection to its job, both on this thread, and
 * whichever ends first clears the other's pointer. A connection is freed only by t2v_conn_settle,
 * which every event handler calls last, so no function on the stack uses a freed one.
 *
 * What a connection needs of the server is in struct t2v_conns.
 */
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "http/dispatch.h"
#include "http/output.h"
#include "http/places.h"
#include "http/reader.h"
#include "http/request_log.h"
#include "http/service.h"

/* What all connections share; see conns.h. */
struct t2v_conns {
    struct event_base *base;
    struct t2v_service *service;
    struct t2v_dispatch *dispatch;
    struct t2v_conn *first; /* any order */
    struct t2v_places places;
    struct t2v_request_log log;
    struct t2v_log_limit
        crowded;        /* limits log lines about too many connections, or no memory for one */
    uint64_t next_id;   /* of requests */
    uint64_t active_ns; /* when a connection or a request last came */
    /* Called when there may be room for more connections. */
    void (*has_room)(void *user);
    void *user;
};

enum t2v_conn_state {
    T2V_CONN_READING,
    T2V_CONN_WORKING,
    T2V_CONN_STREAMING, /* the head is sent, and pieces are as they come */
    T2V_CONN_WRITING,
    T2V_CONN_LINGERING, /* our side is shut; bytes that still arrive are dropped, so that no reset
                           overtakes the answer */
    T2V_CONN_DEAD
};

struct t2v_conn {
    struct t2v_conns *all;
    struct t2v_conn *prev, *next;
    struct bufferevent *bev;
    evutil_socket_t fd;
    enum t2v_conn_state state;
    bool eof;             /* the client sends no more */
    bool full;            /* enough has been read for now */
    bool over;            /* there is not enough memory for what was read last */
    bool keep_alive;      /* after the answer under way */
    uint64_t deadline_ns; /* when the state times out; UINT64_MAX: never */
    size_t held_bytes;    /* this connection's share of the budget */
    struct t2v_output output;
    struct t2v_job *job;    /* while WORKING or STREAMING */
    struct t2v_place place; /* it waits in a line while READING or LINGERING */

    /* The request under way. */
    uint64_t id, began_ns;
    uint64_t n_begun; /* requests on this connection so far */
    struct t2v_match match;
    struct t2v_reader reader;
};

enum {
    T2V_READ_BYTES = 64 * 1024
}; /* read from a socket at a time; also the limit of pipelined bytes that are kept */

/* Takes over fd, a fresh non-blocking connection; it is READING. Its events are not enabled so
 * far. NULL: no memory, and fd is closed. */
struct t2v_conn *t2v_conn_new(struct t2v_conns *all, evutil_socket_t fd);

/* Closes it without an answer; it is freed by the next t2v_conn_settle. */
void t2v_conn_kill(struct t2v_conn *conn);
/* Every event handler calls it last: frees the connection if it is DEAD. */
void t2v_conn_settle(struct t2v_conn *conn);
/* Closes it without an answer and frees it. */
void t2v_conn_close(struct t2v_conn *conn);

/* Sets its share of the budget. True when there is memory for that. */
bool t2v_conn_hold(struct t2v_conn *conn, size_t bytes);
/* Bytes of memory of the incoming request and of the connection itself (measured: 5.7 KiB). */
size_t t2v_conn_read_bytes(const struct t2v_conn *conn);
/* Sets its deadline, from now on. */
void t2v_conn_wait_ms(struct t2v_conn *conn, int64_t ms);
const struct t2v_server_options *t2v_conn_options(const struct t2v_conn *conn);

/* Waits for the next request. */
void t2v_conn_await(struct t2v_conn *conn);
/* The answer is sent: waits for the next request, or for the client to close. */
void t2v_conn_answered(struct t2v_conn *conn);
/* Closes it in the middle of an answer, so that the client sees that the answer is incomplete. */
void t2v_conn_cut(struct t2v_conn *conn);
/* Drops unread input. */
void t2v_conn_drain_input(struct t2v_conn *conn);
/* Moves it to an ordinary place, with the deadline of one; see t2v_places_promote. */
bool t2v_conn_promote(struct t2v_conn *conn, bool may_close);

/* A request, a job or an unsent answer is under way. */
bool t2v_conn_is_busy(const struct t2v_conn *conn);
/* There are no unread bytes of its client, neither in our buffers nor in the kernel's. */
bool t2v_conn_is_silent(const struct t2v_conn *conn);
/* Bytes a second at which the client takes its answer. Negative if it has taken all, or has had
 * less than a second. */
double t2v_conn_rate(struct t2v_conn *conn, uint64_t now_ns);
/* When its client began to send a request that is incomplete and holds memory, in seconds. Negative
 * if there is none, or it began less than a second ago. */
double t2v_conn_sends_since(struct t2v_conn *conn, uint64_t now_ns);

#endif
