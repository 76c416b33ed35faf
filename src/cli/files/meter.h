/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_FILES_METER_H
#define T2V_CLI_FILES_METER_H
/*
 * How far a long command is, on standard error: texts, texts a second, and the time left, which is
 * estimated from the share of the input that has been read. On a terminal one line is written again
 * and again; elsewhere a line is added every ten seconds. One thread at a time.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct t2v_meter {
    bool on, is_terminal;
    uint64_t begun_ns, shown_ns;
    size_t n_before;       /* rows of an earlier run */
    uint64_t bytes_before; /* of the input, which that run had read */
};

/* Writes only if standard error is a terminal, or `always`. */
void t2v_meter_begin(struct t2v_meter *meter, bool always, size_t n_before, uint64_t bytes_before);
/* n_row rows are written, the earlier run's included, after `bytes` of `size` bytes of the input
 * (0: not known). Seldom writes anything, so it may be called often. */
void t2v_meter_show(struct t2v_meter *meter, size_t n_row, uint64_t bytes, uint64_t size);
/* The last line. */
void t2v_meter_end(struct t2v_meter *meter, size_t n_row);

#endif
