/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_LOG_H
#define T2V_BASE_LOG_H
/*
 * The service's log: one line an event on standard error, `TIME LEVEL AREA MESSAGE key=value ...`,
 * or one JSON object with the members time, level, area, message and each key. Any thread may log.
 * Never log the text of requests, or tokens.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum t2v_log_level { T2V_LOG_ERROR, T2V_LOG_WARN, T2V_LOG_INFO, T2V_LOG_DEBUG };

/* "error", "warn", "info", "debug"; another word is T2V_LOG_INFO. */
enum t2v_log_level t2v_log_level_of(const char *word);
/* Set once at start; the default is T2V_LOG_INFO in text. */
void t2v_log_setup(enum t2v_log_level level, bool as_json);
bool t2v_log_enabled(enum t2v_log_level level);
bool t2v_log_is_json(void);

/* true, for a service: a line that standard error does not accept at once is dropped whole and
 * counted; the next accepted line comes after one that reports how many were lost. false, the
 * default: a line waits until it is accepted. */
void t2v_log_never_wait(bool never);
/* Lines dropped since the process began. */
uint64_t t2v_log_dropped(void);
/* Reports dropped lines, if any, once standard error accepts lines again. Call it on a timer, so
 * that they are reported even if nothing else is logged. */
void t2v_log_catch_up(void);

/* area: the folder that logs. The words ` key=%...` at the end of format become the line's keys: in
 * JSON a number where the conversion is one, else a string; in text a value with blanks or quotes
 * in it is quoted, so format needs no quotes. The line end is added; what would act on a terminal
 * is shown as t2v_utf8_show does. Of conversions it knows s d i u x c f g with precision and
 * length, and %%; widths are ignored. */
void t2v_log(enum t2v_log_level level, const char *area, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A command's final message, for people: a line without time, level and area. It uses the log's
 * sink, so that a service that ends does not wait for a reader. Cuts a long line. */
void t2v_log_plain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For events that may come in floods: at most one line a second, whose key left_out counts those
 * omitted since the last. Zero it first. One thread at a time. */
struct t2v_log_limit {
    uint64_t logged_ns; /* when the last line was logged; 0: never */
    uint64_t n_left_out;
};
void t2v_log_limited(struct t2v_log_limit *limit, enum t2v_log_level level, const char *area,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
