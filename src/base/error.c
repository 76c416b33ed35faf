/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

/* Where a character of UTF-8 begins that the end of msg[0..len) cuts; len when none is cut. */
static size_t whole_characters(const char *msg, size_t len)
{
    size_t i = len;
    while (i > 0 && len - i < 3 && (msg[i - 1] & 0xc0) == 0x80)
        i--;
    if (i == 0 || (msg[i - 1] & 0xc0) != 0xc0)
        return len;
    unsigned char lead = (unsigned char)msg[i - 1];
    size_t want = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    return len - i + 1 < want ? i - 1 : len;
}

static int fill(struct t2v_err *err, int code, size_t pos, const char *format, va_list args)
{
    if (err != NULL) {
        err->code = code;
        err->pos = pos;
        int n = vsnprintf(err->msg, sizeof err->msg, format, args);
        if (n >= (int)sizeof err->msg)
            err->msg[whole_characters(err->msg, sizeof err->msg - 1)] = '\0';
    }
    return code;
}

int t2v_fail(struct t2v_err *err, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(err, code, 0, format, args);
    va_end(args);
    return code;
}

int t2v_fail_at(struct t2v_err *err, int code, size_t pos, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(err, code, pos, format, args);
    va_end(args);
    return code;
}

int t2v_fail_in(struct t2v_err *err, int code, const char *prefix)
{
    if (err != NULL) {
        char said[sizeof err->msg];
        memcpy(said, err->msg, sizeof said);
        t2v_fail_at(err, code, err->pos, "%.160s: %s", prefix, said);
    }
    return code;
}
