/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_WIDTH_H
#define T2V_BASE_WIDTH_H
/*
 * How many lanes of a team work together. Beside a busy process some lanes do not run, and the
 * others wait for them at every barrier: then fewer lanes get more done. So where lanes lose time,
 * two widths are measured in turn and the better one stays; the full width is tried again after a
 * pause, since neighbours come and go.
 */
#include <stdbool.h>
#include <stdint.h>

/* What the lanes of some runs did, in nanoseconds. */
struct t2v_width_spent {
    uint64_t wall;   /* of the runs */
    uint64_t useful; /* on a processor and not waiting for other lanes; of all lanes together */
    uint64_t lost;   /* not on a processor, though there was work; of all lanes together */
};

struct t2v_width {
    int full;  /* all lanes */
    int now;   /* lanes of the next run */
    int fewer; /* the other width, while lanes lose time; else 0 */
    bool trial;
    double rate_full, rate_fewer; /* processors that were useful, by width; 0: not measured */
    struct t2v_width_spent window;
    int n_bad;                    /* windows in a row in which all lanes lost much */
    uint64_t pause_ns, try_at_ns; /* the next trial */
};

/* A team of `full` lanes, all at work. */
void t2v_width_init(struct t2v_width *width, int full);

/* Counts a run of `now` lanes, which ended at now_ns (of t2v_clock_ns), and may change `now`. */
void t2v_width_add(struct t2v_width *width, const struct t2v_width_spent *run, uint64_t now_ns);

#endif
