/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_SERVICE_H
#define T2V_HTTP_SERVICE_H
/*
 * What all operations share: the models, the engine, the settings, who may ask, the cache, the
 * counters. It knows no socket. For the loop thread; what t2v_service_init sets and nothing changes
 * later (options, models, version, auth, cors, routes) any thread may read.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/pulse.h"
#include "batch/cache.h"
#include "batch/engine.h"
#include "http/auth.h"
#include "http/budget.h"
#include "http/cors.h"
#include "http/decoders.h"
#include "http/metrics.h"
#include "http/models.h"
#include "http/options.h"
#include "http/route.h"

struct t2v_service {
    const struct t2v_server_options *options;
    t2v_engine *engine;
    const struct t2v_models *models;
    const char *version;
    const struct t2v_routes *routes;
    struct t2v_auth auth;
    struct t2v_cors cors;
    t2v_decoders *decoders;
    t2v_cache *cache; /* NULL: ENABLE_CACHE is off */
    struct t2v_metrics metrics;
    struct t2v_budget budget; /* the shares of all connections and jobs */
    uint64_t max_connections; /* the setting's, or what open files allow */
    struct t2v_buf meta;      /* the answer of /meta */
    bool draining;            /* SIGTERM has come */
    struct t2v_pulse clerk;   /* of what is with the clerk */
    uint64_t ticked_ns;       /* t2v_service_tick's last */
};

/* All pointers are borrowed for the life of the service. T2V_EUSAGE: the tokens or origins of the
 * options make no sense; T2V_ENOMEM. */
int t2v_service_init(struct t2v_service *service, const struct t2v_server_options *options,
                     t2v_engine *engine, const struct t2v_models *models, const char *version,
                     struct t2v_err *err);
void t2v_service_deinit(struct t2v_service *service);

/* The loop calls it at least every 250 ms. A much later call means that the process was stopped:
 * then the time until now does not count as a stall of the engine or the clerk. */
void t2v_service_tick(struct t2v_service *service, uint64_t now_ns);
/* For how long work has waited without progress, at the engine or the clerk; 0: for no time. */
uint64_t t2v_service_stalled_ms(struct t2v_service *service);
/* Appends what GET /metrics answers. */
void t2v_service_write_metrics(struct t2v_service *service, struct t2v_buf *out);

/* What can be answered when only the head is read: the answer to a preflight, then 401 before 404
 * and 405, then 415. True when *reply is complete, or *fault is set. */
bool t2v_service_answers_head(const struct t2v_service *service, const struct t2v_match *match,
                              const struct t2v_request *request, struct t2v_reply *reply,
                              struct t2v_fault *fault);

#endif
