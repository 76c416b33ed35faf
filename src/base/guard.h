/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_GUARD_H
#define T2V_BASE_GUARD_H
/*
 * Files that are mapped may be cut short or written over by others. What lies behind a file's new
 * end is a SIGBUS, or, up to the end of the page, zeros that nobody notices: a wrong vector. So
 * each mapped file is kept open and looked at again before what was computed from it is believed.
 * A file that is replaced by renaming another is a new file and does no harm.
 *
 * A service has a watcher, a thread that takes a digest of each file after the start. With it, a
 * file that was written to is read once more: where the bytes are the same (somebody has touched
 * it, or copied it over itself), nothing has happened. A copy cuts the file first, so a file that
 * is not the same has a second from its last write on to become that again, and 10 in all.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* file.c says what it maps and unmaps; the descriptor belongs to the guard from then on, also on
 * failure. T2V_ENOMEM, T2V_EIO, T2V_ETOOLARGE: too many files. */
int t2v_guard_add(int fd, const uint8_t *ptr, size_t len, const char *path, struct t2v_err *err);
void t2v_guard_drop(const uint8_t *ptr);

/* Before something is computed from mapped files, for t2v_guard_check after it. */
unsigned t2v_guard_mark(void);
/* T2V_EIO, naming the file, when a mapped file is not what it was when it was mapped: its size, its
 * time of writing or, with a watcher, its bytes, for whose verdict this waits. 1: it is, but was
 * written to since the mark, so what was computed is to be computed again. 0: nothing was. A system
 * call for each file, if nothing has changed. With a watcher, what was wrong once stays wrong. */
int t2v_guard_check(unsigned mark, struct t2v_err *err);

/* From now on a SIGBUS in a mapped file is one line on stderr that names it, and exit 1. */
void t2v_guard_start(void);

/* Starts the watcher, which looks at the files once a second. From now on a SIGBUS in a mapped file
 * gives zeros and a t2v_guard_check that is not 0. No file may be dropped until t2v_guard_unwatch.
 * T2V_ENOMEM. */
int t2v_guard_watch(void);
void t2v_guard_unwatch(void);
/* Whether the watcher, or a check, has found a file that is wrong; then says why. Never waits. */
bool t2v_guard_is_lost(struct t2v_err *err);
/* Counts up while the watcher reads files: whoever waits for it is not stalled. */
unsigned t2v_guard_steps(void);

#endif
