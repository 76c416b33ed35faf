/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/memory.h"

#include <stdio.h>
#include <unistd.h>

#include "base/banned.h"

/* The number in a file; UINT64_MAX: there is no such file, or no number ("max"). */
static uint64_t read_limit(const char *sys, const char *name)
{
    char path[512];
    unsigned long long limit;
    snprintf(path, sizeof path, "%s/%s", sys, name);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return UINT64_MAX;
    int n = fscanf(file, "%20llu", &limit);
    fclose(file);
    return n == 1 ? limit : UINT64_MAX;
}

uint64_t t2v_memory_allowed(const char *sys)
{
    uint64_t least = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    const char *const names[] = {"fs/cgroup/memory.max", "fs/cgroup/memory/memory.limit_in_bytes"};
    for (int i = 0; i < 2; i++) {
        uint64_t limit = read_limit(sys, names[i]);
        least = limit < least ? limit : least;
    }
    return least;
}
