/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/conn.h"

#include <errno.h>
#include <event2/buffer.h>
#include <inttypes.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/address.h"

#include "base/banned.h"

enum {
    READ_BYTES = 64 * 1024, /* taken from a socket at a time; and kept of what is pipelined */
    CONN_BYTES = 6 * 1024,
    LEAST_RATE = 64 * 1024, /* bytes a second that a client must take of an answer */
    TURN_REQUESTS = 16,     /* pipelined ones answered before others have their turn */
    FIRST_MS = 1000,        /* for a new client to speak, however short idle_ms is */
    LINGER_MS = 2000
};

static const uint64_t never = UINT64_MAX, second_ns = 1000000000;

static uint64_t ms_ahead(int64_t ms)
{
    return t2v_clock_ns() + (uint64_t)(ms > 0 ? ms : 0) * 1000000;
}

/* What the connection holds, beside itself, which max-connections bounds. True when there is memory
 * for more. */
static bool hold(struct t2v_conn *c, size_t bytes)
{
    return t2v_server_hold(c->server, &c->held_bytes, bytes);
}

/* Of the request that comes in, with what its connection takes by itself (measured: 5.7 KiB). */
static size_t read_bytes(const struct t2v_conn *c)
{
    size_t n = t2v_reader_bytes(&c->reader);
    return n != 0 ? CONN_BYTES + n : 0;
}

static void kill_conn(struct t2v_conn *c)
{
    if (c->state == T2V_CONN_DEAD)
        return;
    if (c->job != NULL) {
        c->server->service.metrics.cancelled++;
        t2v_job_abandon(c->job);
        c->job = NULL;
    }
    bufferevent_free(c->bev);
    c->bev = NULL;
    t2v_server_hold(c->server, &c->held_bytes, 0);
    c->state = T2V_CONN_DEAD;
}

/* What a client sends ahead of its answers is not read without end. (bufferevent_setwatermark would
 * do this, but writes through NULL when it has no memory.) */
static void limit_input(struct t2v_conn *c)
{
    bool full = evbuffer_get_length(bufferevent_get_input(c->bev)) >= READ_BYTES;
    if (full == c->full)
        return;
    c->full = full;
    if ((full ? bufferevent_disable : bufferevent_enable)(c->bev, EV_READ) != 0)
        kill_conn(c);
}

/* Who waits for its client may be the one that goes for another; one in a spare place at once. */
static void stand_in_line(struct t2v_conn *c)
{
    if (c->state != T2V_CONN_READING && c->state != T2V_CONN_LINGERING) {
        t2v_places_leave(c);
        return;
    }
    t2v_places_wait(c);
    if (c->spare)
        t2v_server_resume(c->server);
}

/* The last thing that each way in does; frees a connection that has died on it. */
static void settle(struct t2v_conn *c)
{
    struct t2v_server *server = c->server;
    if (c->state != T2V_CONN_DEAD)
        limit_input(c);
    stand_in_line(c);
    if (c->state != T2V_CONN_DEAD)
        return;
    t2v_places_exit(c);
    *(c->prev != NULL ? &c->prev->next : &server->conns) = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    t2v_reader_deinit(&c->reader);
    t2v_free(c);
    t2v_server_conn_closed(server);
}

static void drain_input(struct t2v_conn *c)
{
    struct evbuffer *input = bufferevent_get_input(c->bev);
    evbuffer_drain(input, evbuffer_get_length(input));
}

/* No more requests here. A close at once could reset the connection before the client has read the
 * answer, if anything it sent is still unread; so shut our side and wait for its end. */
static void linger(struct t2v_conn *c)
{
    if (c->eof || shutdown(c->fd, SHUT_WR) != 0) {
        kill_conn(c);
        return;
    }
    c->state = T2V_CONN_LINGERING;
    t2v_buf_deinit(&c->reader.body);
    hold(c, 0);
    c->deadline_ns = ms_ahead(LINGER_MS);
    drain_input(c);
}

static void await_request(struct t2v_conn *c)
{
    int64_t idle_ms = c->server->service.options->idle_ms;
    if (c->n_begun == 0 && idle_ms < FIRST_MS)
        idle_ms = FIRST_MS;
    t2v_reader_next(&c->reader);
    hold(c, 0);
    c->route = NULL;
    c->state = T2V_CONN_READING;
    c->deadline_ns = ms_ahead(c->spare && T2V_SPARE_MS < idle_ms ? T2V_SPARE_MS : idle_ms);
}

