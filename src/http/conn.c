/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/conn.h"

#include <event2/buffer.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"

#include "base/banned.h"

enum {
    CONN_BYTES = 6 * 1024,
    FIRST_MS = 1000, /* for the first byte of a new client, even if idle_ms is shorter */
    LINGER_MS = 2000
};

static const uint64_t second_ns = 1000000000;

const struct t2v_server_options *t2v_conn_options(const struct t2v_conn *c)
{
    return c->all->service->options;
}

void t2v_conn_wait_ms(struct t2v_conn *c, int64_t ms)
{
    c->deadline_ns = t2v_clock_ns() + (uint64_t)(ms > 0 ? ms : 0) * 1000000;
}

bool t2v_conn_hold(struct t2v_conn *c, size_t bytes)
{
    return t2v_budget_hold(&c->all->service->budget, &c->held_bytes, bytes);
}

size_t t2v_conn_read_bytes(const struct t2v_conn *c)
{
    size_t n = t2v_reader_bytes(&c->reader);
    return n != 0 ? CONN_BYTES + n : 0;
}

void t2v_conn_kill(struct t2v_conn *c)
{
    if (c->state == T2V_CONN_DEAD)
        return;
    if (c->job != NULL) {
        c->all->service->metrics.cancelled++;
        t2v_job_abandon(c->job);
        c->job = NULL;
    }
    t2v_places_leave(&c->all->places, &c->place);
    bufferevent_free(c->bev);
    c->bev = NULL;
    t2v_conn_hold(c, 0);
    c->state = T2V_CONN_DEAD;
}

void t2v_conn_cut(struct t2v_conn *c)
{
    /* A chunked body lacks its end then. Without chunks the close would be the end, so the
     * connection must be reset. */
    const struct linger at_once = {.l_onoff = 1};
    if (c->reader.request.old)
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    t2v_conn_kill(c);
}

/* Limits how much of pipelined requests is read. (bufferevent_setwatermark would do this, but it
 * dereferences NULL when it has no memory.) */
static void limit_input(struct t2v_conn *c)
{
    bool full = evbuffer_get_length(bufferevent_get_input(c->bev)) >= T2V_READ_BYTES;
    if (full == c->full)
        return;
    c->full = full;
    if ((full ? bufferevent_disable : bufferevent_enable)(c->bev, EV_READ) != 0)
        t2v_conn_kill(c);
}

/* A connection that waits for its client may be closed for another; one in a spare place at once.
 */
static void stand_in_line(struct t2v_conn *c)
{
    if (c->state != T2V_CONN_READING && c->state != T2V_CONN_LINGERING) {
        t2v_places_leave(&c->all->places, &c->place);
        return;
    }
    t2v_places_wait(&c->all->places, &c->place, c->n_begun > t2v_reader_begun(&c->reader));
    if (c->place.spare)
        c->all->has_room(c->all->user);
}

/* See conn.h. */
void t2v_conn_settle(struct t2v_conn *c)
{
    struct t2v_conns *all = c->all;
    if (c->state != T2V_CONN_DEAD)
        limit_input(c);
    stand_in_line(c);
    if (c->state != T2V_CONN_DEAD)
        return;
    t2v_places_exit(&all->places, &c->place);
    *(c->prev != NULL ? &c->prev->next : &all->first) = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    t2v_reader_deinit(&c->reader);
    t2v_free(c);
    all->service->metrics.n_connection = all->places.n_open;
    all->has_room(all->user);
}

void t2v_conn_drain_input(struct t2v_conn *c)
{
    struct evbuffer *input = bufferevent_get_input(c->bev);
    evbuffer_drain(input, evbuffer_get_length(input));
}

/* No more requests here. A close at once could reset the connection before the client has read the
 * answer, if anything it sent is still unread; so shut our side and wait for its end. */
static void linger(struct t2v_conn *c)
{
    if (c->eof || shutdown(c->fd, SHUT_WR) != 0) {
        t2v_conn_kill(c);
        return;
    }
    c->state = T2V_CONN_LINGERING;
    t2v_buf_deinit(&c->reader.body);
    t2v_conn_hold(c, 0);
    t2v_conn_wait_ms(c, LINGER_MS);
    t2v_conn_drain_input(c);
}

