/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/cors.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

#include "base/banned.h"

/* Access-Control-Request-Headers up to this many bytes is echoed; for a longer one the answer has a
 * fixed list. */
enum { FIELDS_MAX = 400 };

/* Browsers send no default port in Origin, so a listed origin must not have one either. */
static struct t2v_str without_default_port(struct t2v_str origin)
{
    struct t2v_str port =
        t2v_str_starts(origin, T2V_STR("https:")) ? T2V_STR(":443") : T2V_STR(":80");
    if (t2v_str_ends(origin, port))
        origin.len -= port.len;
    return origin;
}

static bool is_plain(struct t2v_str s)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-._+:[]";
    for (size_t i = 0; i < s.len; i++) {
        if (memchr(plain, s.ptr[i], sizeof plain - 1) == NULL)
            return false;
    }
    return s.len != 0;
}

/* scheme://host or scheme://host:port, in characters that need no escape. */
static bool is_origin(struct t2v_str s)
{
    struct t2v_str host = s, scheme = t2v_str_cut(&host, ':');
    return s.len <= T2V_ORIGIN_MAX && is_plain(scheme) && t2v_str_starts(host, T2V_STR("//")) &&
           is_plain(t2v_str_skip(host, 2));
}

static int add_origin(struct t2v_cors *cors, struct t2v_str origin, struct t2v_err *err)
{
    if (t2v_str_is(origin, "*"))
        cors->any = true;
    else if (is_origin(origin))
        cors->origins[cors->n++] = without_default_port(origin);
    else if (origin.len != 0)
        return t2v_fail(err, T2V_EUSAGE,
                        "T2V_CORS_ORIGINS: '%.*s' is not an origin: SCHEME://HOST or "
                        "SCHEME://HOST:PORT, without a path, or *",
                        T2V_STR_ARG(origin));
    return 0;
}

int t2v_cors_init(struct t2v_cors *cors, const char *list, struct t2v_err *err)
{
    *cors = (struct t2v_cors){0};
    struct t2v_str rest = t2v_str_of(list != NULL ? list : "");
    if (rest.len == 0)
        return 0;
    cors->origins = t2v_alloc_zero(rest.len, sizeof *cors->origins);
    if (cors->origins == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the list of origins");
    int rc = 0;
    while (rc == 0 && rest.len != 0)
        rc = add_origin(cors, t2v_str_strip(t2v_str_cut(&rest, ',')), err);
    if (rc == 0 && cors->n == 0 && !cors->any)
        rc = t2v_fail(err, T2V_EUSAGE, "T2V_CORS_ORIGINS is set, but holds no origin");
    if (rc != 0)
        t2v_cors_deinit(cors);
    return rc;
}

void t2v_cors_deinit(struct t2v_cors *cors)
{
    t2v_free(cors->origins);
    *cors = (struct t2v_cors){0};
}

static bool is_on(const struct t2v_cors *cors)
{
    return cors->any || cors->n != 0;
}

/* The value of Access-Control-Allow-Origin: the request's origin or "*"; empty if the origin is not
 * allowed. */
static struct t2v_str allowed(const struct t2v_cors *cors, struct t2v_str origin)
{
    if (origin.len == 0)
        return (struct t2v_str){NULL, 0};
    if (cors->any)
        return T2V_STR("*");
    for (size_t i = 0; i < cors->n; i++) {
        const struct t2v_str *known = &cors->origins[i];
        if (origin.len == known->len && strncasecmp(origin.ptr, known->ptr, origin.len) == 0)
            return origin;
    }
    return (struct t2v_str){NULL, 0};
}

static bool is_preflight(const struct t2v_request *request)
{
    return t2v_str_is(request->method, "OPTIONS") && request->origin.ptr != NULL &&
           request->wanted_method.len != 0;
}

bool t2v_cors_preflight(const struct t2v_cors *cors, const struct t2v_request *request,
                        struct t2v_reply *reply, struct t2v_fault *fault)
{
    if (!is_on(cors) || !is_preflight(request))
        return false;
    if (allowed(cors, request->origin).len != 0)
        t2v_reply_empty(reply, 204);
    else
        t2v_fault_set(fault, 403, "this origin is not in T2V_CORS_ORIGINS");
    return true;
}

/* Printable ASCII of bounded length: safe to echo in a header line. */
static bool is_safe_list(struct t2v_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c < 0x20 || c >= 0x7f)
            return false;
    }
    return s.len != 0 && s.len <= FIELDS_MAX;
}

void t2v_cors_lines(const struct t2v_cors *cors, const struct t2v_request *request,
                    const char *methods, char out[T2V_CORS_MAX])
{
    out[0] = '\0';
    if (!is_on(cors))
        return;
    bool preflight = is_preflight(request);
    struct t2v_str origin = allowed(cors, request->origin), fields = request->wanted_fields;
    size_t n = 0;
    if (preflight)
        n += (size_t)snprintf(out, T2V_CORS_MAX,
                              "Vary: Origin, Access-Control-Request-Method, "
                              "Access-Control-Request-Headers\r\n");
    else if (!cors->any)
        n += (size_t)snprintf(out, T2V_CORS_MAX, "Vary: Origin\r\n");
    if (origin.len == 0)
        return;
    n += (size_t)snprintf(out + n, T2V_CORS_MAX - n, "Access-Control-Allow-Origin: %.*s\r\n",
                          T2V_STR_ARG(origin));
    if (!preflight) {
        snprintf(out + n, T2V_CORS_MAX - n, "Access-Control-Expose-Headers: Retry-After\r\n");
        return;
    }
    if (!is_safe_list(fields))
        fields = T2V_STR("Authorization, Content-Type");
    /* "*" would not cover Authorization, so the fields are listed. */
    snprintf(out + n, T2V_CORS_MAX - n,
             "Access-Control-Allow-Methods: %s\r\nAccess-Control-Allow-Headers: %.*s\r\n"
             "Access-Control-Max-Age: 7200\r\n",
             methods, (int)fields.len, fields.ptr);
}