static void all_sent(struct t2v_conn *c)
{
    hold(c, read_bytes(c));
    if (c->keep_alive)
        await_request(c);
    else
        linger(c);
}

static void free_bytes(const void *data, size_t len, void *arg)
{
    (void)data, (void)len;
    t2v_free(arg);
}

/* Bytes of the answer that the client has not taken: ours, and the kernel's, which may hold
 * megabytes and takes more only when a third of that is gone. */
static size_t unsent_bytes(struct t2v_conn *c)
{
    int queued = 0;
    if (ioctl(c->fd, SIOCOUTQ, &queued) != 0 || queued < 0)
        queued = 0;
    return evbuffer_get_length(bufferevent_get_output(c->bev)) + (size_t)queued;
}

/* Sends what the socket takes now and leaves the rest, with the reply's memory, to the
 * bufferevent. */
static void send_reply(struct t2v_conn *c, struct t2v_str bytes, struct t2v_reply *reply)
{
    ssize_t n = send(c->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        kill_conn(c);
        return;
    }
    size_t sent = n > 0 ? (size_t)n : 0;
    if (sent == bytes.len) {
        all_sent(c);
        return;
    }
    hold(c, read_bytes(c) + reply->buf.len);
    size_t n_taken;
    char *taken = t2v_buf_take(&reply->buf, &n_taken);
    struct evbuffer *output = bufferevent_get_output(c->bev);
    if (evbuffer_add_reference(output, bytes.ptr + sent, bytes.len - sent, free_bytes, taken) !=
        0) {
        t2v_free(taken);
        kill_conn(c);
        return;
    }
    c->state = T2V_CONN_WRITING;
    c->unsent = unsent_bytes(c);
    c->write_ns = t2v_clock_ns();
    c->deadline_ns = ms_ahead(c->spare ? T2V_SPARE_MS : c->server->service.options->read_ms);
}

static double ms_between(uint64_t begin_ns, uint64_t end_ns)
{
    return end_ns > begin_ns ? (double)(end_ns - begin_ns) * 1e-6 : 0;
}

/* The event's kind in server->limits; -1: an answer that needs no line of its own. */
static int limit_of(const struct t2v_conn *c, int status)
{
    switch (status) {
    case 401:
        return T2V_LIMIT_401;
    case 500:
        return T2V_LIMIT_500;
    case 503:
        return c->server->service.draining ? -1 : T2V_LIMIT_503;
    default:
        return -1;
    }
}

static void log_failure(struct t2v_conn *c, const struct t2v_reply *reply, const char *route)
{
    int limit = limit_of(c, reply->status);
    struct t2v_address peer = {.len = sizeof peer.at};
    char text[T2V_ADDRESS_TEXT] = "?";
    if (limit < 0)
        return;
    if (getpeername(c->fd, (struct sockaddr *)&peer.at, &peer.len) == 0)
        t2v_address_text(&peer, text, sizeof text);
    t2v_log_limited(&c->server->limits[limit], T2V_LOG_WARN, "http",
                    "request failed id=%" PRIu64 " route=%s status=%d why=%s peer=%s", c->id, route,
                    reply->status, reply->why != NULL ? reply->why : "", text);
}

/* Counts and logs the answer. job: NULL when the engine had no part in it. An error's message may
 * quote what the client sent, so none is logged. */
static void note(struct t2v_conn *c, const struct t2v_reply *reply, const struct t2v_job *job)
{
    int status = reply->status;
    struct t2v_metrics *metrics = &c->server->service.metrics;
    enum t2v_route_id route = c->route != NULL ? c->route->id : T2V_ROUTE_OTHER;
    double ms = ms_between(c->began_ns, t2v_clock_ns()), queue_ms = 0, encode_ms = 0;
    t2v_metrics_count(metrics, route, status, ms * 1e-3);
    if (job != NULL && job->work.begun_ns != 0) {
        queue_ms = ms_between(job->work.queued_ns, job->work.begun_ns);
        encode_ms = ms_between(job->work.begun_ns, job->work.ended_ns);
        t2v_hist_add(&metrics->queue_seconds, queue_ms * 1e-3);
        t2v_hist_add(&metrics->encode_seconds, encode_ms * 1e-3);
        metrics->texts_cut += job->work.n_cut;
    }
    if (t2v_log_enabled(T2V_LOG_DEBUG))
        t2v_log(T2V_LOG_DEBUG, "http",
                "request id=%" PRIu64 " route=%s status=%d ms=%.3f tok=%zu queue_ms=%.3f "
                "encode_ms=%.3f cut=%zu",
                c->id, t2v_route_name(route), status, ms, job != NULL ? job->work.n_tok : 0,
                queue_ms, encode_ms, job != NULL ? job->work.n_cut : 0);
    log_failure(c, reply, t2v_route_name(route));
}

