/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_CORS_H
#define T2V_HTTP_CORS_H
/*
 * Cross-origin requests (Fetch standard): which web pages may read our answers. Off
 * unless T2V_CORS_ORIGINS is set. Credentials of a browser (cookies) are never allowed: a page
 * sends its bearer token in a header. Read-only once set up.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "http/fault.h"
#include "http/reader.h"
#include "http/reply.h"

struct t2v_cors {
    struct t2v_str *origins; /* [n], views into the list given */
    size_t n;
    bool any; /* the list has "*" */
};

enum {
    T2V_ORIGIN_MAX = 200, /* bytes of an allowed origin */
    T2V_CORS_MAX = 1024   /* bytes of the header lines, the final NUL included */
};

/* list: "https://a.example, http://localhost:3000" or "*", borrowed; "" or NULL: off. T2V_EUSAGE
 * for what is not an origin, T2V_ENOMEM. */
int t2v_cors_init(struct t2v_cors *cors, const char *list, struct t2v_err *err);
void t2v_cors_deinit(struct t2v_cors *cors);

/* True if the request is a preflight, which needs no token: then either *reply is the answer, or
 * *fault is set because the origin is not allowed. */
bool t2v_cors_preflight(const struct t2v_cors *cors, const struct t2v_request *request,
                        struct t2v_reply *reply, struct t2v_fault *fault);

/* The header lines that each answer to this request needs, errors too; "" when off. methods: what
 * the path allows, for the answer to a preflight. */
void t2v_cors_lines(const struct t2v_cors *cors, const struct t2v_request *request,
                    const char *methods, char out[T2V_CORS_MAX]);

#endif
