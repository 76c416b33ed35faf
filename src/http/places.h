/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_PLACES_H
#define T2V_HTTP_PLACES_H
/*
 * Who may be connected, and who is closed first when all places are taken. There are
 * max_connections ordinary places and T2V_SPARE_PLACES above them, so that probes are answered at
 * the limit, too.
 *
 * A new connection that finds no ordinary place gets a spare one, for T2V_SPARE_MS: probes are
 * answered there, and it closes. Any other request needs an ordinary place: a free
 * one, or that of the connection that has been silent for longest, at least T2V_QUIET_MS.
 * Connections without any request so far are closed before those that are kept alive. Only a
 * request that may need a token makes room, so a flood of silent connections closes only those in
 * the spare places.
 *
 * The connections that wait for bytes of their clients are in one of three lists (lines), the
 * longest silent first. A connection whose request is processed or whose answer is being sent is in
 * none.
 *
 * This file knows only the place of a connection. For the loop thread alone.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    T2V_SPARE_PLACES = 16,
    T2V_SPARE_MS = 2000, /* for a request in a spare place */
    T2V_QUIET_MS = 2000  /* of silence, before an ordinary place can be lost */
};

enum t2v_line {
    T2V_LINE_SPARE, /* in a spare place: the first is closed for a new connection */
    T2V_LINE_NEW,   /* no whole request so far: these are closed first for a request */
    T2V_LINE_KEPT,  /* kept alive after an answer */
    T2V_N_LINE,
    T2V_LINE_NONE = T2V_N_LINE
};

/* A member of each connection. */
struct t2v_place {
    bool spare;
    enum t2v_line line;              /* the line that it is in */
    struct t2v_place *older, *newer; /* in that line */
    uint64_t heard_ns;               /* when it was added to its line */
};

struct t2v_places {
    struct t2v_place *first[T2V_N_LINE], *last[T2V_N_LINE];
    uint64_t n_open;  /* connections in any place */
    uint64_t n_spare; /* of these, in spare places */
    uint64_t max;     /* ordinary places */
    /* True if there are no unread bytes of its client. */
    bool (*is_silent)(const struct t2v_place *place);
    /* Closes a connection to make room; t2v_places_exit has been called when it returns. */
    void (*close)(struct t2v_place *place);
};

/* Gives a fresh connection its place. One in a spare place may be closed for it. */
void t2v_places_enter(struct t2v_places *places, struct t2v_place *place);
/* The connection is about to be freed. */
void t2v_places_exit(struct t2v_places *places, struct t2v_place *place);

/* It waits for its client: appended to its line, unless it is in one. has_asked: there
 * was a whole request on it. */
void t2v_places_wait(struct t2v_places *places, struct t2v_place *place, bool has_asked);
/* Its client has sent bytes, or it no longer waits for any. */
void t2v_places_leave(struct t2v_places *places, struct t2v_place *place);

/* From a spare place to an ordinary one, if one is free or, where may_close says so, can be made
 * free. False: it stays where it is. */
bool t2v_places_promote(struct t2v_places *places, struct t2v_place *place, bool may_close);

/* All ordinary places are taken. */
bool t2v_places_are_full(const struct t2v_places *places);
/* A new connection can be accepted, perhaps by closing another. */
bool t2v_places_can_take(const struct t2v_places *places);

#endif
