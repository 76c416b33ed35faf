/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_ROUTES_H
#define T2V_HTTP_ROUTES_H
/*
 * What each path does: a table, a handler for each row, and the state they share. A handler gets a
 * whole request and either answers at once or makes a job for the engine. It sees no socket: the
 * connection (conn.c) sends answers and submits jobs. All of it runs on the loop thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/options.h"
#include "batch/cache.h"
#include "batch/engine.h"
#include "http/auth.h"
#include "http/metrics.h"
#include "http/reader.h"
#include "http/reply.h"
#include "http/vectors.h"
#include "pool/model.h"

struct t2v_service {
    const struct t2v_options *options;
    t2v_engine *engine;
    const t2v_model *model;
    const char *version;
    struct t2v_auth auth;
    t2v_cache *cache; /* NULL: ENABLE_CACHE is off */
    struct t2v_metrics metrics;
    struct t2v_buf meta; /* the answer of /meta */
    bool draining;       /* SIGTERM has come */
};

/* All pointers are borrowed for the life of the service. */
int t2v_service_init(struct t2v_service *service, const struct t2v_options *options,
                     t2v_engine *engine, const t2v_model *model, const char *version,
                     struct t2v_err *err);
void t2v_service_deinit(struct t2v_service *service);

/* A question on its way through the engine. From submit until `done` it belongs to the engine, so
 * it outlives a connection that goes away: then conn is NULL and the result is dropped. */
struct t2v_job {
    struct t2v_work work;
    struct t2v_question question;
    struct t2v_reply reply;
    size_t n_answered;     /* vectors written into reply so far */
    struct t2v_conn *conn; /* who waits for it; NULL: nobody any more */
    struct t2v_server *server;
    bool back; /* the engine has given it back to the loop thread */
    size_t held_bytes;
    struct t2v_job *next;
};
void t2v_job_free(struct t2v_job *job);
/* Writes some of the answer into job->reply; true when it is complete. */
bool t2v_job_answer(struct t2v_service *service, struct t2v_job *job);

struct t2v_route {
    const char *path;
    enum t2v_route_id id;
    bool get;  /* GET and HEAD; else POST */
    bool open; /* needs no token */
    /* Fills *reply, or sets *job (then reply is not used). */
    void (*answer)(struct t2v_service *service, const struct t2v_request *request,
                   struct t2v_reply *reply, struct t2v_job **job);
};

/* NULL: no such path. */
const struct t2v_route *t2v_route_find(struct t2v_str path);
/* What can be said when only the head is read: 401 before 404 and 405, then 415. True when *reply
 * is a refusal. route may be NULL. */
bool t2v_route_refuses(const struct t2v_service *service, const struct t2v_route *route,
                       const struct t2v_request *request, struct t2v_reply *reply);

#endif
