/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/cgroup.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

#include "base/banned.h"

/* --- small files --- */

/* A file's text, NUL-terminated, freed by the caller; NULL when it cannot be read. */
static char *read_text(const char *dir, const char *path, const char *name)
{
    char whole[2 * T2V_CGROUP_PATH], *text;
    size_t len;
    int n = snprintf(whole, sizeof whole, "%s%s/%s", dir, path, name);
    if (n < 0 || (size_t)n >= sizeof whole || t2v_file_read_special(whole, &text, &len) != 0)
        return NULL;
    return text;
}

int t2v_cgroup_numbers(const struct t2v_cgroup *cgroup, const char *name, int64_t out[2])
{
    char *text = read_text(cgroup->dir, cgroup->path, name);
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
 * True for a hierarchy with the controller: that of version 1, or any of version 2. */
static bool is_tree(struct t2v_str line, const char *controller, bool *v2, struct t2v_str *root,
                    struct t2v_str *point)
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
    return *v2 || (t2v_str_is(type, "cgroup") && has_item(line, controller));
}

/* The process's path in a hierarchy, from the lines ID:CONTROLLERS:PATH of PROC/self/cgroup. Empty:
 * the root, or unknown. */
static struct t2v_str own_path(struct t2v_str lines, const char *controller, bool v2)
{
    while (lines.len != 0) {
        struct t2v_str line = t2v_str_cut(&lines, '\n');
        struct t2v_str id = t2v_str_cut(&line, ':'), controllers = t2v_str_cut(&line, ':');
        if (v2 ? t2v_str_is(id, "0") && controllers.len == 0 : has_item(controllers, controller))
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
static bool cgroup_init(struct t2v_cgroup *cgroup, bool v2, struct t2v_str point,
                        struct t2v_str path, const char *sys)
{
    bool in_sys = t2v_str_starts(point, T2V_STR("/sys/"));
    if (in_sys)
        point = t2v_str_skip(point, 4);
    cgroup->v2 = v2;
    int n = snprintf(cgroup->dir, sizeof cgroup->dir, "%s%.*s", in_sys ? sys : "", (int)point.len,
                     point.ptr);
    int m = snprintf(cgroup->path, sizeof cgroup->path, "%.*s", (int)path.len, path.ptr);
    return n >= 0 && (size_t)n < sizeof cgroup->dir && m >= 0 && (size_t)m < sizeof cgroup->path;
}

/* --- limits --- */

/* The least limit of a cgroup and of all above it. */
static uint64_t least_above(struct t2v_cgroup *cgroup, t2v_cgroup_limit *limit)
{
    uint64_t least = UINT64_MAX;
    for (;;) {
        uint64_t here = limit(cgroup);
        least = here < least ? here : least;
        char *slash = strrchr(cgroup->path, '/');
        if (slash == NULL)
            return least;
        *slash = '\0';
    }
}

uint64_t t2v_cgroup_least(const char *proc, const char *sys, const char *controller,
                          t2v_cgroup_limit *limit)
{
    char *mounts = read_text(proc, "/self", "mountinfo");
    char *groups = read_text(proc, "/self", "cgroup");
    struct t2v_str lines = mounts != NULL ? t2v_str_of(mounts) : (struct t2v_str){NULL, 0};
    struct t2v_str own = groups != NULL ? t2v_str_of(groups) : (struct t2v_str){NULL, 0};
    uint64_t least = UINT64_MAX;
    while (lines.len != 0) {
        struct t2v_str line = t2v_str_cut(&lines, '\n'), root, point;
        struct t2v_cgroup cgroup;
        bool v2;
        if (!is_tree(line, controller, &v2, &root, &point) ||
            !cgroup_init(&cgroup, v2, point, below(own_path(own, controller, v2), root), sys))
            continue;
        uint64_t here = least_above(&cgroup, limit);
        least = here < least ? here : least;
    }
    t2v_free(mounts);
    t2v_free(groups);
    return least;
}
