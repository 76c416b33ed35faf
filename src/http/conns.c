/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/conns.h"

#include "base/clock.h"
#include "http/exchange.h"

#include "base/banned.h"

static const uint64_t second_ns = 1000000000;

/* ---- Closing some for others ---- */

static const struct t2v_conn *conn_of_place(const struct t2v_place *place)
{
    return (const struct t2v_conn *)((const char *)place - offsetof(struct t2v_conn, place));
}

static bool is_silent(const struct t2v_place *place)
{
    return t2v_conn_is_silent(conn_of_place(place));
}

static void close_for_another(struct t2v_place *place)
{
    struct t2v_conn *c = (struct t2v_conn *)((char *)place - offsetof(struct t2v_conn, place));
    c->all->service->metrics.evicted++;
    t2v_conn_close(c);
}

/* The connection with the smallest measure that is not negative, except the owner of share. NULL:
 * none. */
static struct t2v_conn *least(const struct t2v_conns *conns, const size_t *share,
                              double (*measure)(struct t2v_conn *c, uint64_t now_ns))
{
    uint64_t now = t2v_clock_ns();
    struct t2v_conn *found = NULL;
    double smallest = 0;
    for (struct t2v_conn *c = conns->first; c != NULL; c = c->next) {
        double x = &c->held_bytes != share ? measure(c, now) : -1;
        if (x >= 0 && (found == NULL || x < smallest)) {
            found = c;
            smallest = x;
        }
    }
    return found;
}

static bool reclaim(void *user, const size_t *share)
{
    struct t2v_conns *conns = user;
    struct t2v_conn *slow = least(conns, share, t2v_conn_rate);
    if (slow == NULL)
        slow = least(conns, share, t2v_conn_sends_since);
    if (slow == NULL)
        return false;
    conns->service->metrics.dropped_slow++;
    t2v_conn_kill(slow);
    return true;
}

void t2v_conns_init(struct t2v_conns *conns, struct event_base *base, struct t2v_service *service,
                    struct t2v_dispatch *dispatch, void (*has_room)(void *user), void *user)
{
    *conns = (struct t2v_conns){
        .base = base,
        .service = service,
        .dispatch = dispatch,
        .has_room = has_room,
        .user = user,
        .places = {.max = service->max_connections,
                   .is_silent = is_silent,
                   .close = close_for_another},
    };
    service->budget.reclaim = reclaim;
    service->budget.user = conns;
}

/* ---- Events ---- */

static void on_readable(struct bufferevent *bev, void *arg)
{
    struct t2v_conn *c = arg;
    (void)bev;
    t2v_places_leave(&c->all->places, &c->place);
    if (c->state == T2V_CONN_LINGERING)
        t2v_conn_drain_input(c);
    t2v_exchange_go_on(c);
    t2v_conn_settle(c);
}

static void on_written(struct bufferevent *bev, void *arg)
{
    struct t2v_conn *c = arg;
    (void)bev;
    if (c->state == T2V_CONN_WRITING) {
        t2v_conn_answered(c);
        t2v_exchange_go_on(c);
    } else if (c->state == T2V_CONN_STREAMING) {
        t2v_output_done(&c->output);
        t2v_exchange_stream(c);
    }
    t2v_conn_settle(c);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct t2v_conn *c = arg;
    (void)bev;
    /* UPSTREAM: a client that shuts its sending side while the engine works for it counts as gone;
     * it cannot be told from one that has left. */
    if ((what & BEV_EVENT_EOF) != 0 && c->state == T2V_CONN_WRITING)
        c->eof = true;
    else
        t2v_conn_kill(c);
    t2v_conn_settle(c);
}

void t2v_conns_open(struct t2v_conns *all, evutil_socket_t fd)
{
    struct t2v_conn *c = t2v_conn_new(all, fd);
    if (c == NULL)
        return;
    bufferevent_setcb(c->bev, on_readable, on_written, on_event, c);
    bufferevent_set_max_single_read(c->bev, T2V_READ_BYTES);
    if (bufferevent_enable(c->bev, EV_READ | EV_WRITE) != 0)
        t2v_conn_kill(c);
    t2v_conn_settle(c);
}

/* ---- Time-outs and the end ---- */

/* True if its time in a spare place is over, and an ordinary place is free: it moves there. */
static bool finds_place(struct t2v_conn *c)
{
    if (!c->place.spare || c->state != T2V_CONN_READING || !t2v_conn_promote(c, false))
        return false;
    t2v_conn_settle(c);
    return true;
}

/* Answers or closes it if its deadline has passed. It may be freed. */
static void check(struct t2v_conn *c, uint64_t now_ns)
{
    if ((c->state != T2V_CONN_DEAD && now_ns < c->deadline_ns) || finds_place(c))
        return;
    if (c->state == T2V_CONN_READING && t2v_reader_begun(&c->reader)) {
        t2v_exchange_refuse_late(c);
    } else if (c->state == T2V_CONN_WRITING || c->state == T2V_CONN_STREAMING) {
        if (t2v_output_rate(&c->output, now_ns) < T2V_LEAST_RATE)
            t2v_conn_kill(c);
        else
            c->deadline_ns = now_ns + second_ns;
    } else if (c->state != T2V_CONN_READING || t2v_conn_is_silent(c)) {
        /* Otherwise bytes arrived before the deadline that the loop has not read yet. */
        t2v_conn_kill(c);
    }
    t2v_conn_settle(c);
}

/* Answers a request under way with 503, ends a stream, or closes an idle connection. It may be
 * freed. */
static void end(struct t2v_conn *c)
{
    static const char why[] = "shutting down, ask again";
    if (c->state == T2V_CONN_WORKING) {
        t2v_job_abandon(c->job);
        c->job = NULL;
        t2v_exchange_refuse_busy(c, why);
    } else if (t2v_conn_is_busy(c) && c->state == T2V_CONN_READING) {
        t2v_exchange_refuse_busy(c, why);
    } else if (c->state == T2V_CONN_STREAMING) {
        t2v_exchange_end_stream(c, why);
    } else if (c->state == T2V_CONN_READING) {
        t2v_conn_kill(c);
    }
    t2v_conn_settle(c);
}

void t2v_conns_check(struct t2v_conns *conns, uint64_t now_ns)
{
    /* Only the current connection may be freed meanwhile. */
    for (struct t2v_conn *c = conns->first, *next; c != NULL; c = next) {
        next = c->next;
        check(c, now_ns);
    }
}

void t2v_conns_end(struct t2v_conns *conns)
{
    for (struct t2v_conn *c = conns->first, *next; c != NULL; c = next) {
        next = c->next;
        end(c);
    }
}

bool t2v_conns_are_busy(const struct t2v_conns *conns)
{
    for (const struct t2v_conn *c = conns->first; c != NULL; c = c->next) {
        if (t2v_conn_is_busy(c))
            return true;
    }
    return false;
}

void t2v_conns_close(struct t2v_conns *conns)
{
    while (conns->first != NULL)
        t2v_conn_close(conns->first);
}
