/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_GUARD_H
#define T2V_BASE_GUARD_H
/*
 * Files that are mapped may be cut short or written over by others. What lies behind a file's new
 * end is a SIGBUS, or, up to the end of the page, zeros that nobody notices: a wrong vector. So
 * each mapped file is kept open and looked at again before what was computed from it is believed.
 * A file that is replaced by renaming another is a new file and does no harm.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* file.c says what it maps and unmaps; the descriptor belongs to the guard from then on, also on
 * failure. T2V_ENOMEM, T2V_EIO, T2V_ETOOLARGE: too many files. */
int t2v_guard_add(int fd, const uint8_t *ptr, size_t len, const char *path, struct t2v_err *err);
void t2v_guard_drop(const uint8_t *ptr);

/* T2V_EIO, naming the file, when a mapped file is not what it was when it was mapped (its size or
 * its time of writing). A system call for each file. */
int t2v_guard_check(struct t2v_err *err);

/* From now on a SIGBUS in a mapped file is one line on stderr that names it, and exit 1. */
void t2v_guard_start(void);
/* The same end for one that t2v_guard_check found. */
_Noreturn void t2v_guard_end(const char *why);

#endif
