/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_SINK_H
#define T2V_BASE_SINK_H
/*
 * Standard error, for whole lines. A command waits until a line is accepted. A service must not: a
 * pipe that nobody reads, or a stopped terminal, would block the serving thread.
 *
 * O_NONBLOCK belongs to the open file description, which a terminal or a parent process shares, so
 * it is never set on descriptor 2. A pipe or a terminal is opened again through /proc, with a
 * description of its own; if that fails, each write follows a poll. A socket is written with
 * MSG_DONTWAIT. A regular file is written through descriptor 2, whose position others share.
 *
 * One thread at a time; log.c has the lock.
 */
#include <stdbool.h>
#include <stddef.h>

/* The longest line. A pipe accepts up to PIPE_BUF bytes whole or not at all. */
enum { T2V_SINK_LINE = 2048 };

/* From now on t2v_sink_write does not wait. Another call examines descriptor 2 again. */
void t2v_sink_never_wait(void);
/* From now on t2v_sink_write waits, which is the default. */
void t2v_sink_wait(void);

/* Writes line[0..len), len <= T2V_SINK_LINE. False: no byte of it was accepted. The rest of a line
 * that a terminal accepted in part is written before the next line. */
bool t2v_sink_write(const char *line, size_t len);

#endif
