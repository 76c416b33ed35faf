/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits of processors and memory, on trees as machines have them: a path and a text for each file.
 */
#include <ftw.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cpus.h"
#include "base/memory.h"

enum { N_FILE = 10 };

/* Lines of mountinfo that every machine has. */
#define MOUNTS                                                                                     \
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"                                      \
    "24 22 0:22 / /proc rw,nosuid - proc proc rw\n"                                                \
    "25 22 0:23 / /sys rw,nosuid - sysfs sysfs rw\n"
#define V2(ROOT) "30 25 0:26 " ROOT " /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup rw\n"
#define V1(ROOT, DIR, OPTIONS)                                                                     \
    "33 32 0:29 " ROOT " /sys/fs/cgroup/" DIR " rw shared:16 - cgroup cgroup rw," OPTIONS "\n"

static const struct machine {
    const char *what;
    int cpus;       /* 0: no quota */
    uint64_t bytes; /* 0: no limit */
    const char *files[N_FILE][2];
} machines[] = {
    {"nothing at all", 0, 0, {{NULL, NULL}}},
    {"version 2 without a quota",
     0,
     0,
     {{"proc/self/cgroup", "0::/user.slice\n"},
      {"proc/self/mountinfo", MOUNTS V2("/")},
      {"sys/fs/cgroup/user.slice/cpu.max", "max 100000\n"}}},
    {"docker, a namespace of its own",
     2,
     20000768,
     {{"proc/self/cgroup", "0::/\n"},
      {"proc/self/mountinfo", MOUNTS V2("/")},
      {"sys/fs/cgroup/cpu.max", "150000 100000\n"},
      {"sys/fs/cgroup/memory.max", "20000768\n"}}},
    {"docker --cgroupns=host, the whole tree mounted",
     3,
     0,
     {{"proc/self/cgroup", "0::/system.slice/docker-0a.scope\n"},
      {"proc/self/mountinfo", MOUNTS V2("/")},
      {"sys/fs/cgroup/system.slice/docker-0a.scope/cpu.max", "300000 100000\n"}}},
    {"docker --cgroupns=host, its own part mounted",
     1,
     0,
     {{"proc/self/cgroup", "0::/system.slice/docker-0a.scope\n"},
      {"proc/self/mountinfo", MOUNTS V2("/system.slice/docker-0a.scope")},
      {"sys/fs/cgroup/cpu.max", "50000 100000\n"}}},
    {"systemd's CPUQuota=250% of a service",
     3,
     0,
     {{"proc/self/cgroup", "0::/system.slice/t2v.service\n"},
      {"proc/self/mountinfo", MOUNTS V2("/")},
      {"sys/fs/cgroup/system.slice/cpu.max", "max 100000\n"},
      {"sys/fs/cgroup/system.slice/t2v.service/cpu.max", "250000 100000\n"}}},
    {"a parent's quota is less than the own",
     2,
     0,
     {{"proc/self/cgroup", "0::/kubepods/pod1/c1\n"},
      {"proc/self/mountinfo", MOUNTS V2("/")},
      {"sys/fs/cgroup/kubepods/cpu.max", "800000 100000\n"},
      {"sys/fs/cgroup/kubepods/pod1/cpu.max", "200000 100000\n"},
      {"sys/fs/cgroup/kubepods/pod1/c1/cpu.max", "400000 100000\n"}}},
    {"a process that was moved out of its namespace's root",
     4,
     0,
     {{"proc/self/cgroup", "0::/../other\n"},
      {"proc/self/mountinfo", MOUNTS V2("/")},
      {"sys/fs/cgroup/cpu.max", "400000 100000\n"},
      {"sys/fs/other/cpu.max", "100000 100000\n"}}},
    {"systemd's MemoryMax of a service, and a lower one of its slice",
     0,
     50003968,
     {{"proc/self/cgroup", "0::/system.slice/t2v.service\n"},
      {"proc/self/mountinfo", MOUNTS V2("/")},
      {"sys/fs/cgroup/system.slice/memory.max", "50003968\n"},
      {"sys/fs/cgroup/system.slice/t2v.service/memory.max", "60002304\n"}}},
    {"no memory.max",
     0,
     0,
     {{"proc/self/cgroup", "0::/a\n"},
      {"proc/self/mountinfo", MOUNTS V2("/")},
      {"sys/fs/cgroup/a/memory.max", "max\n"},
      {"sys/fs/cgroup/b/memory.max", "4096\n"}}},
    {"version 1, memory of a service, none of the slice",
     0,
     70004736,
     {{"proc/self/cgroup", "4:memory:/system.slice/t2v.service\n3:cpu,cpuacct:/\n"},
      {"proc/self/mountinfo", MOUNTS V1("/", "memory", "memory")},
      {"sys/fs/cgroup/memory/system.slice/t2v.service/memory.limit_in_bytes", "70004736\n"},
      {"sys/fs/cgroup/memory/system.slice/memory.limit_in_bytes", "9223372036854771712\n"},
      {"sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"}}},
    {"version 1, cpu,cpuacct, a container",
     2,
     30003200,
     {{"proc/self/cgroup",
       "4:memory:/docker/0a\n3:cpu,cpuacct:/docker/0a\n1:name=systemd:/docker/0a\n"},
      {"proc/self/mountinfo",
       MOUNTS V1("/docker/0a", "memory", "memory") V1("/docker/0a", "cpu,cpuacct", "cpu,cpuacct")},
      {"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "200000\n"},
      {"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"},
      {"sys/fs/cgroup/memory/memory.limit_in_bytes", "30003200\n"}}},
    {"version 1 on the host: the own cgroup has none, its parent has",
     1,
     0,
     {{"proc/self/cgroup", "3:cpuacct,cpu:/system.slice/t2v.service\n"},
      {"proc/self/mountinfo", MOUNTS V1("/", "cpu,cpuacct", "cpuacct,cpu")},
      {"sys/fs/cgroup/cpu,cpuacct/system.slice/t2v.service/cpu.cfs_quota_us", "-1\n"},
      {"sys/fs/cgroup/cpu,cpuacct/system.slice/t2v.service/cpu.cfs_period_us", "100000\n"},
      {"sys/fs/cgroup/cpu,cpuacct/system.slice/cpu.cfs_quota_us", "20000\n"},
      {"sys/fs/cgroup/cpu,cpuacct/system.slice/cpu.cfs_period_us", "100000\n"}}},
    {"version 1 has the controller, version 2 is mounted beside it",
     2,
     0,
     {{"proc/self/cgroup", "3:cpu,cpuacct:/a\n0::/a\n"},
      {"proc/self/mountinfo",
       MOUNTS V1("/", "cpu,cpuacct",
                 "cpu,cpuacct") "31 25 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"},
      {"sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "110000\n"},
      {"sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n"}}},
    {"cpuset is another controller",
     0,
     0,
     {{"proc/self/cgroup", "5:cpuset:/a\n"},
      {"proc/self/mountinfo", MOUNTS V1("/", "cpuset", "cpuset")},
      {"sys/fs/cgroup/cpuset/a/cpu.cfs_quota_us", "100000\n"},
      {"sys/fs/cgroup/cpuset/a/cpu.cfs_period_us", "100000\n"}}},
    {"files that make no sense",
     0,
     0,
     {{"proc/self/cgroup", "\n::\n0::"},
      {"proc/self/mountinfo", "\n - cgroup2\n1 2 3\n" V2("/")},
      {"sys/fs/cgroup/cpu.max", "100000 0\n"}}},
};

static void put(const char *root, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *p = path + strlen(root) + 1; *p != '\0'; p++) {
        if (*p == '/') {
            *p = '\0';
            (void)mkdir(path, 0700);
            *p = '/';
        }
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void test_machines(void **state)
{
    uint64_t all = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    (void)state;
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        char root[] = "t2v-cgroup-XXXXXX", proc[64], sys[64];
        assert_non_null(mkdtemp(root));
        for (size_t f = 0; f < N_FILE && machines[i].files[f][0] != NULL; f++)
            put(root, machines[i].files[f][0], machines[i].files[f][1]);
        snprintf(proc, sizeof proc, "%s/proc", root);
        snprintf(sys, sizeof sys, "%s/sys", root);
        int cpus = t2v_cpus_quota(proc, sys);
        uint64_t bytes = t2v_memory_allowed(proc, sys);
        uint64_t want = machines[i].bytes != 0 ? machines[i].bytes : all;
        nftw(root, drop, 8, FTW_DEPTH | FTW_PHYS);
        if (cpus != machines[i].cpus)
            fail_msg("%s: %d, expected %d", machines[i].what, cpus, machines[i].cpus);
        if (bytes != want)
            fail_msg("%s: %" PRIu64 " bytes, expected %" PRIu64, machines[i].what, bytes, want);
    }
}

static void test_here(void **state)
{
    (void)state;
    assert_true(t2v_cpus() >= 1 && t2v_cpus() <= sysconf(_SC_NPROCESSORS_ONLN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_machines),
        cmocka_unit_test(test_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
