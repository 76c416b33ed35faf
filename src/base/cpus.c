/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/cpus.h"

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

#include "base/banned.h"

enum { PATH_BYTES = 4096 };

/* A mounted cgroup hierarchy. */
struct tree {
    bool v2;
    char dir[PATH_BYTES];  /* the mount point of its root */
    char path[PATH_BYTES]; /* the process's own cgroup below dir: "" or "/a/b" */
};

/* --- small files --- */

/* A file's text, NUL-terminated, freed by the caller; NULL when it cannot be read. */
static char *read_text(const char *dir, const char *path, const char *name)
{
    char whole[2 * PATH_BYTES], *text;
    size_t len;
    int n = snprintf(whole, sizeof whole, "%s%s/%s", dir, path, name);
    if (n < 0 || (size_t)n >= sizeof whole || t2v_file_read_special(whole, &text, &len) != 0)
        return NULL;
    return text;
}

/* Reads up to two numbers at the start of a file. Returns their number; "max" and "-1" do not
 * count. */
static int read_numbers(const struct tree *tree, const char *name, int64_t out[2])
{
    char *text = read_text(tree->dir, tree->path, name);
    int n = 0;
    for (const char *p = text; p != NULL && n < 2 && *p >= '0' && *p <= '9'; n++) {
        for (out[n] = 0; *p >= '0' && *p <= '9' && out[n] < INT64_MAX / 20; p++)
            out[n] = out[n] * 10 + (*p - '0');
        while (*p == ' ')
            p++;
    }
    t2v_free(text);
    return n;
}

/* --- quotas --- */

/* The quota of the cgroup tree->path alone, in processors, rounded up; 0: none. */
static int64_t quota_here(const struct tree *tree)
{
    int64_t quota[2], period[2];
    if (tree->v2) {
        if (read_numbers(tree, "cpu.max", quota) != 2)
            return 0;
        period[0] = quota[1];
    } else if (read_numbers(tree, "cpu.cfs_quota_us", quota) < 1 ||
               read_numbers(tree, "cpu.cfs_period_us", period) < 1) {
        return 0;
    }
    return period[0] > 0 ? (quota[0] + period[0] - 1) / period[0] : 0;
}

/* The smaller quota, where 0 means none. */
static int64_t lesser(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* The smallest quota of the process's own cgroup and all above it. */
static int64_t quota_of(struct tree *tree)
{
    int64_t least = 0;
    for (;;) {
        least = lesser(least, quota_here(tree));
        char *slash = strrchr(tree->path, '/');
        if (slash == NULL)
            return least;
        *slash = '\0';
    }
}

/* --- where the cgroups are --- */

static struct t2v_str next_word(struct t2v_str *line)
{
    return t2v_str_cut(line, ' ');
}

/* True when item is in a comma-separated list. */
static bool has_item(struct t2v_str list, const char *item)
{
    while (list.len != 0) {
        if (t2v_str_is(t2v_str_cut(&list, ','), item))
            return true;
    }
    return false;
}

/* A line of mountinfo: ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS [FIELDS] - TYPE SOURCE SUPER.
 * True for a hierarchy with the CPU controller: that of version 1, or any of version 2. */
static bool is_tree(struct t2v_str line, bool *v2, struct t2v_str *root, struct t2v_str *point)
{
    for (int i = 0; i < 3; i++)
        next_word(&line);
    *root = next_word(&line);
    *point = next_word(&line);
    while (line.len != 0 && !t2v_str_is(next_word(&line), "-"))
        ;
    struct t2v_str type = next_word(&line);
    next_word(&line);
    *v2 = t2v_str_is(type, "cgroup2");
    return *v2 || (t2v_str_is(type, "cgroup") && has_item(line, "cpu"));
}

/* The process's path in a hierarchy, from the lines ID:CONTROLLERS:PATH of PROC/self/cgroup. Empty:
 * the root, or unknown. */
static struct t2v_str own_path(struct t2v_str lines, bool v2)
{
    while (lines.len != 0) {
        struct t2v_str line = t2v_str_cut(&lines, '\n');
        struct t2v_str id = t2v_str_cut(&line, ':'), controllers = t2v_str_cut(&line, ':');
        if (v2 ? t2v_str_is(id, "0") && controllers.len == 0 : has_item(controllers, "cpu"))
            return line;
    }
    return (struct t2v_str){NULL, 0};
}

static bool has_dots(struct t2v_str path)
{
    while (path.len != 0) {
        if (t2v_str_is(t2v_str_cut(&path, '/'), ".."))
            return true;
    }
    return false;
}

/* The part of path below root. Empty when path is not below it: then only the mounted root is
 * visible. */
static struct t2v_str below(struct t2v_str path, struct t2v_str root)
{
    if (root.len == 1)
        root.len = 0;
    bool inside = t2v_str_starts(path, root) && (path.len == root.len || path.ptr[root.len] == '/');
    if (!inside || has_dots(path))
        return (struct t2v_str){NULL, 0};
    path = t2v_str_skip(path, root.len);
    return path.len == 1 ? (struct t2v_str){NULL, 0} : path;
}

/* False when a path is too long. */
static bool tree_init(struct tree *tree, bool v2, struct t2v_str point, struct t2v_str path,
                      const char *sys)
{
    bool in_sys = t2v_str_starts(point, T2V_STR("/sys/"));
    if (in_sys)
        point = t2v_str_skip(point, 4);
    tree->v2 = v2;
    int n = snprintf(tree->dir, sizeof tree->dir, "%s%.*s", in_sys ? sys : "", (int)point.len,
                     point.ptr);
    int m = snprintf(tree->path, sizeof tree->path, "%.*s", (int)path.len, path.ptr);
    return n >= 0 && (size_t)n < sizeof tree->dir && m >= 0 && (size_t)m < sizeof tree->path;
}

int t2v_cpus_quota(const char *proc, const char *sys)
{
    char *mounts = read_text(proc, "/self", "mountinfo");
    char *groups = read_text(proc, "/self", "cgroup");
    struct t2v_str lines = mounts != NULL ? t2v_str_of(mounts) : (struct t2v_str){NULL, 0};
    struct t2v_str own = groups != NULL ? t2v_str_of(groups) : (struct t2v_str){NULL, 0};
    int64_t least = 0;
    while (lines.len != 0) {
        struct t2v_str line = t2v_str_cut(&lines, '\n'), root, point;
        struct tree tree;
        bool v2;
        if (is_tree(line, &v2, &root, &point) &&
            tree_init(&tree, v2, point, below(own_path(own, v2), root), sys))
            least = lesser(least, quota_of(&tree));
    }
    t2v_free(mounts);
    t2v_free(groups);
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