static void answer(struct t2v_conn *c, struct t2v_reply *reply, const struct t2v_job *job)
{
    const struct t2v_request *request = &c->reader.request;
    char cors[T2V_CORS_MAX];
    t2v_cors_lines(&c->server->service.cors, request, t2v_route_methods(c->route), cors);
    struct t2v_reply_head head = {
        .more = cors,
        .keep_alive = c->keep_alive && !c->server->service.draining,
        .old = request->old,
        .only_head = t2v_str_is(request->method, "HEAD"),
    };
    struct t2v_str bytes = t2v_reply_finish(reply, &head);
    c->keep_alive = head.keep_alive;
    note(c, reply, job);
    send_reply(c, bytes, reply);
}

static void refuse(struct t2v_conn *c, int status, const char *message)
{
    struct t2v_reply reply;
    t2v_reply_init(&reply);
    if (status == 503)
        t2v_reply_busy(&reply, message);
    else
        t2v_reply_error(&reply, status, message);
    c->keep_alive = false;
    answer(c, &reply, NULL);
    t2v_reply_deinit(&reply);
}

/* The input's first bytes that lie together; len 0 when there are none. */
static struct t2v_str next_piece(struct t2v_conn *c)
{
    struct evbuffer_iovec piece;
    if (evbuffer_peek(bufferevent_get_input(c->bev), -1, NULL, &piece, 1) < 1)
        return (struct t2v_str){NULL, 0};
    return (struct t2v_str){piece.iov_base, piece.iov_len};
}

static enum t2v_reader_said feed(struct t2v_conn *c, struct t2v_str piece)
{
    size_t used;
    enum t2v_reader_said said = t2v_reader_feed(&c->reader, piece.ptr, piece.len, &used);
    evbuffer_drain(bufferevent_get_input(c->bev), used);
    c->over = !hold(c, read_bytes(c));
    return said;
}

/* After a refusal that the head alone decided: the connection can go on when the request's body has
 * come along with it. */
static bool swallow(struct t2v_conn *c)
{
    enum t2v_reader_said said;
    struct t2v_str piece;
    do {
        piece = next_piece(c);
        said = feed(c, piece);
    } while (said == T2V_READER_MORE && piece.len != 0);
    return said == T2V_READER_DONE;
}

static void say_continue(struct t2v_conn *c)
{
    static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (send(c->fd, line, sizeof line - 1, MSG_NOSIGNAL) != (ssize_t)(sizeof line - 1))
        kill_conn(c);
}

/* To an ordinary place, with the time that one has there. */
static bool promote(struct t2v_conn *c, bool may_close)
{
    const struct t2v_server_options *options = c->server->service.options;
    if (!t2v_places_promote(c, may_close))
        return false;
    int64_t ms = t2v_reader_begun(&c->reader) ? options->read_ms : options->idle_ms;
    c->deadline_ns = c->began_ns + (uint64_t)ms * 1000000;
    return true;
}

/* In a spare place are answered probes, and what the head alone decides. For all else another
 * connection has to go, or it is 503. Who needs no token makes nobody go. */
static bool has_place(struct t2v_conn *c, bool answered)
{
    bool needs = !answered && !t2v_route_is_probe(c->route);
    return !c->spare || promote(c, needs && !c->route->open) || !needs;
}

static void on_head(struct t2v_conn *c)
{
    const struct t2v_request *request = &c->reader.request;
    struct t2v_reply reply;
    c->route = t2v_route_find(request->path);
    t2v_reply_init(&reply);
    bool answered = t2v_route_answers_head(&c->server->service, c->route, request, &reply);
    bool stays = has_place(c, answered);
    c->keep_alive = request->keep_alive && !c->spare;
    if (!stays) {
        refuse(c, 503, "all connections are taken");
    } else if (answered) {
        c->keep_alive = swallow(c) && c->keep_alive;
        answer(c, &reply, NULL);
    } else if (request->expect_continue && next_piece(c).len == 0 &&
               request->length <= c->reader.max_body) {
        say_continue(c);
    }
    t2v_reply_deinit(&reply);
}

