/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_CLOCK_H
#define T2V_BASE_CLOCK_H
/* The monotonic clock, for all timeouts and measurements. */
#include <stdint.h>
#include <time.h>

/* Nanoseconds of CLOCK_MONOTONIC. */
static inline uint64_t t2v_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

#endif
