/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_PULSE_H
#define T2V_BASE_PULSE_H
/*
 * Whether a thread that works through a queue makes progress: how many items are queued or being
 * worked on, and when the last progress was. All functions may be called from any thread. Times are
 * of t2v_clock_ns.
 */
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct t2v_pulse {
    atomic_size_t n_waiting;        /* queued or being worked on */
    atomic_uint_least64_t moved_ns; /* when the last progress was */
};

/* The thread has made progress. */
static inline void t2v_pulse_beat(struct t2v_pulse *pulse, uint64_t now_ns)
{
    atomic_store(&pulse->moved_ns, now_ns);
}

/* One more is queued. Returns how many there were before. */
static inline size_t t2v_pulse_enter(struct t2v_pulse *pulse, uint64_t now_ns)
{
    size_t before = atomic_fetch_add(&pulse->n_waiting, 1);
    if (before == 0)
        t2v_pulse_beat(pulse, now_ns);
    return before;
}

/* One has left the queue without progress of the thread: it was refused, or moved elsewhere. */
static inline void t2v_pulse_drop(struct t2v_pulse *pulse)
{
    atomic_fetch_sub(&pulse->n_waiting, 1);
}

/* One is done. */
static inline void t2v_pulse_leave(struct t2v_pulse *pulse, uint64_t now_ns)
{
    t2v_pulse_beat(pulse, now_ns);
    t2v_pulse_drop(pulse);
}

static inline size_t t2v_pulse_waiting(const struct t2v_pulse *pulse)
{
    return atomic_load(&pulse->n_waiting);
}

/* Milliseconds without progress while something waits; 0 when nothing waits. */
static inline uint64_t t2v_pulse_stalled_ms(const struct t2v_pulse *pulse, uint64_t now_ns)
{
    uint64_t moved_ns = atomic_load(&pulse->moved_ns);
    return t2v_pulse_waiting(pulse) != 0 && now_ns > moved_ns ? (now_ns - moved_ns) / 1000000 : 0;
}

#endif
