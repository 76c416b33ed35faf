/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/route.h"

#include "base/banned.h"

static int bit_of(struct t2v_str method)
{
    if (t2v_str_is(method, "GET") || t2v_str_is(method, "HEAD"))
        return T2V_GET;
    return t2v_str_is(method, "POST") ? T2V_POST : 0;
}

static bool fits(const struct t2v_route *row, struct t2v_str path)
{
    struct t2v_str begin = t2v_str_of(row->path);
    if ((row->flags & T2V_ROUTE_ID) == 0)
        return t2v_str_eq(path, begin);
    return t2v_str_starts(path, begin) && (path.len > begin.len || row->methods == 0);
}

/* Takes rows for the same path as the first that fits. */
static struct t2v_match match_of(const struct t2v_routes *routes, struct t2v_str path, int method,
                                 int id)
{
    struct t2v_match match = {0};
    for (size_t i = 0; i < routes->n; i++) {
        const struct t2v_route *row = &routes->rows[i];
        if ((row->flags & T2V_ROUTE_ID) != id || !fits(row, path) ||
            (match.route != NULL && strcmp(match.route->path, row->path) != 0))
            continue;
        match.methods |= row->methods;
        if (match.route == NULL || (row->methods & method) != 0)
            match.route = row;
    }
    match.allowed = (match.methods & method) != 0;
    if (match.methods != 0 && id != 0)
        match.id = t2v_str_skip(path, strlen(match.route->path));
    return match;
}

/* The path as clients mean it that join an address and a path carelessly: a doubled slash at the
 * front is one, and a slash at the end does not count. */
static struct t2v_str plain_path(struct t2v_str path)
{
    while (path.len > 1 && path.ptr[0] == '/' && path.ptr[1] == '/')
        path = t2v_str_skip(path, 1);
    if (path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    return path;
}

struct t2v_match t2v_route_find(const struct t2v_routes *routes, struct t2v_str path,
                                struct t2v_str method)
{
    int bit = bit_of(method);
    struct t2v_match match = match_of(routes, path, bit, 0);
    if (match.route == NULL)
        match = match_of(routes, plain_path(path), bit, 0);
    return match.route != NULL ? match : match_of(routes, path, bit, T2V_ROUTE_ID);
}

struct t2v_match t2v_route_unknown(const struct t2v_routes *routes)
{
    return (struct t2v_match){.route = &routes->rows[routes->n - 1]};
}

const char *t2v_methods_text(int methods)
{
    switch (methods) {
    case T2V_GET:
        return "GET, HEAD";
    case T2V_POST:
        return "POST";
    default:
        return "GET, HEAD, POST";
    }
}

void t2v_route_refuse(const struct t2v_match *match, struct t2v_fault *fault)
{
    switch (match->methods) {
    case 0:
        t2v_fault_set(fault, 404, "no such path");
        break;
    case T2V_GET:
        t2v_fault_set(fault, 405, "method not allowed, use GET");
        fault->header = "Allow: GET, HEAD\r\n";
        break;
    case T2V_POST:
        t2v_fault_set(fault, 405, "method not allowed, use POST");
        fault->header = "Allow: POST\r\n";
        break;
    default:
        t2v_fault_set(fault, 405, "method not allowed, use GET or POST");
        fault->header = "Allow: GET, HEAD, POST\r\n";
        break;
    }
}

void t2v_route_fail(const struct t2v_route *route, const struct t2v_fault *fault,
                    struct t2v_reply *reply)
{
    const struct t2v_api *api = reply->api != NULL   ? reply->api
                                : route->api != NULL ? route->api
                                                     : route->operation->api;
    t2v_reply_clear(reply);
    reply->status = fault->status;
    reply->extra = fault->header;
    reply->why = fault->why;
    api->fail(fault, reply);
}
