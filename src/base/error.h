/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_ERROR_H
#define T2V_BASE_ERROR_H
/*
 * Error codes and messages. A function that can fail returns 0 or a negative T2V_E* code. If a
 * person will read the reason, its last parameter is a `struct t2v_err *`, which may be NULL. Only
 * main.c and base/guard.h print or exit. One table in http/ maps the codes to HTTP statuses.
 */
#include <stddef.h>

enum t2v_code {
    T2V_OK = 0,
    T2V_ENOMEM = -1,       /* out of memory */
    T2V_EIO = -2,          /* a file or socket could not be opened, read, mapped */
    T2V_EFORMAT = -3,      /* a malformed file or request */
    T2V_EUNSUPPORTED = -4, /* well formed, but not supported */
    T2V_ETOOLARGE = -5,    /* above a limit */
    T2V_EEMPTY = -6,       /* a text without a sentence, under the default vectorizer */
    T2V_EPOOLING = -7,     /* unknown pooling_strategy */
    T2V_EBUSY = -8,        /* queue full, or shutting down */
    T2V_EUSAGE = -9,       /* an option that does not parse */
    T2V_EMODEL = -10       /* a vector that is not finite, or a token without an embedding row */
};

struct t2v_err {
    int code;
    size_t pos;    /* byte offset in the input, if there is one; else 0 */
    char msg[320]; /* one line of UTF-8, no final period; safe to print, whatever its arguments
                      hold: see t2v_utf8_show */
};

/* Fills *err, if not NULL, and returns code, for `return t2v_fail(...)`. Cuts a long message. */
int t2v_fail(struct t2v_err *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As t2v_fail, with the byte offset of the error. */
int t2v_fail_at(struct t2v_err *err, int code, size_t pos, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts "PREFIX: " before err's message, for a caller that knows the file. Returns code. */
int t2v_fail_in(struct t2v_err *err, int code, const char *prefix);

/* Puts "DIR: ", or "DIR/FILE: " if file is not NULL, before err's message, unless that already
 * begins with dir or a path in it. Does nothing when code is 0. Returns code. */
int t2v_fail_in_dir(struct t2v_err *err, int code, const char *dir, const char *file);

#endif
