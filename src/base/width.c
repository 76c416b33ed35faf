/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/width.h"

#include "base/banned.h"

/* A window is long enough to see several turns of the scheduler, of 3 to 4 ms; it ends early when
 * much was lost. Pauses between trials double, up to a limit. */
static const uint64_t WINDOW_NS = 20000000, ENOUGH_LOST_NS = 10000000;
static const uint64_t FIRST_PAUSE_NS = 200000000, LAST_PAUSE_NS = 1600000000;

/* Processors lost, of which it takes more to try fewer lanes, in so many windows in a row: a short
 * disturbance is no neighbour. */
static const double LOST = 0.1;
enum { BAD_WINDOWS = 3 };
/* Fewer lanes may do this part of what all do: they take less of the processors. */
static const double NEARLY = 0.9;
/* What the latest window counts in a rate: windows differ much beside a neighbour. */
static const double LATEST = 0.3;

/* As if no lane had ever lost time. */
static void forget(struct t2v_width *width)
{
    *width = (struct t2v_width){
        .full = width->full,
        .now = width->full,
        .pause_ns = FIRST_PAUSE_NS,
    };
}

void t2v_width_init(struct t2v_width *width, int full)
{
    width->full = full;
    forget(width);
}

/* The lanes left without those that had no processor. */
static int without(int lanes, double lost)
{
    int left = lanes - (lost < 1.5 ? 1 : (int)(lost + 0.5));
    return left < 1 ? 1 : left;
}

static void average(double *rate, double latest)
{
    *rate = *rate == 0 ? latest : (1 - LATEST) * *rate + LATEST * latest;
}

static void end_trial(struct t2v_width *width, uint64_t now_ns)
{
    bool all = NEARLY * width->rate_full > width->rate_fewer;
    width->now = all ? width->full : width->fewer;
    width->trial = false;
    width->try_at_ns = now_ns + width->pause_ns;
    width->pause_ns = 2 * width->pause_ns < LAST_PAUSE_NS ? 2 * width->pause_ns : LAST_PAUSE_NS;
}

/* A window has ended, of `rate` useful processors and so many lost ones. */
static void count(struct t2v_width *width, double rate, double lost, uint64_t now_ns)
{
    bool all = width->now == width->full;
    if (all && lost <= LOST) {
        forget(width);
        return;
    }
    average(all ? &width->rate_full : &width->rate_fewer, rate);
    if (all && ++width->n_bad >= BAD_WINDOWS)
        width->fewer = without(width->full, lost);
    if (width->trial) {
        end_trial(width, now_ns);
    } else if (width->fewer != 0 && now_ns >= width->try_at_ns) {
        width->now = all ? width->fewer : width->full;
        width->trial = true;
    }
}

void t2v_width_add(struct t2v_width *width, const struct t2v_width_spent *run, uint64_t now_ns)
{
    struct t2v_width_spent *window = &width->window;
    window->wall += run->wall;
    window->useful += run->useful;
    window->lost += run->lost;
    if (window->wall < WINDOW_NS && window->lost < ENOUGH_LOST_NS)
        return;
    double wall = (double)window->wall;
    double rate = (double)window->useful / wall, lost = (double)window->lost / wall;
    *window = (struct t2v_width_spent){0};
    count(width, rate, lost, now_ns);
}
