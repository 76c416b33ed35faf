/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_GUARD_H
#define T2V_BASE_GUARD_H
/*
 * Others may truncate or overwrite mapped files. Access beyond a file's new end raises SIGBUS or,
 * up to the end of the page, reads zeros: a wrong vector, which nobody would notice. So each mapped
 * file is kept open, and checked again before results computed from it are used. A file that is
 * replaced by renaming another is a new file and does no harm.
 *
 * A service has a watcher, a thread that computes a digest of each file after the start. With it, a
 * file that was written to is read again; if the bytes are the same (it was touched, or copied over
 * itself), nothing has happened. A copy truncates the file first, so a file that differs has one
 * second after its last write, and 10 in all, to become the same again. If it is written to for
 * more than 2 seconds and has the same bytes, a copy of these takes the mapping's place, and the
 * file no longer counts.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* For file.c, which calls them for each mapping. The guard owns fd from then on, also on failure.
 * T2V_ENOMEM, T2V_EIO or T2V_ETOOLARGE (too many files). To drop NULL is allowed. */
int t2v_guard_add(int fd, const uint8_t *ptr, size_t len, const char *path, struct t2v_err *err);
void t2v_guard_drop(const uint8_t *ptr);

/* Take a mark before something is computed from mapped files, for t2v_guard_check after it. */
unsigned t2v_guard_mark(void);
/* Checks that the mapped files are as they were when they were mapped. T2V_EIO, with a message that
 * names the file: its size or modification time differs or, with a watcher, its bytes; then this
 * waits for the watcher's verdict. 1: all are the same, but one was written to since the mark, so
 * the result must be computed again. 0: unchanged, at the cost of one system call for each file.
 * With a watcher, a file that was wrong once stays wrong. */
int t2v_guard_check(unsigned mark, struct t2v_err *err);

/* From now on a SIGBUS in a mapped file prints one line that names it to stderr, and exits with 1.
 */
void t2v_guard_start(void);

/* Starts the watcher, which checks the files once a second. From now on a SIGBUS in a mapped file
 * reads zeros, and the next t2v_guard_check is not 0. No file may be dropped before
 * t2v_guard_unwatch. 0 or T2V_ENOMEM. */
int t2v_guard_watch(void);
void t2v_guard_unwatch(void);
/* Whether the watcher or a check has found a file that is wrong; if so, fills err. Never waits. */
bool t2v_guard_is_lost(struct t2v_err *err);
/* A counter that rises while the watcher reads files: a thread that waits for it is not stalled. */
unsigned t2v_guard_steps(void);

#endif
