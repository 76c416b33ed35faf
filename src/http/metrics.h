/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_METRICS_H
#define T2V_HTTP_METRICS_H
/* What GET /metrics reports, counted by the loop thread and written as Prometheus text (0.0.4). */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hist.h"
#include "batch/engine.h"
#include "http/models.h"
#include "http/route.h"

enum { T2V_N_STATUS = 19 };

/* The counts of one route, or of several with the same name. */
struct t2v_route_metrics {
    const char *name;
    uint64_t requests[T2V_N_STATUS]; /* by the statuses listed in metrics.c */
    struct t2v_hist seconds;         /* from a request's first byte to its answer */
};

struct t2v_metrics {
    struct t2v_route_metrics *routes; /* [n_route], owned; in the order of the table of routes */
    size_t n_route;
    struct t2v_hist queue_seconds, encode_seconds;
    uint64_t cache_hits, cache_misses;
    uint64_t n_connection;    /* open now */
    uint64_t n_clerk;         /* jobs with the clerk now */
    uint64_t n_waiting;       /* jobs that wait for a place with the clerk or the engine */
    uint64_t log_dropped;     /* lines of the log that were dropped */
    uint64_t connections;     /* accepted so far */
    uint64_t evicted;         /* connections closed to make room for others */
    uint64_t accept_failures; /* how often accept failed */
    uint64_t cancelled;       /* requests whose client left before the answer */
    uint64_t dropped_slow;    /* connections closed because others needed their memory */
    uint64_t texts_cut;       /* texts of which a sequence was cut at the token limit */
};

/* A model, and what was done with it. */
struct t2v_metrics_model {
    const char *name; /* by which clients ask for it */
    const char *dir;
    const char *family, *vectorizer, *precision, *kernels;
    struct t2v_task_stats stats;
};

/* What is served, the limits, and how much of the memory and the cache is in use. */
struct t2v_metrics_facts {
    const char *version;                    /* as in --version */
    const struct t2v_metrics_model *models; /* [n_model] */
    size_t n_model;
    size_t dim, max_tok; /* of the first: of a vector; of a sequence */
    int threads;
    uint64_t max_queue, max_connections;
    size_t memory_held, memory_limit;                     /* for clients */
    size_t cache_entries, cache_bytes, cache_max_entries; /* 0: there is no cache */
};

/* T2V_ENOMEM. */
int t2v_metrics_init(struct t2v_metrics *metrics, const struct t2v_routes *routes);
void t2v_metrics_deinit(struct t2v_metrics *metrics);
/* A request to this route, a row of the table, was answered with this status. */
void t2v_metrics_count(struct t2v_metrics *metrics, const struct t2v_route *route, int status,
                       double seconds);
void t2v_metrics_write(const struct t2v_metrics *metrics, const struct t2v_engine_stats *engine,
                       const struct t2v_metrics_facts *facts, struct t2v_buf *out);
/* Of each model that generates text: tokens, times, and the pool of keys and values. */
void t2v_metrics_write_generators(const struct t2v_models *models, struct t2v_buf *out);

#endif
