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
 * file that has another time of writing and its old size is read once more: where the bytes are
 * the same (somebody has touched it, or written the same over it), nothing has happened. A copy
 * that cuts the file first, as cp does, is a change of size to whoever looks before it is done.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* file.c says what it maps and unmaps; the descriptor belongs to the guard from then on, also on
 * failure. T2V_ENOMEM, T2V_EIO, T2V_ETOOLARGE: too many files. */
int t2v_guard_add(int fd, const uint8_t *ptr, size_t len, const char *path, struct t2v_err *err);
void t2v_guard_drop(const uint8_t *ptr);

/* T2V_EIO, naming the file, when a mapped file is not what it was when it was mapped: its size, its
 * time of writing or, with a watcher, its bytes, for whose verdict this waits. A system call for
 * each file, if nothing has changed. With a watcher, what was wrong once stays wrong. */
int t2v_guard_check(struct t2v_err *err);

/* From now on a SIGBUS in a mapped file is one line on stderr that names it, and exit 1. */
void t2v_guard_start(void);

/* Starts the watcher, which looks at the files once a second. From now on a SIGBUS in a mapped file
 * gives zeros and a t2v_guard_check that fails. No file may be dropped until t2v_guard_unwatch.
 * T2V_ENOMEM. */
int t2v_guard_watch(void);
void t2v_guard_unwatch(void);
/* Whether the watcher, or a check, has found a file that is wrong; then says why. Never waits. */
bool t2v_guard_is_lost(struct t2v_err *err);
/* Counts up while the watcher reads files: whoever waits for it is not stalled. */
unsigned t2v_guard_steps(void);

#endif
