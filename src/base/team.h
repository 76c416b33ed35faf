/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_TEAM_H
#define T2V_BASE_TEAM_H
/*
 * A team of threads that runs one function together: every thread (a lane) calls it with its rank,
 * takes its share of each step, and meets the others at barriers. The thread that calls
 * t2v_team_run is lane 0; the others are kept alive between runs, waiting first by spinning, then
 * asleep. One run at a time.
 *
 * Beside a busy process fewer lanes may get more done; a run has as many as do best, see width.h.
 * So what a run computes may not depend on their number.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct t2v_team t2v_team;

struct t2v_lane {
    int rank; /* 0 .. n-1 */
    int n;
    t2v_team *team;
};

/* Starts a team of n lanes, n >= 1: n - 1 threads. T2V_ENOMEM, also when the system refuses a
 * thread; *out is unchanged then. */
int t2v_team_new(int n, t2v_team **out, struct t2v_err *err);
/* Ends the threads. No run may be going on. NULL is allowed. */
void t2v_team_free(t2v_team *team);
/* The number of lanes. */
int t2v_team_size(const t2v_team *team);

/* The number of barriers passed so far: it rises while a run makes progress. Any thread may call
 * it. */
unsigned t2v_team_steps(const t2v_team *team);

/* Every lane of the run calls fn(arg, lane) once; returns when all have. */
void t2v_team_run(t2v_team *team, void (*fn)(void *arg, const struct t2v_lane *lane), void *arg);
/* The same, again and again until no mapped file was written to from its begin to its end. Error:
 * t2v_guard_check's (guard.h); what fn has computed must not be used then. */
int t2v_team_run_guarded(t2v_team *team, void (*fn)(void *arg, const struct t2v_lane *lane),
                         void *arg, struct t2v_err *err);

/* Waits until every lane is here. What a lane wrote before it, all see after it. */
void t2v_lane_barrier(const struct t2v_lane *lane);

/* Distributes the n items of the step between two barriers, each to one lane: sets *item and
 * returns true until none is left. A lane takes its own share first, in order, then the rest of the
 * others', so that a slow processor holds nobody up. */
bool t2v_lane_take(const struct t2v_lane *lane, size_t n, size_t *item);

/* This lane's part [*begin, *end) of n items, cut at multiples of grain. */
void t2v_lane_share(const struct t2v_lane *lane, size_t n, size_t grain, size_t *begin,
                    size_t *end);

#endif
