/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/places.h"

#include "base/clock.h"

#include "base/banned.h"

enum { LOOKS = 16 }; /* connections that first_silent examines */

static uint64_t n_ordinary(const struct t2v_places *places)
{
    return places->n_open - places->n_spare;
}

bool t2v_places_are_full(const struct t2v_places *places)
{
    return n_ordinary(places) >= places->max;
}

/* ---- The lines ---- */

void t2v_places_wait(struct t2v_places *places, struct t2v_place *place, bool has_asked)
{
    if (place->line != T2V_LINE_NONE)
        return;
    place->line = place->spare ? T2V_LINE_SPARE : has_asked ? T2V_LINE_KEPT : T2V_LINE_NEW;
    place->heard_ns = t2v_clock_ns();
    place->older = places->last[place->line];
    place->newer = NULL;
    *(place->older != NULL ? &place->older->newer : &places->first[place->line]) = place;
    places->last[place->line] = place;
}

void t2v_places_leave(struct t2v_places *places, struct t2v_place *place)
{
    if (place->line == T2V_LINE_NONE)
        return;
    *(place->older != NULL ? &place->older->newer : &places->first[place->line]) = place->newer;
    *(place->newer != NULL ? &place->newer->older : &places->last[place->line]) = place->older;
    place->line = T2V_LINE_NONE;
}

/* The connection of a line that has been silent for longest, and since since_ns at least. NULL:
 * none. One with unread bytes is not silent. */
static struct t2v_place *first_silent(const struct t2v_places *places, enum t2v_line line,
                                      uint64_t since_ns)
{
    struct t2v_place *place = places->first[line];
    for (int i = 0; i < LOOKS && place != NULL && place->heard_ns <= since_ns;
         i++, place = place->newer) {
        if (places->is_silent(place))
            return place;
    }
    return NULL;
}

/* ---- Entering, promotion, leaving ---- */

static bool make_room(const struct t2v_places *places, struct t2v_place *goes)
{
    if (goes != NULL)
        places->close(goes);
    return goes != NULL;
}

bool t2v_places_can_take(const struct t2v_places *places)
{
    return !t2v_places_are_full(places) || places->n_spare < T2V_SPARE_PLACES ||
           first_silent(places, T2V_LINE_SPARE, UINT64_MAX) != NULL;
}

/* If all in spare places have sent bytes since can_take was true, there is one more than
 * T2V_SPARE_PLACES until one is closed. */
void t2v_places_enter(struct t2v_places *places, struct t2v_place *place)
{
    *place = (struct t2v_place){.line = T2V_LINE_NONE, .spare = t2v_places_are_full(places)};
    places->n_open++;
    if (!place->spare)
        return;
    places->n_spare++;
    if (places->n_spare > T2V_SPARE_PLACES)
        make_room(places, first_silent(places, T2V_LINE_SPARE, UINT64_MAX));
}

void t2v_places_exit(struct t2v_places *places, struct t2v_place *place)
{
    t2v_places_leave(places, place);
    places->n_open--;
    if (place->spare)
        places->n_spare--;
}

/* The connection that is closed for a request. */
static struct t2v_place *first_to_go(const struct t2v_places *places)
{
    uint64_t since = t2v_clock_ns() - (uint64_t)T2V_QUIET_MS * 1000000;
    struct t2v_place *place = first_silent(places, T2V_LINE_NEW, since);
    return place != NULL ? place : first_silent(places, T2V_LINE_KEPT, since);
}

bool t2v_places_promote(struct t2v_places *places, struct t2v_place *place, bool may_close)
{
    if (t2v_places_are_full(places) && !(may_close && make_room(places, first_to_go(places))))
        return false;
    t2v_places_leave(places, place);
    place->spare = false;
    places->n_spare--;
    return true;
}
