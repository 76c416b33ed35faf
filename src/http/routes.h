/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_ROUTES_H
#define T2V_HTTP_ROUTES_H
/*
 * What each path does: a table, a handler for each row, and the state they share. A handler gets a
 * whole request and either answers at once or makes a job for the engine. It sees no socket: the
 * connection (conn.c) sends answers and submits jobs. All of it runs on the loop thread, but
 * t2v_job_work, which the clerk runs too.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/pulse.h"
#include "batch/cache.h"
#include "batch/engine.h"
#include "http/auth.h"
#include "http/budget.h"
#include "http/cors.h"
#include "http/metrics.h"
#include "http/options.h"
#include "http/reader.h"
#include "http/reply.h"
#include "http/vectors.h"
#include "task/embed/embedder.h"

struct t2v_service {
    const struct t2v_server_options *options;
    t2v_engine *engine;
    const t2v_model *model;
    const char *version;
    struct t2v_auth auth;
    struct t2v_cors cors;
    t2v_cache *cache; /* NULL: ENABLE_CACHE is off */
    struct t2v_metrics metrics;
    struct t2v_budget budget; /* the shares of all connections and jobs: see t2v_server_hold */
    uint64_t max_connections; /* the setting's, or what open files allow */
    struct t2v_buf meta;      /* the answer of /meta */
    bool draining;            /* SIGTERM has come */
    struct t2v_pulse clerk;   /* of what is with the clerk */
    uint64_t ticked_ns;       /* t2v_service_tick's last */
};

/* All pointers are borrowed for the life of the service. */
int t2v_service_init(struct t2v_service *service, const struct t2v_server_options *options,
                     t2v_engine *engine, const t2v_model *model, const char *version,
                     struct t2v_err *err);
void t2v_service_deinit(struct t2v_service *service);
/* The loop calls it at least every 250 ms. A much later call means that the process was stopped:
 * then the time until now does not count as a stall of the engine or the clerk. */
void t2v_service_tick(struct t2v_service *service, uint64_t now_ns);

/* What is to be done with a job, or has just been. */
enum t2v_job_stage {
    T2V_JOB_READ,   /* its body is read, by the clerk */
    T2V_JOB_ENCODE, /* its texts are encoded, by the engine */
    T2V_JOB_ANSWER  /* its answer is written, by the clerk when it is a large one */
};

/* A question on its way through the engine. While the engine or the clerk has it, they own every
 * field except conn, so it outlives a connection that goes: then conn is NULL and the result is
 * dropped. */
struct t2v_job {
    struct t2v_work work;
    struct t2v_question question;
    struct t2v_reply reply;
    enum t2v_job_stage stage;
    bool refused;          /* READ ended with a refusal in reply */
    struct t2v_buf body;   /* owned, while it is to be READ */
    struct t2v_conn *conn; /* who waits for it; NULL: nobody any more */
    struct t2v_server *server;
    size_t held_bytes; /* its share of the server's */
    struct t2v_job *next;
};
void t2v_job_free(struct t2v_job *job);

/* READ: body to question, or to a refusal. ANSWER: the work's result to reply. On the loop thread
 * or the clerk's: of the service it looks only at what never changes. */
void t2v_job_work(const struct t2v_service *service, struct t2v_job *job);
/* After READ, on the loop thread: true when reply is complete without the engine; else the job is
 * now to be ENCODEd. */
bool t2v_job_is_answered(struct t2v_service *service, struct t2v_job *job);
/* After ENCODE, on the loop thread: the job is now to be ANSWERed. True when that takes long. */
bool t2v_job_encoded(struct t2v_service *service, struct t2v_job *job);

struct t2v_route {
    const char *path;
    enum t2v_route_id id;
    bool get;  /* GET and HEAD; else POST */
    bool open; /* needs no token */
    /* Fills *reply, or sets *job (then reply is not used): one to be READ, whose body is the
     * request's, or one to be ENCODEd. */
    void (*answer)(struct t2v_service *service, const struct t2v_request *request,
                   struct t2v_reply *reply, struct t2v_job **job);
};

/* "GET, HEAD" or "POST"; all of them for an unknown path. */
const char *t2v_route_methods(const struct t2v_route *route);
/* Asked by what watches the service, and answered when all else gets 503: live, ready, health,
 * metrics. route may be NULL. */
bool t2v_route_is_probe(const struct t2v_route *route);
/* NULL: no such path. */
const struct t2v_route *t2v_route_find(struct t2v_str path);
/* What can be said when only the head is read: the answer to a preflight, then 401 before 404 and
 * 405, then 415. True when *reply is complete. route may be NULL. */
bool t2v_route_answers_head(const struct t2v_service *service, const struct t2v_route *route,
                            const struct t2v_request *request, struct t2v_reply *reply);

#endif