/* Sends the job on its way; 0, or a negative code, and the job is still ours. */
static int submit(struct t2v_conn *c, struct t2v_job *job)
{
    job->conn = c;
    if (job->stage == T2V_JOB_READ) {
        job->body = c->reader.body;
        t2v_buf_init(&c->reader.body, c->reader.max_body);
    }
    int rc = t2v_server_submit(c->server, job);
    if (rc != 0)
        return rc;
    t2v_buf_deinit(&c->reader.body);
    hold(c, read_bytes(c));
    c->job = job;
    c->state = T2V_CONN_WORKING;
    c->deadline_ns = never;
    return 0;
}

static void on_request(struct t2v_conn *c)
{
    struct t2v_service *service = &c->server->service;
    struct t2v_job *job = NULL;
    struct t2v_reply reply;
    t2v_reply_init(&reply);
    c->route->answer(service, &c->reader.request, &reply, &job);
    int rc = job != NULL ? submit(c, job) : 0;
    if (rc != 0) {
        t2v_job_free(job);
        job = NULL;
        t2v_reply_busy(&reply, t2v_why_busy(rc));
    }
    if (job == NULL)
        answer(c, &reply, NULL);
    t2v_reply_deinit(&reply);
}

static void begin_request(struct t2v_conn *c)
{
    c->began_ns = c->server->active_ns = t2v_clock_ns();
    c->id = ++c->server->next_id;
    c->n_begun++;
    if (!c->spare)
        c->deadline_ns = c->began_ns + (uint64_t)c->server->service.options->read_ms * 1000000;
}

/* Reads requests and answers them, until more bytes are needed, one has to wait, or it is the turn
 * of others (then the loop comes back here after them). */
