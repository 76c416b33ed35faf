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

/* Names of files and tensors are a stranger's: what they would do to a terminal or a log is taken
 * out. */
static void keep_one_line(char *msg)
{
    for (; *msg != '\0'; msg++)
        if ((unsigned char)*msg < ' ' || *msg == 0x7f)
            *msg = '?';
}

static int fill(struct t2v_err *err, int code, size_t pos, const char *format, va_list args)
{
    if (err != NULL) {
        err->code = code;
        err->pos = pos;
        int n = vsnprintf(err->msg, sizeof err->msg, format, args);
        if (n >= (int)sizeof err->msg)
            err->msg[whole_characters(err->msg, sizeof err->msg - 1)] = '\0';
        keep_one_line(err->msg);
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

/* How much of a prefix is shown: what is behind it must have room, too. */
static int prefix_len(const char *prefix)
{
    enum { MAX_PREFIX = 160 };
    size_t n = strnlen(prefix, MAX_PREFIX + 1);
    return (int)(n > MAX_PREFIX ? whole_characters(prefix, MAX_PREFIX) : n);
}

/* PREFIX and joint before what err says. */
static void put_before(struct t2v_err *err, const char *prefix, const char *joint)
{
    char said[sizeof err->msg];
    memcpy(said, err->msg, sizeof said);
    t2v_fail_at(err, err->code, err->pos, "%.*s%s%s", prefix_len(prefix), prefix, joint, said);
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
    size_t n = strlen(dir);
    if (strncmp(err->msg, dir, n) == 0 && (err->msg[n] == '/' || err->msg[n] == ':'))
        return code;
    if (file != NULL)
        t2v_fail_in(err, code, file);
    err->code = code;
    put_before(err, dir, file != NULL ? "/" : ": ");
    return code;
}
