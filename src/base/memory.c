/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/memory.h"

#include <unistd.h>

#include "base/cgroup.h"

#include "base/banned.h"

static uint64_t limit_of(const struct t2v_cgroup *cgroup)
{
    int64_t limit[2];
    const char *name = cgroup->v2 ? "memory.max" : "memory.limit_in_bytes";
    return t2v_cgroup_numbers(cgroup, name, limit) >= 1 ? (uint64_t)limit[0] : UINT64_MAX;
}

uint64_t t2v_memory_allowed(const char *proc, const char *sys)
{
    uint64_t here = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t limit = t2v_cgroup_least(proc, sys, "memory", limit_of);
    return limit < here ? limit : here;
}
