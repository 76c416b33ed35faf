/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_CGROUP_H
#define T2V_BASE_CGROUP_H
/*
 * The limits that cgroups set for this process: version 1 and 2, in the host's cgroup namespace or
 * in one of its own, as systemd or a container engine sets them up.
 *
 * Sources: cgroups(7), proc_pid_mountinfo(5), and the kernel's cgroup-v2 document.
 */
#include <stdbool.h>
#include <stdint.h>

enum { T2V_CGROUP_PATH = 4096 };

/* A cgroup of a mounted hierarchy. */
struct t2v_cgroup {
    bool v2;
    char dir[T2V_CGROUP_PATH];  /* the mount point of the hierarchy's root */
    char path[T2V_CGROUP_PATH]; /* of the cgroup below dir: "" or "/a/b" */
};

/* Reads up to two numbers at the start of a file of the cgroup. Returns their number; "max" and
 * "-1" do not count, and there may be no such file. */
int t2v_cgroup_numbers(const struct t2v_cgroup *cgroup, const char *name, int64_t out[2]);

/* What a cgroup alone allows; UINT64_MAX: it has no limit. */
typedef uint64_t t2v_cgroup_limit(const struct t2v_cgroup *cgroup);

/* The least limit of the process's own cgroup and of all above it, in every hierarchy that has the
 * controller ("cpu", "memory"); UINT64_MAX: there is none. proc and sys are the mount points of the
 * two file systems: "/proc" and "/sys", except in tests. */
uint64_t t2v_cgroup_least(const char *proc, const char *sys, const char *controller,
                          t2v_cgroup_limit *limit);

#endif
