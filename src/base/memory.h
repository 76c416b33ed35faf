/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_MEMORY_H
#define T2V_BASE_MEMORY_H
#include <stdint.h>

/* The bytes of memory that this process may use: the machine's, or the limit of its container, as
 * version 1 or 2 of cgroups shows it in sys ("/sys", except in tests). */
uint64_t t2v_memory_allowed(const char *sys);

#endif
