/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/cpus.h"

#include <sched.h>
#include <stdint.h>
#include <unistd.h>

#include "base/cgroup.h"

#include "base/banned.h"

/* In processors, rounded up. */
static uint64_t quota_of(const struct t2v_cgroup *cgroup)
{
    int64_t quota[2], period[2];
    if (cgroup->v2) {
        if (t2v_cgroup_numbers(cgroup, "cpu.max", quota) != 2)
            return UINT64_MAX;
        period[0] = quota[1];
    } else if (t2v_cgroup_numbers(cgroup, "cpu.cfs_quota_us", quota) < 1 ||
               t2v_cgroup_numbers(cgroup, "cpu.cfs_period_us", period) < 1) {
        return UINT64_MAX;
    }
    if (quota[0] == 0 || period[0] == 0)
        return UINT64_MAX;
    return (uint64_t)((quota[0] + period[0] - 1) / period[0]);
}

int t2v_cpus_quota(const char *proc, const char *sys)
{
    uint64_t least = t2v_cgroup_least(proc, sys, "cpu", quota_of);
    return least < INT32_MAX ? (int)least : 0;
}

int t2v_cpus(void)
{
    cpu_set_t set; /* too small for more than 1,024 processors; sysconf counts those */
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set)
                                                        : (int)sysconf(_SC_NPROCESSORS_ONLN);
    int quota = t2v_cpus_quota("/proc", "/sys");
    if (quota > 0 && quota < n)
        n = quota;
    return n > 0 ? n : 1;
}
