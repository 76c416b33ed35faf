/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/sink.h"
#include "base/str.h"
#include "base/utf8.h"

#include "base/banned.h"

enum { VALUE_BYTES = 640, LINE_BYTES = T2V_SINK_LINE };

static const char *const names[] = {"error", "warn", "info", "debug"};
static enum t2v_log_level log_level = T2V_LOG_INFO;
static bool log_json;
static pthread_mutex_t sink_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint_fast64_t n_dropped, n_unreported; /* lines; those not reported yet */

enum t2v_log_level t2v_log_level_of(const char *word)
{
    for (int i = 0; i < 4; i++) {
        if (strcmp(word, names[i]) == 0)
            return (enum t2v_log_level)i;
    }
    return T2V_LOG_INFO;
}

void t2v_log_setup(enum t2v_log_level level, bool as_json)
{
    log_level = level;
    log_json = as_json;
}

void t2v_log_never_wait(bool never)
{
    pthread_mutex_lock(&sink_lock);
    if (never)
        t2v_sink_never_wait();
    else
        t2v_sink_wait();
    pthread_mutex_unlock(&sink_lock);
}

uint64_t t2v_log_dropped(void)
{
    return atomic_load(&n_dropped);
}

bool t2v_log_enabled(enum t2v_log_level level)
{
    return level <= log_level;
}

bool t2v_log_is_json(void)
{
    return log_json;
}

/* --- what is printed, from format and arguments --- */

/* Text in a fixed array; drops what does not fit. */
struct piece {
    size_t len;
    bool is_number; /* it is one conversion, of a number */
    char text[VALUE_BYTES];
};

struct arguments {
    va_list list;
};

static void add(struct piece *piece, const char *text, size_t len)
{
    size_t room = sizeof piece->text - 1 - piece->len;
    len = len < room ? len : room;
    memcpy(piece->text + piece->len, text, len);
    piece->len += len;
    piece->text[piece->len] = '\0';
}

/* One conversion, its '%' passed; *at is moved after it. */
struct conversion {
    int precision; /* -1: none */
    int length;    /* 0 int, 1 long, 2 long long, 'z', 'j', 't' */
    char kind;
};

static struct conversion read_conversion(const char **at, struct arguments *args)
{
    struct conversion c = {.precision = -1};
    const char *p = *at + strspn(*at, "-+ #0123456789");
    if (*p == '.') {
        p++;
        if (*p == '*') {
            c.precision = va_arg(args->list, int);
            p++;
        } else {
            for (c.precision = 0; *p >= '0' && *p <= '9'; p++)
                c.precision = c.precision * 10 + (*p - '0');
        }
    }
    for (; *p == 'l' || *p == 'h'; p++)
        c.length += *p == 'l';
    if (*p == 'z' || *p == 'j' || *p == 't')
        c.length = *p++;
    c.kind = *p;
    *at = *p != '\0' ? p + 1 : p;
    return c;
}

static intmax_t next_signed(int length, struct arguments *args)
{
    switch (length) {
    case 0:
        return va_arg(args->list, int);
    case 1:
        return va_arg(args->list, long);
    case 2:
        return va_arg(args->list, long long);
    case 'j':
        return va_arg(args->list, intmax_t);
    default:
        return va_arg(args->list, ptrdiff_t);
    }
}

static uintmax_t next_unsigned(int length, struct arguments *args)
{
    switch (length) {
    case 0:
        return va_arg(args->list, unsigned);
    case 1:
        return va_arg(args->list, unsigned long);
    case 2:
        return va_arg(args->list, unsigned long long);
    case 'j':
        return va_arg(args->list, uintmax_t);
    default:
        return va_arg(args->list, size_t);
    }
}

static void add_number(struct piece *piece, struct conversion c, struct arguments *args)
{
    char text[64];
    int n;
    if (c.kind == 'f')
        n = snprintf(text, sizeof text, "%.*f", c.precision, va_arg(args->list, double));
    else if (c.kind == 'g')
        n = snprintf(text, sizeof text, "%.*g", c.precision, va_arg(args->list, double));
    else if (c.kind == 'u')
        n = snprintf(text, sizeof text, "%ju", next_unsigned(c.length, args));
    else if (c.kind == 'x')
        n = snprintf(text, sizeof text, "%jx", next_unsigned(c.length, args));
    else
        n = snprintf(text, sizeof text, "%jd", next_signed(c.length, args));
    add(piece, text, n > 0 && (size_t)n < sizeof text ? (size_t)n : 0);
}

