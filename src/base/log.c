/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"

#include "base/banned.h"

static enum t2v_log_level log_level = T2V_LOG_INFO;
static int log_json;

void t2v_log_setup(enum t2v_log_level level, int as_json)
{
    log_level = level;
    log_json = as_json;
}

int t2v_log_enabled(enum t2v_log_level level)
{
    return level <= log_level;
}

/* Makes the message one printable line, and in JSON one that needs no further escapes. */
static void clean(char *text)
{
    t2v_utf8_printable(text);
    for (; *text != '\0' && log_json; text++) {
        if (*text == '"' || *text == '\\')
            *text = '\'';
    }
}

void t2v_log(enum t2v_log_level level, const char *area, const char *format, ...)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    if (!t2v_log_enabled(level))
        return;
    char message[640], line[768], when[32];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    clean(message);
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    int n = log_json
                ? snprintf(line, sizeof line,
                           "{\"time\":\"%s\",\"level\":\"%s\",\"area\":\"%s\",\"msg\":\"%s\"}\n",
                           when, names[level], area, message)
                : snprintf(line, sizeof line, "%s %s %s %s\n", when, names[level], area, message);
    if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0) {
        /* nobody to tell */
    }
}