void t2v_conn_await(struct t2v_conn *c)
{
    int64_t idle_ms = t2v_conn_options(c)->idle_ms;
    if (c->n_begun == 0 && idle_ms < FIRST_MS)
        idle_ms = FIRST_MS;
    t2v_reader_next(&c->reader);
    t2v_conn_hold(c, 0);
    c->match = t2v_route_unknown(c->all->service->routes);
    c->state = T2V_CONN_READING;
    t2v_conn_wait_ms(c, c->place.spare && T2V_SPARE_MS < idle_ms ? T2V_SPARE_MS : idle_ms);
}

void t2v_conn_answered(struct t2v_conn *c)
{
    t2v_output_done(&c->output);
    t2v_conn_hold(c, t2v_conn_read_bytes(c));
    if (c->keep_alive)
        t2v_conn_await(c);
    else
        linger(c);
}

/* See conn.h. */
bool t2v_conn_promote(struct t2v_conn *c, bool may_close)
{
    const struct t2v_server_options *options = t2v_conn_options(c);
    if (!t2v_places_promote(&c->all->places, &c->place, may_close))
        return false;
    int64_t ms = t2v_reader_begun(&c->reader) ? options->read_ms : options->idle_ms;
    c->deadline_ns = c->began_ns + (uint64_t)ms * 1000000;
    return true;
}

/* NULL: no memory; fd is closed. */
static struct t2v_conn *alloc_conn(struct t2v_conns *all, evutil_socket_t fd)
{
    struct t2v_conn *c = t2v_alloc(sizeof *c);
    struct bufferevent *bev = bufferevent_socket_new(all->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (c != NULL && bev != NULL) {
        c->bev = bev;
        return c;
    }
    t2v_free(c);
    if (bev != NULL)
        bufferevent_free(bev);
    else
        evutil_closesocket(fd);
    t2v_log_limited(&all->crowded, T2V_LOG_WARN, "http", "a connection is dropped why=%s",
                    t2v_why_busy(T2V_ENOMEM));
    return NULL;
}

struct t2v_conn *t2v_conn_new(struct t2v_conns *all, evutil_socket_t fd)
{
    struct t2v_conn *c = alloc_conn(all, fd);
    const int on = 1;
    if (c == NULL)
        return NULL;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    /* The reader's 17 KiB of bytes are not zeroed: only bytes that were written are read. */
    c->all = all;
    c->prev = NULL;
    c->next = all->first;
    c->fd = fd;
    c->eof = c->full = c->over = c->keep_alive = false;
    c->held_bytes = 0;
    c->job = NULL;
    c->id = c->n_begun = 0;
    c->began_ns = t2v_clock_ns();
    t2v_output_init(&c->output, c->bev, fd);
    if (all->first != NULL)
        all->first->prev = c;
    all->first = c;
    t2v_places_enter(&all->places, &c->place); /* may close another, so the list must be complete */
    all->service->metrics.n_connection = all->places.n_open;
    t2v_reader_init(&c->reader, (size_t)t2v_conn_options(c)->max_body_bytes);
    t2v_conn_await(c);
    return c;
}

double t2v_conn_rate(struct t2v_conn *c, uint64_t now_ns)
{
    bool sends = c->state == T2V_CONN_WRITING || c->state == T2V_CONN_STREAMING;
    bool waits = sends && t2v_output_is_slow(&c->output, now_ns);
    return waits ? t2v_output_rate(&c->output, now_ns) : -1;
}

double t2v_conn_sends_since(struct t2v_conn *c, uint64_t now_ns)
{
    bool waits = c->state == T2V_CONN_READING && c->held_bytes != 0;
    return waits && now_ns > c->began_ns + second_ns ? (double)c->began_ns * 1e-9 : -1;
}

bool t2v_conn_is_silent(const struct t2v_conn *c)
{
    int unread = 0;
    return evbuffer_get_length(bufferevent_get_input(c->bev)) == 0 &&
           ioctl(c->fd, FIONREAD, &unread) == 0 && unread == 0;
}

bool t2v_conn_is_busy(const struct t2v_conn *c)
{
    return c->state == T2V_CONN_WORKING || c->state == T2V_CONN_STREAMING ||
           c->state == T2V_CONN_WRITING ||
           (c->state == T2V_CONN_READING && t2v_reader_begun(&c->reader));
}

void t2v_conn_close(struct t2v_conn *c)
{
    t2v_conn_kill(c);
    t2v_conn_settle(c);
}