/* Returns the conversion's letter. */
static char add_conversion(struct piece *piece, const char **at, struct arguments *args)
{
    struct conversion c = read_conversion(at, args);
    if (c.kind == 's') {
        const char *text = va_arg(args->list, const char *);
        size_t most = c.precision < 0 ? SIZE_MAX : (size_t)c.precision;
        if (text != NULL)
            add(piece, text, strnlen(text, most < VALUE_BYTES ? most : VALUE_BYTES));
    } else if (c.kind == 'c') {
        char byte = (char)va_arg(args->list, int);
        add(piece, &byte, 1);
    } else if (c.kind == '%') {
        add(piece, "%", 1);
    } else {
        add_number(piece, c, args);
    }
    return c.kind;
}

/* Fills *piece from format[0..len). */
static void expand(struct piece *piece, const char *format, size_t len, struct arguments *args)
{
    const char *at = format, *end = format + len;
    piece->len = 0;
    piece->text[0] = '\0';
    piece->is_number = false;
    while (at < end) {
        const char *percent = memchr(at, '%', (size_t)(end - at));
        add(piece, at, (size_t)((percent != NULL ? percent : end) - at));
        if (percent == NULL)
            break;
        at = percent + 1;
        char kind = add_conversion(piece, &at, args);
        piece->is_number = percent == format && at == end && memchr("diufg", kind, 5) != NULL &&
                           strspn(piece->text, "-+.e0123456789") == piece->len;
    }
    char raw[VALUE_BYTES];
    memcpy(raw, piece->text, piece->len + 1);
    piece->len = t2v_utf8_show(piece->text, sizeof piece->text, t2v_str_of(raw));
}

/* --- the line --- */

struct line {
    size_t len;
    char text[LINE_BYTES];
};

/* All of text, or nothing; one byte stays free for the line end, and one for a brace. */
static bool put(struct line *line, const char *text, size_t len)
{
    if (len > sizeof line->text - 2 - line->len)
        return false;
    memcpy(line->text + line->len, text, len);
    line->len += len;
    return true;
}

static bool puts_to(struct line *line, const char *text)
{
    return put(line, text, strlen(text));
}

/* In quotes; the text is printable UTF-8. */
static bool put_quoted(struct line *line, const char *text)
{
    bool ok = put(line, "\"", 1);
    while (ok && *text != '\0') {
        size_t run = strcspn(text, "\"\\");
        ok = put(line, text, run);
        text += run;
        if (ok && *text != '\0') {
            ok = put(line, (const char[2]){'\\', *text}, 2);
            text++;
        }
    }
    return ok && put(line, "\"", 1);
}

static bool put_value(struct line *line, const struct piece *value)
{
    if (value->is_number)
        return puts_to(line, value->text);
    if (log_json || value->len == 0 || strpbrk(value->text, " \"=") != NULL)
        return put_quoted(line, value->text);
    return puts_to(line, value->text);
}

/* A key that does not fit is left out whole. */
static void put_key(struct line *line, const char *key, size_t len, const struct piece *value)
{
    size_t before = line->len;
    bool ok = puts_to(line, log_json ? ",\"" : " ") && put(line, key, len) &&
              puts_to(line, log_json ? "\":" : "=") && put_value(line, value);
    if (!ok)
        line->len = before;
}

static void put_head(struct line *line, enum t2v_log_level level, const char *area)
{
    struct timespec now = {0};
    struct tm utc;
    char when[32], head[160];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &utc);
    long ms = now.tv_nsec / 1000000;
    int n = log_json
                ? snprintf(head, sizeof head,
                           "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",\"area\":\"%s\","
                           "\"message\":",
                           when, ms, names[level], area)
                : snprintf(head, sizeof head, "%s.%03ldZ %s %s ", when, ms, names[level], area);
    put(line, head, n > 0 && (size_t)n < sizeof head ? (size_t)n : 0);
}

/* --- the keys at the end of a format --- */

/* The length of "key=" at the start of word; 0 when it is no key. */
static size_t key_length(const char *word)
{
    size_t n = strspn(word, "abcdefghijklmnopqrstuvwxyz_0123456789");
    return n != 0 && word[n] == '=' && word[n + 1] == '%' ? n + 1 : 0;
}