static void work_through(struct t2v_conn *c)
{
    uint64_t first = c->n_begun;
    while (c->state == T2V_CONN_READING) {
        if (c->n_begun - first >= TURN_REQUESTS && !t2v_reader_begun(&c->reader)) {
            bufferevent_trigger(c->bev, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
            return;
        }
        struct t2v_str piece = next_piece(c);
        if (piece.len != 0 && !t2v_reader_begun(&c->reader))
            begin_request(c);
        switch (feed(c, piece)) {
        case T2V_READER_HEAD:
            on_head(c);
            break;
        case T2V_READER_DONE:
            on_request(c);
            break;
        case T2V_READER_BAD:
            refuse(c, c->reader.status, c->reader.err.msg);
            break;
        case T2V_READER_MORE:
            if (c->over && piece.len != 0)
                refuse(c, 503, "no memory for this request now");
            else if (piece.len == 0 && c->eof)
                kill_conn(c);
            else if (piece.len == 0)
                return;
            break;
        }
    }
}

static void on_readable(struct bufferevent *bev, void *arg)
{
    struct t2v_conn *c = arg;
    (void)bev;
    t2v_places_leave(c);
    if (c->state == T2V_CONN_LINGERING)
        drain_input(c);
    work_through(c);
    settle(c);
}

static void on_written(struct bufferevent *bev, void *arg)
{
    struct t2v_conn *c = arg;
    (void)bev;
    if (c->state == T2V_CONN_WRITING) {
        all_sent(c);
        work_through(c);
    }
    settle(c);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct t2v_conn *c = arg;
    (void)bev;
    /* A client that shuts its side while the engine works for it counts as gone, as upstream's
     * server has it: it cannot be told from one that has left. */
    if ((what & BEV_EVENT_EOF) != 0 && c->state == T2V_CONN_WRITING)
        c->eof = true;
    else
        kill_conn(c);
    settle(c);
}

void t2v_conn_open(struct t2v_server *server, evutil_socket_t fd)
{
    struct t2v_conn *c = t2v_alloc(sizeof *c);
    struct bufferevent *bev = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (c == NULL || bev == NULL) {
        t2v_free(c);
        if (bev != NULL)
            bufferevent_free(bev);
        else
            evutil_closesocket(fd);
        t2v_log_limited(&server->limits[T2V_LIMIT_CONNECTIONS], T2V_LOG_WARN, "http",
                        "a connection is dropped why=%s", t2v_why_busy(T2V_ENOMEM));
        t2v_server_conn_closed(server);
        return;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    /* The reader's 17 KiB of bytes are left as they are: only those that were read are looked at.
     */
    c->server = server;
    c->prev = NULL;
    c->next = server->conns;
    c->bev = bev;
    c->fd = fd;
    c->eof = c->full = c->over = c->keep_alive = false;
    c->unsent = c->held_bytes = 0;
    c->write_ns = 0;
    c->job = NULL;
    c->id = c->n_begun = 0;
    c->began_ns = t2v_clock_ns();
    if (server->conns != NULL)
        server->conns->prev = c;
    server->conns = c;
    t2v_places_enter(c); /* may close another, so it comes after the list is right */
    t2v_reader_init(&c->reader, (size_t)server->service.options->max_body_bytes);
    await_request(c);
    bufferevent_setcb(bev, on_readable, on_written, on_event, c);
    bufferevent_set_max_single_read(bev, READ_BYTES);
    if (bufferevent_enable(bev, EV_READ | EV_WRITE) != 0)
        kill_conn(c);
    settle(c);
}

void t2v_conn_deliver(struct t2v_conn *c, struct t2v_job *job)
{
    c->job = NULL;
    job->conn = NULL;
    answer(c, &job->reply, job);
    work_through(c);
    settle(c);
}

/* Of the time that it has had. */
static double rate_of(struct t2v_conn *c, uint64_t now_ns)
{
    size_t left = unsent_bytes(c), taken = left < c->unsent ? c->unsent - left : 0;
    return (double)taken / ((double)(now_ns - c->write_ns) * 1e-9);
}

double t2v_conn_rate(struct t2v_conn *c, uint64_t now_ns)
{
    bool waits = c->state == T2V_CONN_WRITING && now_ns > c->write_ns + second_ns;
    return waits ? rate_of(c, now_ns) : -1;
}

double t2v_conn_sends_since(struct t2v_conn *c, uint64_t now_ns)
{
    bool waits = c->state == T2V_CONN_READING && c->held_bytes != 0;
    return waits && now_ns > c->began_ns + second_ns ? (double)c->began_ns * 1e-9 : -1;
}

void t2v_conn_drop(struct t2v_conn *c)
{
    kill_conn(c);
}

/* The time in a spare place is over, but an ordinary one is free by now. */
static bool finds_place(struct t2v_conn *c)
{
    if (!c->spare || c->state != T2V_CONN_READING || !promote(c, false))
        return false;
    settle(c);
    return true;
}

bool t2v_conn_is_silent(const struct t2v_conn *c)
{
    int unread = 0;
    return evbuffer_get_length(bufferevent_get_input(c->bev)) == 0 &&
           ioctl(c->fd, FIONREAD, &unread) == 0 && unread == 0;
}

void t2v_conn_check(struct t2v_conn *c, uint64_t now_ns)
{
    if ((c->state != T2V_CONN_DEAD && now_ns < c->deadline_ns) || finds_place(c))
        return;
    if (c->state == T2V_CONN_READING && t2v_reader_begun(&c->reader)) {
        refuse(c, 408, "the request was not complete in time");
    } else if (c->state == T2V_CONN_WRITING) {
        if (rate_of(c, now_ns) < LEAST_RATE)
            kill_conn(c);
        else
            c->deadline_ns = now_ns + second_ns;
    } else if (c->state != T2V_CONN_READING || t2v_conn_is_silent(c)) {
        /* Else bytes have come before the deadline, but after the loop last looked. */
        kill_conn(c);
    }
    settle(c);
}

bool t2v_conn_is_busy(const struct t2v_conn *c)
{
    return c->state == T2V_CONN_WORKING || c->state == T2V_CONN_WRITING ||
           (c->state == T2V_CONN_READING && t2v_reader_begun(&c->reader));
}

void t2v_conn_end(struct t2v_conn *c)
{
    static const char why[] = "shutting down, ask again";
    if (c->state == T2V_CONN_WORKING) {
        t2v_job_abandon(c->job);
        c->job = NULL;
        refuse(c, 503, why);
    } else if (t2v_conn_is_busy(c) && c->state == T2V_CONN_READING) {
        refuse(c, 503, why);
    } else if (c->state == T2V_CONN_READING) {
        kill_conn(c);
    }
    settle(c);
}

void t2v_conn_close(struct t2v_conn *c)
{
    kill_conn(c);
    settle(c);
}
