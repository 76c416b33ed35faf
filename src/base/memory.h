/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_MEMORY_H
#define T2V_BASE_MEMORY_H
#include <stdint.h>

/* The bytes of memory that this process may use: the machine's, or the least limit of its cgroup
 * and of all cgroups above it (cgroup.h). proc and sys: "/proc" and "/sys", except in tests. */
uint64_t t2v_memory_allowed(const char *proc, const char *sys);

#endif