/* Where the keys begin: the end of format when it has none. */
static const char *keys_of(const char *format)
{
    const char *end = format + strlen(format), *begin = end;
    for (const char *at = end; at > format; at--) {
        if (at[-1] != ' ' && at - 1 != format)
            continue;
        const char *word = at[-1] == ' ' ? at : at - 1;
        if (key_length(word) == 0)
            break;
        begin = word;
    }
    return begin;
}

static void make_line(struct line *line, enum t2v_log_level level, const char *area,
                      uint64_t n_left_out, const char *format, struct arguments *args)
{
    struct piece piece;
    const char *keys = keys_of(format);
    size_t n_message = (size_t)(keys - format);
    expand(&piece, format, n_message - (n_message != 0 && keys[-1] == ' ' && *keys != '\0'), args);
    line->len = 0;
    put_head(line, level, area);
    /* It fits, even if each of its bytes is escaped. */
    (void)(log_json ? put_quoted(line, piece.text) : puts_to(line, piece.text));
    while (*keys != '\0') {
        size_t n_key = key_length(keys), n = strcspn(keys, " ");
        expand(&piece, keys + n_key, n - n_key, args);
        put_key(line, keys, n_key - 1, &piece);
        keys += n + (keys[n] == ' ');
    }
    if (n_left_out != 0) {
        piece.is_number = true;
        piece.len = (size_t)snprintf(piece.text, sizeof piece.text, "%ju", (uintmax_t)n_left_out);
        put_key(line, "left_out", 8, &piece);
    }
    if (log_json)
        line->text[line->len++] = '}';
    line->text[line->len++] = '\n';
}

/* --- on its way --- */

static void make_report(struct line *line, const char *format, ...)
{
    struct arguments args;
    va_start(args.list, format);
    make_line(line, T2V_LOG_WARN, "log", 0, format, &args);
    va_end(args.list);
}

/* Under the lock: reports the dropped lines. False: the report is not accepted either. */
static bool report_dropped(void)
{
    uint64_t n = atomic_load(&n_unreported);
    if (n == 0)
        return true;
    struct line line;
    make_report(&line, "standard error took no lines for a while, they are lost dropped=%ju",
                (uintmax_t)n);
    if (!t2v_sink_write(line.text, line.len))
        return false;
    atomic_store(&n_unreported, 0);
    return true;
}

void t2v_log_catch_up(void)
{
    if (atomic_load(&n_unreported) == 0)
        return;
    pthread_mutex_lock(&sink_lock);
    (void)report_dropped();
    pthread_mutex_unlock(&sink_lock);
}

static void hand_over(const char *line, size_t len)
{
    pthread_mutex_lock(&sink_lock);
    if (!report_dropped() || !t2v_sink_write(line, len)) {
        atomic_fetch_add(&n_dropped, 1);
        atomic_fetch_add(&n_unreported, 1);
    }
    pthread_mutex_unlock(&sink_lock);
}

void t2v_log_plain(const char *format, ...)
{
    char text[LINE_BYTES];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n < 0)
        return;
    size_t len = (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    text[len++] = '\n'; /* in the place of the NUL */
    hand_over(text, len);
}

static void log_line(enum t2v_log_level level, const char *area, uint64_t n_left_out,
                     const char *format, struct arguments *args)
{
    struct line line;
    make_line(&line, level, area, n_left_out, format, args);
    hand_over(line.text, line.len);
}

void t2v_log(enum t2v_log_level level, const char *area, const char *format, ...)
{
    if (!t2v_log_enabled(level))
        return;
    struct arguments args;
    va_start(args.list, format);
    log_line(level, area, 0, format, &args);
    va_end(args.list);
}

void t2v_log_limited(struct t2v_log_limit *limit, enum t2v_log_level level, const char *area,
                     const char *format, ...)
{
    uint64_t now = t2v_clock_ns();
    if (!t2v_log_enabled(level))
        return;
    if (limit->logged_ns != 0 && now - limit->logged_ns < UINT64_C(1000000000)) {
        limit->n_left_out++;
        return;
    }
    struct arguments args;
    va_start(args.list, format);
    log_line(level, area, limit->n_left_out, format, &args);
    va_end(args.list);
    *limit = (struct t2v_log_limit){.logged_ns = now};
}
