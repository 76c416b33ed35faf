/* SPDX-License-Identifier: BSD-3-Clause */
/* Who gets a place, and which connection is closed for another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/places.h"

#include "base/banned.h"

enum { N_CLIENT = 64, MAX = 4 };

static struct t2v_places places;

static struct client {
    struct t2v_place place;
    bool speaks; /* it has sent bytes that nobody has read */
    bool closed;
} clients[N_CLIENT];

static struct client *client_of(const struct t2v_place *place)
{
    size_t i = 0;
    while (&clients[i].place != place)
        i++;
    return &clients[i];
}

static bool is_silent(const struct t2v_place *place)
{
    return !client_of(place)->speaks;
}

static void close_client(struct t2v_place *place)
{
    client_of(place)->closed = true;
    t2v_places_exit(&places, place);
}

static int set_up(void **state)
{
    (void)state;
    places = (struct t2v_places){.max = MAX, .is_silent = is_silent, .close = close_client};
    memset(clients, 0, sizeof clients);
    return 0;
}

/* The i-th connects and waits for its client. */
static struct t2v_place *enter(size_t i)
{
    assert_true(t2v_places_can_take(&places));
    t2v_places_enter(&places, &clients[i].place);
    t2v_places_wait(&places, &clients[i].place, false);
    return &clients[i].place;
}

/* The i-th has had an answer and is kept alive. */
static void keep_alive(size_t i)
{
    t2v_places_leave(&places, &clients[i].place);
    t2v_places_wait(&places, &clients[i].place, true);
}

/* As if the i-th had been silent for long enough to lose its place. */
static void grow_old(size_t i)
{
    clients[i].place.heard_ns -= (uint64_t)(T2V_QUIET_MS + 1) * 1000000;
}

static size_t n_closed(void)
{
    size_t n = 0;
    for (size_t i = 0; i < N_CLIENT; i++)
        n += clients[i].closed;
    return n;
}

/* Fills the ordinary places: 0, 1, ... MAX - 1. */
static void fill(void)
{
    for (size_t i = 0; i < MAX; i++) {
        assert_false(t2v_places_are_full(&places));
        assert_false(enter(i)->spare);
    }
    assert_true(t2v_places_are_full(&places));
}

static void test_counts(void **state)
{
    (void)state;
    fill();
    assert_true(enter(MAX)->spare);
    assert_int_equal(places.n_open, MAX + 1);
    assert_int_equal(places.n_spare, 1);
    t2v_places_exit(&places, &clients[0].place);
    assert_false(t2v_places_are_full(&places));
    t2v_places_exit(&places, &clients[MAX].place);
    assert_int_equal(places.n_open, MAX - 1);
    assert_int_equal(places.n_spare, 0);
    assert_int_equal(n_closed(), 0);
}

/* A flood of silent connections: the longest silent of those in spare places goes. */
static void test_flood(void **state)
{
    (void)state;
    const size_t last = MAX + T2V_SPARE_PLACES;
    fill();
    for (size_t i = MAX; i < last; i++)
        assert_true(enter(i)->spare);
    assert_int_equal(n_closed(), 0);
    clients[MAX].speaks = true;
    enter(last);
    assert_int_equal(n_closed(), 1);
    assert_true(clients[MAX + 1].closed);
    assert_int_equal(places.n_spare, T2V_SPARE_PLACES);
    for (size_t i = MAX; i <= last; i++)
        clients[i].speaks = true;
    assert_false(t2v_places_can_take(&places));
}

/* A request in a spare place. It gets an ordinary one only if it may close another connection, and
 * one has been silent for long enough. */
static void test_promote(void **state)
{
    (void)state;
    fill();
    struct t2v_place *place = enter(MAX);
    assert_false(t2v_places_promote(&places, place, true));
    grow_old(0);
    assert_false(t2v_places_promote(&places, place, false));
    assert_true(place->spare);
    assert_int_equal(n_closed(), 0);
    clients[0].speaks = true;
    assert_false(t2v_places_promote(&places, place, true));
    clients[0].speaks = false;
    assert_true(t2v_places_promote(&places, place, true));
    assert_true(clients[0].closed);
    assert_int_equal(n_closed(), 1);
    assert_false(place->spare);
    assert_int_equal(place->line, T2V_LINE_NONE);
    assert_int_equal(places.n_open, MAX);
    assert_int_equal(places.n_spare, 0);
}

static void test_promote_free(void **state)
{
    (void)state;
    fill();
    struct t2v_place *place = enter(MAX);
    t2v_places_exit(&places, &clients[2].place);
    assert_true(t2v_places_promote(&places, place, false));
    assert_true(t2v_places_are_full(&places));
    assert_int_equal(n_closed(), 0);
}

/* Connections without a request so far go before those that are kept alive, however old. */
static void test_order(void **state)
{
    (void)state;
    static const size_t order[MAX] = {2, 3, 1, 0};
    fill();
    keep_alive(1);
    keep_alive(0);
    for (size_t i = 0; i < MAX; i++)
        grow_old(i);
    for (size_t i = 0; i < MAX; i++) {
        struct t2v_place *place = enter(MAX + i);
        assert_true(t2v_places_promote(&places, place, true));
        t2v_places_leave(&places, place); /* its request is under way */
        assert_true(clients[order[i]].closed);
        assert_int_equal(n_closed(), i + 1);
    }
    assert_false(t2v_places_promote(&places, enter(2 * MAX), true));
}

/* A connection is in one line at most, and out of it while its request is under way. */
static void test_lines(void **state)
{
    (void)state;
    fill();
    t2v_places_wait(&places, &clients[1].place, true);
    assert_int_equal(clients[1].place.line, T2V_LINE_NEW);
    assert_null(places.first[T2V_LINE_KEPT]);
    t2v_places_leave(&places, &clients[1].place);
    t2v_places_leave(&places, &clients[1].place);
    assert_ptr_equal(places.first[T2V_LINE_NEW], &clients[0].place);
    assert_ptr_equal(clients[0].place.newer, &clients[2].place);
    assert_ptr_equal(clients[2].place.older, &clients[0].place);
    t2v_places_leave(&places, &clients[3].place);
    t2v_places_leave(&places, &clients[0].place);
    assert_ptr_equal(places.first[T2V_LINE_NEW], &clients[2].place);
    assert_ptr_equal(places.last[T2V_LINE_NEW], &clients[2].place);
    t2v_places_wait(&places, &clients[0].place, true);
    assert_ptr_equal(places.first[T2V_LINE_KEPT], &clients[0].place);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, NULL)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_counts),       TEST(test_flood), TEST(test_promote),
        TEST(test_promote_free), TEST(test_order), TEST(test_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
