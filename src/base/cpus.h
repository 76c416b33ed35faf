/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_CPUS_H
#define T2V_BASE_CPUS_H
/*
 * The number of processors that this process may use: the smaller of its CPU affinity and the CPU
 * quotas of its cgroup and of all cgroups above it, rounded up (cgroup.h).
 *
 * Sources: the kernel's cgroup-v2 and sched-bwc documents.
 */

/* At least 1. */
int t2v_cpus(void);

/* The smallest quota in processors, rounded up; 0: no quota. proc and sys are the mount points of
 * the two file systems: "/proc" and "/sys", except in tests. */
int t2v_cpus_quota(const char *proc, const char *sys);

#endif
