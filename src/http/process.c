/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/process.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#include "base/banned.h"

static void number(struct t2v_buf *out, const char *name, const char *kind, const char *help,
                   double value)
{
    t2v_buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n%s %.*f\n", name, help, name, kind, name,
                 value == (double)(int64_t)value ? 0 : 2, value);
}

/* Fields 22, 23 and 24 of /proc/self/stat, see proc(5). */
struct stat_fields {
    uint64_t start_ticks, virtual_bytes, resident_pages;
};

static bool read_stat(struct stat_fields *out)
{
    char *text;
    size_t len;
    if (t2v_file_read_special("/proc/self/stat", &text, &len) != 0)
        return false;
    /* The second field, the name, may hold anything; the third comes after its last ')'. */
    const char *at = strrchr(text, ')');
    for (int i = 0; at != NULL && i < 20; i++)
        at = strchr(at + 1, ' ');
    bool ok = at != NULL && sscanf(at, " %" SCNu64 " %" SCNu64 " %" SCNu64, &out->start_ticks,
                                   &out->virtual_bytes, &out->resident_pages) == 3;
    t2v_free(text);
    return ok;
}

static double seconds(clockid_t clock)
{
    struct timespec t = {0};
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Computed once, so that it does not change when the wall clock is set. */
static double start_time(uint64_t start_ticks)
{
    static double kept;
    if (kept == 0) {
        double ticks = (double)sysconf(_SC_CLK_TCK);
        double since = seconds(CLOCK_BOOTTIME) - (double)start_ticks / ticks;
        kept = seconds(CLOCK_REALTIME) - since;
    }
    return kept;
}

/* On newer kernels the size of the folder is the number of open files. -1: there is no /proc. */
static int64_t count_open_files(void)
{
    struct stat st;
    if (stat("/proc/self/fd", &st) == 0 && st.st_size > 0)
        return st.st_size;
    DIR *dir = opendir("/proc/self/fd");
    if (dir == NULL)
        return -1;
    int64_t n = -1; /* one is the folder itself */
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

void t2v_process_write(struct t2v_buf *out)
{
    struct stat_fields fields;
    struct rlimit limit;
    number(out, "process_cpu_seconds_total", "counter", "Time of processors taken.",
           seconds(CLOCK_PROCESS_CPUTIME_ID));
    if (read_stat(&fields)) {
        number(out, "process_start_time_seconds", "gauge", "When it was started, since 1970.",
               start_time(fields.start_ticks));
        number(out, "process_virtual_memory_bytes", "gauge", "Address space.",
               (double)fields.virtual_bytes);
        number(out, "process_resident_memory_bytes", "gauge", "Memory in use.",
               (double)fields.resident_pages * (double)sysconf(_SC_PAGESIZE));
    }
    int64_t n_file = count_open_files();
    if (n_file >= 0)
        number(out, "process_open_fds", "gauge", "Open file descriptors.", (double)n_file);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        number(out, "process_max_fds", "gauge", "File descriptors that may be open.",
               (double)limit.rlim_cur);
}
