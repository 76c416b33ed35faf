/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/places.h"

#include "base/clock.h"
#include "http/conn.h"

#include "base/banned.h"

enum { LOOKS = 16 }; /* at the first of a line, for one that is silent */

static uint64_t n_ordinary(const struct t2v_server *server)
{
    return server->service.metrics.n_connection - server->places.n_spare;
}

bool t2v_places_are_full(const struct t2v_server *server)
{
    return n_ordinary(server) >= server->service.max_connections;
}

/* ---- The lines ---- */

static enum t2v_line line_of(const struct t2v_conn *c)
{
    uint64_t n_whole = c->n_begun - t2v_reader_begun(&c->reader);
    return c->spare ? T2V_LINE_SPARE : n_whole == 0 ? T2V_LINE_NEW : T2V_LINE_KEPT;
}

void t2v_places_wait(struct t2v_conn *c)
{
    struct t2v_places *places = &c->server->places;
    if (c->line != T2V_LINE_NONE)
        return;
    c->line = line_of(c);
    c->heard_ns = t2v_clock_ns();
    c->older = places->last[c->line];
    c->newer = NULL;
    *(c->older != NULL ? &c->older->newer : &places->first[c->line]) = c;
    places->last[c->line] = c;
}

void t2v_places_leave(struct t2v_conn *c)
{
    struct t2v_places *places = &c->server->places;
    if (c->line == T2V_LINE_NONE)
        return;
    *(c->older != NULL ? &c->older->newer : &places->first[c->line]) = c->newer;
    *(c->newer != NULL ? &c->newer->older : &places->last[c->line]) = c->older;
    c->line = T2V_LINE_NONE;
}

/* The longest without a byte, none of them since then; NULL: none. Bytes that have come but were
 * not read so far count. */
static struct t2v_conn *first_silent(const struct t2v_server *server, enum t2v_line line,
                                     uint64_t since_ns)
{
    struct t2v_conn *c = server->places.first[line];
    for (int i = 0; i < LOOKS && c != NULL && c->heard_ns <= since_ns; i++, c = c->newer) {
        if (t2v_conn_is_silent(c))
            return c;
    }
    return NULL;
}

/* ---- Coming, moving up, going ---- */

static bool make_room(struct t2v_server *server, struct t2v_conn *goes)
{
    if (goes == NULL)
        return false;
    server->service.metrics.evicted++;
    t2v_conn_close(goes);
    return true;
}

bool t2v_places_can_take(const struct t2v_server *server)
{
    return !t2v_places_are_full(server) || server->places.n_spare < T2V_SPARE_PLACES ||
           first_silent(server, T2V_LINE_SPARE, UINT64_MAX) != NULL;
}

/* Where can_take was true and all in spare places have spoken since, there is one more of them
 * until the next one goes. */
void t2v_places_enter(struct t2v_conn *c)
{
    struct t2v_server *server = c->server;
    c->line = T2V_LINE_NONE;
    c->spare = n_ordinary(server) > server->service.max_connections;
    if (!c->spare)
        return;
    if (server->places.n_spare >= T2V_SPARE_PLACES)
        make_room(server, first_silent(server, T2V_LINE_SPARE, UINT64_MAX));
    server->places.n_spare++;
}

void t2v_places_exit(struct t2v_conn *c)
{
    t2v_places_leave(c);
    if (c->spare)
        c->server->places.n_spare--;
}

/* The connection that a request may have the place of. */
static struct t2v_conn *first_to_go(const struct t2v_server *server)
{
    uint64_t since = t2v_clock_ns() - (uint64_t)T2V_QUIET_MS * 1000000;
    struct t2v_conn *c = first_silent(server, T2V_LINE_NEW, since);
    return c != NULL ? c : first_silent(server, T2V_LINE_KEPT, since);
}

bool t2v_places_promote(struct t2v_conn *c, bool may_close)
{
    struct t2v_server *server = c->server;
    if (t2v_places_are_full(server) && !(may_close && make_room(server, first_to_go(server))))
        return false;
    t2v_places_leave(c);
    c->spare = false;
    server->places.n_spare--;
    return true;
}
