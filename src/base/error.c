/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

static int fill(struct t2v_err *err, int code, size_t pos, const char *format, va_list args)
{
    if (err != NULL) {
        err->code = code;
        err->pos = pos;
        vsnprintf(err->msg, sizeof err->msg, format, args);
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
        t2v_fail_at(err, code, err->pos, "%s: %s", prefix, said);
    }
    return code;
}
