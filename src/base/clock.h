/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_CLOCK_H
#define T2V_BASE_CLOCK_H
/* Clocks in nanoseconds. The monotonic one is for all timeouts and measurements. */
#include <stdint.h>
#include <time.h>

/* Nanoseconds of a clock. */
static inline uint64_t t2v_clock_read_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* Nanoseconds of CLOCK_MONOTONIC. */
static inline uint64_t t2v_clock_ns(void)
{
    return t2v_clock_read_ns(CLOCK_MONOTONIC);
}

#endif
