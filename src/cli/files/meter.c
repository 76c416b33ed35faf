/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/files/meter.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#include "base/banned.h"

static const uint64_t second_ns = 1000000000;

void t2v_meter_begin(struct t2v_meter *meter, bool always, size_t n_before, uint64_t bytes_before)
{
    bool is_terminal = isatty(STDERR_FILENO) != 0;
    uint64_t now_ns = t2v_clock_ns();
    *meter = (struct t2v_meter){.on = always || is_terminal,
                                .is_terminal = is_terminal,
                                .begun_ns = now_ns,
                                .shown_ns = now_ns,
                                .n_before = n_before,
                                .bytes_before = bytes_before};
}

static double seconds_since(uint64_t ns)
{
    return (double)(t2v_clock_ns() - ns) / (double)second_ns;
}

static void print_rate(const struct t2v_meter *meter, size_t n_row, double seconds)
{
    fprintf(stderr, "%zu texts, %.1f/s", n_row,
            seconds > 0 ? (double)(n_row - meter->n_before) / seconds : 0.0);
}

static void print_left(double seconds)
{
    unsigned long s = seconds < 1e9 ? (unsigned long)seconds : 1000000000;
    fprintf(stderr, ", %lu:%02lu:%02lu left", s / 3600, s / 60 % 60, s % 60);
}

void t2v_meter_show(struct t2v_meter *meter, size_t n_row, uint64_t bytes, uint64_t size)
{
    uint64_t interval_ns = meter->is_terminal ? second_ns / 5 : 10 * second_ns;
    uint64_t now_ns = t2v_clock_ns();
    if (!meter->on || now_ns - meter->shown_ns < interval_ns)
        return;
    double seconds = seconds_since(meter->begun_ns);
    meter->shown_ns = now_ns;
    fputs(meter->is_terminal ? "\r" : "", stderr);
    print_rate(meter, n_row, seconds);
    if (size != 0 && bytes > meter->bytes_before && bytes <= size) {
        double done = (double)(bytes - meter->bytes_before);
        fprintf(stderr, ", %.1f %%", 100.0 * (double)bytes / (double)size);
        print_left((double)(size - bytes) / done * seconds);
    }
    fputs(meter->is_terminal ? "\033[K" : "\n", stderr); /* clears the rest of the line */
}

void t2v_meter_end(struct t2v_meter *meter, size_t n_row)
{
    double seconds = seconds_since(meter->begun_ns);
    if (!meter->on)
        return;
    fputs(meter->is_terminal ? "\r" : "", stderr);
    print_rate(meter, n_row, seconds);
    fprintf(stderr, ", took %.1f s%s\n", seconds, meter->is_terminal ? "\033[K" : "");
}
