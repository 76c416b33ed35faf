/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_CPUS_H
#define T2V_BASE_CPUS_H
/*
 * How many processors this process may use: the smaller of those that its affinity allows and the
 * CPU quota of its cgroup and of all cgroups above it, rounded up. Version 1 (cpu, or cpu,cpuacct)
 * and version 2, in a cgroup namespace of its own or in the host's, under systemd (CPUQuota) or a
 * container engine.
 *
 * Sources: cgroups(7), proc_pid_mountinfo(5), and the kernel's cgroup-v2 and sched-bwc documents.
 */

/* At least 1. */
int t2v_cpus(void);

/* Processors' worth of time that the quotas leave, rounded up; 0: there is no quota. proc and sys
 * are where the two file systems are mounted: "/proc" and "/sys" but in tests. */
int t2v_cpus_quota(const char *proc, const char *sys);

#endif
