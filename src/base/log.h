/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_LOG_H
#define T2V_BASE_LOG_H
/*
 * The service's log: one line an event on standard error, `LEVEL AREA MESSAGE key=value ...` (or
 * one JSON object). Any thread may log. Text of requests and tokens never go into it.
 */
enum t2v_log_level { T2V_LOG_ERROR, T2V_LOG_WARN, T2V_LOG_INFO, T2V_LOG_DEBUG };

/* Set once at start; the default is T2V_LOG_INFO in text. */
void t2v_log_setup(enum t2v_log_level level, int as_json);
int t2v_log_enabled(enum t2v_log_level level);
/* area: the room that speaks. The line end is added; control characters in it become spaces. */
void t2v_log(enum t2v_log_level level, const char *area, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
