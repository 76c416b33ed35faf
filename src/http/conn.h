/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_CONN_H
#define T2V_HTTP_CONN_H
/*
 * The server's insides, shared by server.c (listener, signals, hand-over from the engine, drain),
 * conn.c (one connection: reading, answering, time-outs) and places.c (who goes first when there
 * are too many). Everything here belongs to the loop thread but `back`, which has a lock.
 *
 * A connection handles one request at a time:
 *
 *     READING --request--> WORKING --job done--> WRITING --all sent--> READING, or LINGERING
 *
 * and from each of them to DEAD.
 *
 * Most answers go out in one send(), and skip WRITING. While it is WORKING or WRITING, what a
 * client pipelines waits in the bufferevent (up to a watermark) and then in the kernel.
 *
 * Who may die: a job points to its connection and the connection to its job, both on this thread,
 * and whichever ends first clears the other's pointer. A connection is freed only at the end of
 * each way into conn.c (settle), so no function on the way up finds it gone.
 */
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "http/clerk.h"
#include "http/places.h"
#include "http/routes.h"
#include "http/server.h"

enum t2v_conn_state {
    T2V_CONN_READING,
    T2V_CONN_WORKING,
    T2V_CONN_WRITING,
    T2V_CONN_LINGERING, /* our side is shut; what still comes is thrown away, so that no reset
                           overtakes the answer */
    T2V_CONN_DEAD
};

struct t2v_conn {
    struct t2v_server *server;
    struct t2v_conn *prev, *next;
    struct bufferevent *bev;
    evutil_socket_t fd;
    enum t2v_conn_state state;
    bool eof;             /* the client sends no more */
    bool full;            /* enough has been read for now */
    bool over;            /* with what was read last, there is not memory enough */
    bool keep_alive;      /* after the answer under way */
    uint64_t deadline_ns; /* of the state; UINT64_MAX: none */
    size_t unsent;        /* while WRITING: bytes that the client had to take at write_ns */
    size_t held_bytes;    /* this connection's share of server->budget */
    uint64_t write_ns;    /* while WRITING: since when */
    struct t2v_job *job;  /* while WORKING */

    /* See places.h. */
    bool spare;                     /* in a spare place */
    enum t2v_line line;             /* where it stands, while READING or LINGERING */
    struct t2v_conn *older, *newer; /* in that line */
    uint64_t heard_ns;              /* when it came there */

    /* The request under way. */
    uint64_t id, began_ns;
    uint64_t n_begun;              /* requests on this connection so far */
    const struct t2v_route *route; /* NULL: unknown path, or not read so far */
    struct t2v_reader reader;
};

/* Events that are logged at most once a second, each kind by itself. */
enum t2v_limit { T2V_LIMIT_CONNECTIONS, T2V_LIMIT_401, T2V_LIMIT_500, T2V_LIMIT_503, T2V_N_LIMIT };

enum { T2V_N_SIGNAL = 4 }; /* that are answered */

enum t2v_server_phase { T2V_SERVING, T2V_DRAINING, T2V_ENDING };

struct t2v_server {
    struct t2v_service service;
    struct event_base *base;
    struct evconnlistener *listener; /* NULL when no more are taken */
    bool listener_paused;
    int n_taken; /* connections, since turn_event */
    int port;    /* that is open, for the log */
    int wake_fd; /* eventfd: jobs are back */
    struct event *wake_event, *tick_event, *turn_event, *signal_events[T2V_N_SIGNAL];
    t2v_clerk *clerk;

    pthread_mutex_t lock;
    struct t2v_job *back, *back_last; /* under lock: engine or clerk are done, oldest first */

    struct t2v_conn *conns;
    struct t2v_places places;
    size_t n_job; /* jobs that are away, with the engine or the clerk */
    uint64_t next_id;
    enum t2v_server_phase phase;
    uint64_t phase_ends_ns; /* while DRAINING and ENDING */
    bool lost;              /* a file of the model changed: it ends as soon as it may */
    size_t burst_bytes;     /* the most that was held since memory was last given back */
    bool hurried;           /* a second signal: it ends at once */
    uint64_t active_ns;     /* when a connection or a request last came */
    struct t2v_log_limit limits[T2V_N_LIMIT];
};

/* Takes over fd, a fresh non-blocking connection. */
void t2v_conn_open(struct t2v_server *server, evutil_socket_t fd);
/* The job of conn has its answer in job->reply. conn may be gone afterwards. */
void t2v_conn_deliver(struct t2v_conn *conn, struct t2v_job *job);
/* Answers or closes what has run into its deadline. conn may be gone afterwards. */
void t2v_conn_check(struct t2v_conn *conn, uint64_t now_ns);
/* The drain time is over: 503 to a request under way, goodbye to an idle client. conn may be gone
 * afterwards. */
void t2v_conn_end(struct t2v_conn *conn);
/* A request, a job or an unsent answer is under way. */
bool t2v_conn_is_busy(const struct t2v_conn *conn);

/* Bytes a second that the client has taken of its answer, if it has had a second for it, and has
 * not taken all; else a negative number. */
double t2v_conn_rate(struct t2v_conn *conn, uint64_t now_ns);
/* Since which second its client has been sending a request that is not whole and takes memory, if
 * it has had a second for it; else a negative number. */
double t2v_conn_sends_since(struct t2v_conn *conn, uint64_t now_ns);
/* Closes it without a word; it is freed later, by t2v_conn_check. */
void t2v_conn_drop(struct t2v_conn *conn);
/* Nothing of its client is here that is not read: neither in our buffers nor in the kernel's. */
bool t2v_conn_is_silent(const struct t2v_conn *conn);

/* Closes it without a word and frees it. */
void t2v_conn_close(struct t2v_conn *conn);

/* In server.c. */
/* t2v_budget_hold with the server's budget; where it is too small, clients that take their answers
 * slowly go first, the slowest at once, then those that have been sending a request for longest. */
bool t2v_server_hold(struct t2v_server *server, size_t *share, size_t bytes);
/* Sends a job on its way, and adds to its share what it will need; 0, or a negative code, and it is
 * still the caller's, with the share that it had. */
int t2v_server_submit(struct t2v_server *server, struct t2v_job *job);
/* Nobody waits for it any more. */
void t2v_job_abandon(struct t2v_job *job);
/* A connection less is open. */
void t2v_server_conn_closed(struct t2v_server *server);
/* More connections are taken again, if they were not and there is room. */
void t2v_server_resume(struct t2v_server *server);

#endif
