/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#include "base/banned.h"

/* The length of msg[0..len) without a character that its end cuts. */
static size_t whole_characters(const char *msg, size_t len)
{
    const char *end = msg + len, *last = t2v_utf8_back(msg, end);
    struct t2v_str tail = {last, (size_t)(end - last)};
    bool cut = tail.len < 4 && (size_t)t2v_utf8_len(tail) != tail.len;
    return cut ? len - tail.len : len;
}

static int fill(struct t2v_err *err, int code, size_t pos, const char *format, va_list args)
{
    if (err != NULL) {
        err->code = code;
        err->pos = pos;
        char msg[sizeof err->msg];
        int n = vsnprintf(msg, sizeof msg, format, args);
        if (n >= (int)sizeof msg)
            msg[whole_characters(msg, sizeof msg - 1)] = '\0';
        /* Names of files and tensors are untrusted. */
        t2v_utf8_show(err->msg, sizeof err->msg, t2v_str_of(n >= 0 ? msg : ""));
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

/* The bytes of a prefix that are shown; the message after it needs room, too. */
static int prefix_len(const char *prefix)
{
    enum { MAX_PREFIX = 160 };
    size_t n = strnlen(prefix, MAX_PREFIX + 1);
    return (int)(n > MAX_PREFIX ? whole_characters(prefix, MAX_PREFIX) : n);
}

/* Puts prefix and joint before err's message. */
static void put_before(struct t2v_err *err, const char *prefix, const char *joint)
{
    char message[sizeof err->msg];
    memcpy(message, err->msg, sizeof message);
    t2v_fail_at(err, err->code, err->pos, "%.*s%s%s", prefix_len(prefix), prefix, joint, message);
}

int t2v_fail_in(struct t2v_err *err, int code, const char *prefix)
{
    if (err != NULL) {
        err->code = code;
        put_before(err, prefix, ": ");
    }
    return code;
}

int t2v_fail_in_dir(struct t2v_err *err, int code, const char *dir, const char *file)
{
    if (code == 0 || err == NULL)
        return code;
    size_t n = (size_t)prefix_len(dir), whole = strlen(dir);
    const char *rest = err->msg + n;
    if (strncmp(err->msg, dir, n) == 0 && (n < whole || *rest == '/' || *rest == ':'))
        return code;
    if (file != NULL)
        t2v_fail_in(err, code, file);
    err->code = code;
    put_before(err, dir, file != NULL ? "/" : ": ");
    return code;
}
