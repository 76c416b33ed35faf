/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_ROUTE_H
#define T2V_HTTP_ROUTE_H
/*
 * Which operation a path and a method stand for. A route is a row of a table (routes.c); everything
 * that differs between routes is in the row. Read-only.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "http/api/api.h"

/* Methods, as bits. */
enum {
    T2V_GET = 1, /* and HEAD, whose answer is the same without its body */
    T2V_POST = 2
};

/* Flags. */
enum {
    T2V_ROUTE_OPEN = 1,  /* needs no token */
    T2V_ROUTE_PROBE = 2, /* of what watches the service: answered when all else gets 503 */
    /* The path is a beginning: what follows, one byte at least, is an id, such as the model's in
     * "/v1/models/ID". The operation finds it in request->id or job->id, as the client sent it:
     * percent signs are not decoded, and it may contain '/'. The beginning alone ("/v1/models/")
     * is the path without its last slash. A second row for it with this flag and methods 0 makes
     * its 404 one in the API's shape. */
    T2V_ROUTE_ID = 4
};

struct t2v_route {
    const char *path;
    int methods; /* 0: no operation is here. Such a row (with T2V_ROUTE_ID) says how unknown
                    paths below it are refused: in the shape of api */
    int flags;
    const char *name;                      /* in metrics and the log; rows may share one */
    const struct t2v_operation *operation; /* NULL where methods is 0 */
    const struct t2v_api *api;             /* NULL: the operation's */
};

/* A path that no row has is looked up once more without its last slash, and with one slash where
 * it begins with several; clients are never redirected. A path may have several rows, each for
 * other methods. Rows for exact paths win over those for
 * beginnings, and of these the first does. The last row is for "" with methods 0, so that every
 * path has one. */
struct t2v_routes {
    const struct t2v_route *rows; /* [n] */
    size_t n;
};

/* The routes of t2v, in routes.c. A test program may define others in its place. */
extern const struct t2v_routes t2v_routes;

struct t2v_match {
    const struct t2v_route *route; /* of the path; for the method, where it allows that */
    int methods;                   /* all that the path allows; 0: the path is unknown */
    bool allowed;                  /* the method is one of them */
    struct t2v_str id;             /* of T2V_ROUTE_ID: a view of path; else empty */
};
struct t2v_match t2v_route_find(const struct t2v_routes *routes, struct t2v_str path,
                                struct t2v_str method);
/* For a request whose request line has not come yet, or cannot be read: the last row. */
struct t2v_match t2v_route_unknown(const struct t2v_routes *routes);

/* "GET, HEAD", "POST" or both; for 0 too, all that any path allows. Static. */
const char *t2v_methods_text(int methods);
/* The fault of a path or method that has no operation: 404, or 405 with Allow. */
void t2v_route_refuse(const struct t2v_match *match, struct t2v_fault *fault);

/* Makes *reply an error: the status and header lines of fault, and the body that the route's API
 * gives it. */
void t2v_route_fail(const struct t2v_route *route, const struct t2v_fault *fault,
                    struct t2v_reply *reply);

#endif
