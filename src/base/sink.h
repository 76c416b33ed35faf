/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_SINK_H
#define T2V_BASE_SINK_H
/*
 * Standard error, for whole lines. A command waits until it takes them. A service must not: a pipe
 * that nobody reads, or a terminal that is stopped, would hold the thread that serves.
 *
 * O_NONBLOCK belongs to the open file description, which a terminal or a parent shares with us, so
 * it is never set on descriptor 2. A pipe or a terminal is opened once more through /proc, with a
 * description of its own; where that fails, poll is asked before each write. A socket is written
 * with MSG_DONTWAIT. A regular file is written as it is: it shares its position with others.
 *
 * One thread at a time; log.c has the lock.
 */
#include <stdbool.h>
#include <stddef.h>

/* Longest line. With at most PIPE_BUF bytes a pipe takes all of a line or nothing. */
enum { T2V_SINK_LINE = 2048 };

/* From now on t2v_sink_write does not wait. Calling it again looks at descriptor 2 again. */
void t2v_sink_never_wait(void);
/* Back to waiting, as at first. */
void t2v_sink_wait(void);

/* Writes line[0..len), len <= T2V_SINK_LINE. False: it was not taken, no byte of it. What a
 * terminal takes half of is finished before the next line. */
bool t2v_sink_write(const char *line, size_t len);

#endif
