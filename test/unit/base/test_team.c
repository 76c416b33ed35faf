/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/team.h"

enum { N = 1000 };

struct sums {
    int value[N], shifted[N];
    int visits[8];
    int lanes; /* of the run: fewer than the team's where other programs take the processors */
};

/* Two steps with a barrier between: the second reads what other lanes wrote in the first. */
static void two_steps(void *arg, const struct t2v_lane *lane)
{
    struct sums *sums = arg;
    size_t begin, end;
    sums->visits[lane->rank]++;
    if (lane->rank == 0)
        sums->lanes = lane->n;
    t2v_lane_share(lane, N, 16, &begin, &end);
    for (size_t i = begin; i < end; i++)
        sums->value[i] = (int)i;
    t2v_lane_barrier(lane);
    for (size_t i = begin; i < end; i++)
        sums->shifted[i] = sums->value[(i + N / 2) % N];
}

static void test_runs(void **state)
{
    (void)state;
    for (int n = 1; n <= 5; n++) {
        t2v_team *team;
        assert_int_equal(t2v_team_new(n, &team, NULL), 0);
        assert_int_equal(t2v_team_size(team), n);
        for (int round = 0; round < 200; round++) {
            struct sums sums = {0};
            t2v_team_run(team, two_steps, &sums);
            for (int i = 0; i < N; i++)
                assert_int_equal(sums.shifted[i], (i + N / 2) % N);
            for (int rank = 0; rank < n; rank++)
                assert_int_equal(sums.visits[rank], rank < sums.lanes);
            if (round % 50 == 0) /* let the lanes fall asleep */
                nanosleep(&(struct timespec){0, 3000000}, NULL);
        }
        t2v_team_free(team);
    }
    t2v_team_free(NULL);
}

static t2v_team *watched;
static unsigned seen[4];

static void three_barriers(void *arg, const struct t2v_lane *lane)
{
    (void)arg;
    for (int i = 0; i < 4; i++) {
        if (lane->rank == 0)
            seen[i] = t2v_team_steps(watched);
        if (i < 3)
            t2v_lane_barrier(lane);
    }
}

/* Whoever watches a run sees that it moves. */
static void test_steps(void **state)
{
    (void)state;
    for (int n = 1; n <= 3; n++) {
        assert_int_equal(t2v_team_new(n, &watched, NULL), 0);
        t2v_team_run(watched, three_barriers, NULL);
        for (unsigned i = 0; i < 4; i++)
            assert_int_equal(seen[i], i);
        assert_int_equal(t2v_team_steps(watched), 4);
        t2v_team_free(watched);
    }
}

/* The lanes' shares are the whole, without gap or overlap, cut at the grain. */
static void test_shares(void **state)
{
    (void)state;
    for (int n = 1; n <= 7; n++) {
        for (size_t items = 0; items < 70; items++) {
            for (size_t grain = 1; grain <= 16; grain *= 4) {
                size_t at = 0;
                for (int rank = 0; rank < n; rank++) {
                    struct t2v_lane lane = {rank, n, NULL};
                    size_t begin, end;
                    t2v_lane_share(&lane, items, grain, &begin, &end);
                    assert_int_equal(begin, at);
                    assert_true(end >= begin);
                    assert_true(end % grain == 0 || end == items);
                    at = end;
                }
                assert_int_equal(at, items);
            }
        }
    }
}

struct dealt {
    size_t n_item[2];
    int times[2][N];
};

static void take_all(void *arg, const struct t2v_lane *lane)
{
    struct dealt *dealt = arg;
    size_t item;
    for (int step = 0; step < 2; step++) {
        while (t2v_lane_take(lane, dealt->n_item[step], &item))
            dealt->times[step][item]++; /* a race, and a wrong count, if two lanes had it */
        t2v_lane_barrier(lane);
    }
}

/* Every item of every step goes to one lane, however many there are. */
static void test_takes(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 2, 3, 7, 24, N};
    enum { N_COUNT = sizeof counts / sizeof counts[0] };
    for (int n = 1; n <= 5; n++) {
        t2v_team *team;
        assert_int_equal(t2v_team_new(n, &team, NULL), 0);
        for (size_t round = 0; round < 3 * N_COUNT; round++) {
            struct dealt dealt = {{counts[round % N_COUNT], counts[(round + 3) % N_COUNT]}, {{0}}};
            t2v_team_run(team, take_all, &dealt);
            for (int step = 0; step < 2; step++) {
                for (size_t i = 0; i < N; i++)
                    assert_int_equal(dealt.times[step][i], i < dealt.n_item[step]);
            }
        }
        t2v_team_free(team);
    }
}

/* In each step another lane comes late to the barrier, so late that the rest is asleep by then. */
static void late_steps(void *arg, const struct t2v_lane *lane)
{
    struct sums *sums = arg;
    if (lane->rank == 0)
        sums->lanes = lane->n;
    for (int step = 0; step < 24; step++) {
        if (step % lane->n == lane->rank) {
            nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
            sums->value[step] = step + 1;
        }
        t2v_lane_barrier(lane);
        sums->visits[lane->rank] += sums->value[step] == step + 1;
    }
}

static void test_late(void **state)
{
    (void)state;
    for (int n = 2; n <= 5; n += 3) {
        t2v_team *team;
        assert_int_equal(t2v_team_new(n, &team, NULL), 0);
        for (int run = 0; run < 3; run++) {
            struct sums sums = {0};
            t2v_team_run(team, late_steps, &sums);
            for (int rank = 0; rank < n; rank++)
                assert_int_equal(sums.visits[rank], rank < sums.lanes ? 24 : 0);
        }
        t2v_team_free(team);
    }
}

struct neighbour {
    bool here;
    int lanes; /* of the last run */
};

/* Work of 2 ms for each lane; beside a neighbour, lane 1 has no processor for 8 ms. */
static void work(void *arg, const struct t2v_lane *lane)
{
    struct neighbour *neighbour = arg;
    if (lane->rank == 0)
        neighbour->lanes = lane->n;
    if (lane->rank == 1 && neighbour->here)
        nanosleep(&(struct timespec){.tv_nsec = 8000000}, NULL);
    uint64_t end_ns = t2v_clock_ns() + 2000000;
    while (t2v_clock_ns() < end_ns)
        ;
}

/* Runs until so many lanes take part; at most 30 s, since other programs may keep them away. */
static void run_until(t2v_team *team, struct neighbour *neighbour, int lanes)
{
    uint64_t end_ns = t2v_clock_ns() + UINT64_C(30000000000);
    do {
        t2v_team_run(team, work, neighbour);
    } while (neighbour->lanes != lanes && t2v_clock_ns() < end_ns);
    assert_int_equal(neighbour->lanes, lanes);
}

static void test_neighbour(void **state)
{
    (void)state;
    t2v_team *team;
    assert_int_equal(t2v_team_new(2, &team, NULL), 0);
    for (int i = 0; i < 2; i++) {
        run_until(team, &(struct neighbour){.here = true}, 1);
        run_until(team, &(struct neighbour){.here = false}, 2);
        assert_int_equal(t2v_team_size(team), 2);
    }
    t2v_team_free(team);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs),   cmocka_unit_test(test_steps),
        cmocka_unit_test(test_shares), cmocka_unit_test(test_takes),
        cmocka_unit_test(test_late),   cmocka_unit_test(test_neighbour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
