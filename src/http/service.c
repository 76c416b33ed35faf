/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/service.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/process.h"
#include "json/write.h"

#include "base/banned.h"

/* The loop's clock ticks four times a second; later than this, the process did not run. */
enum { STOPPED_NS = 2000 * 1000 * 1000 };

/* UPSTREAM: 1024 results for 600 s. The ceiling on bytes is ours. */
static const struct t2v_cache_limits cache_limits = {
    .max_entries = 1024,
    .max_bytes = 64 << 20,
    .ttl_ns = UINT64_C(600) * 1000 * 1000 * 1000,
};

/* The name of a model, and what it can do. */
static void write_model(const struct t2v_served *served, struct t2v_buf *buf)
{
    const char *comma = "";
    t2v_buf_adds(buf, "{\"name\":");
    t2v_json_write_str(buf, t2v_str_of(served->name));
    t2v_buf_adds(buf, ",\"tasks\":[");
    for (unsigned bit = 1; bit < 1u << T2V_N_ABILITY; bit <<= 1) {
        if ((served->abilities & bit) == 0)
            continue;
        t2v_buf_addf(buf, "%s\"%s\"", comma, t2v_ability_name((enum t2v_ability)bit));
        comma = ",";
    }
    t2v_buf_adds(buf, "]}");
}

/* Of the first model, as the Python server's images have one; then the list of all. */
static int make_meta(struct t2v_buf *buf, const struct t2v_models *models, const char *version)
{
    const struct t2v_served *first = &models->list[0];
    const t2v_embedder *embedder = first->embedder;
    const t2v_model *model = first->model;
    struct t2v_str config =
        embedder != NULL ? t2v_embedder_meta(embedder) : t2v_model_config(model);
    const char *const more[][2] = {
        {"model_path", t2v_model_dir(model)},
        {"version", version},
        {"family", t2v_model_family(model)},
        {"vectorizer", embedder != NULL ? t2v_embedder_vectorizer(embedder) : "none"},
        {"precision", t2v_model_precision(model)},
    };
    t2v_buf_init(buf, 64 << 20);
    t2v_buf_adds(buf, "{\"model\":");
    t2v_json_plain(config, buf);
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        t2v_buf_addf(buf, ",\"%s\":", more[i][0]);
        t2v_json_write_str(buf, t2v_str_of(more[i][1]));
    }
    if (embedder != NULL)
        t2v_buf_addf(buf, ",\"dimensions\":%zu", t2v_embedder_dim(embedder));
    t2v_buf_adds(buf, ",\"models\":");
    t2v_models_write(models, write_model, buf);
    t2v_buf_adds(buf, "}");
    return buf->fail;
}

/* What can fail of a service. */
static int make_parts(struct t2v_service *service, struct t2v_err *err)
{
    const struct t2v_server_options *options = service->options;
    int rc = t2v_auth_init(&service->auth, options->tokens, err);
    if (rc == 0)
        rc = t2v_cors_init(&service->cors, options->cors_origins, err);
    if (rc != 0)
        return rc;
    rc = t2v_metrics_init(&service->metrics, service->routes);
    if (rc == 0)
        rc = make_meta(&service->meta, service->models, service->version);
    if (rc == 0)
        rc = t2v_decoders_new(service->models, &service->decoders);
    if (rc == 0 && options->cache)
        rc = t2v_cache_new(&cache_limits, &service->cache);
    return rc == 0 ? 0 : t2v_fail(err, rc, "no memory for the service");
}

int t2v_service_init(struct t2v_service *service, const struct t2v_server_options *options,
                     t2v_engine *engine, const struct t2v_models *models, const char *version,
                     struct t2v_err *err)
{
    *service = (struct t2v_service){.options = options,
                                    .engine = engine,
                                    .models = models,
                                    .version = version,
                                    .routes = &t2v_routes};
    service->max_connections = (uint64_t)options->max_connections;
    service->ticked_ns = t2v_clock_ns();
    int rc = make_parts(service, err);
    if (rc != 0)
        t2v_service_deinit(service);
    return rc;
}

void t2v_service_deinit(struct t2v_service *service)
{
    t2v_cache_free(service->cache);
    t2v_decoders_free(service->decoders);
    t2v_buf_deinit(&service->meta);
    t2v_metrics_deinit(&service->metrics);
    t2v_cors_deinit(&service->cors);
    t2v_auth_deinit(&service->auth);
    *service = (struct t2v_service){0};
}

void t2v_service_tick(struct t2v_service *service, uint64_t now_ns)
{
    if (now_ns - service->ticked_ns > STOPPED_NS) {
        t2v_engine_resumed(service->engine);
        t2v_pulse_beat(&service->clerk, now_ns);
    }
    service->ticked_ns = now_ns;
}

uint64_t t2v_service_stalled_ms(struct t2v_service *service)
{
    uint64_t now_ns = t2v_clock_ns();
    t2v_service_tick(service, now_ns);
    uint64_t engine_ms = t2v_engine_stalled_ms(service->engine);
    uint64_t clerk_ms = t2v_pulse_stalled_ms(&service->clerk, now_ns);
    return engine_ms > clerk_ms ? engine_ms : clerk_ms;
}

static struct t2v_metrics_model model_facts(t2v_engine *engine, const struct t2v_served *served)
{
    const t2v_embedder *embedder = served->embedder;
    const t2v_model *model = served->model;
    const struct t2v_task *tasks[T2V_SERVED_TASKS];
    struct t2v_metrics_model facts = {
        .name = served->name,
        .dir = t2v_model_dir(model),
        .family = t2v_model_family(model),
        .vectorizer = embedder != NULL ? t2v_embedder_vectorizer(embedder) : "none",
        .precision = t2v_model_precision(model),
        .kernels = t2v_model_cpu(model),
    };
    size_t n = t2v_served_tasks(served, tasks);
    for (size_t i = 0; i < n; i++)
        t2v_engine_add_task_stats(engine, tasks[i], &facts.stats);
    return facts;
}

static struct t2v_metrics_facts facts_of(const struct t2v_service *service)
{
    const struct t2v_served *first = &service->models->list[0];
    const t2v_embedder *embedder = first->embedder;
    const struct t2v_cache *cache = service->cache;
    return (struct t2v_metrics_facts){
        .version = service->version,
        .dim = embedder != NULL ? t2v_embedder_dim(embedder) : 0,
        .max_tok = first->max_tok,
        .threads = t2v_engine_threads(service->engine),
        .max_queue = (uint64_t)service->options->max_queue,
        .max_connections = service->max_connections,
        .memory_held = service->budget.held,
        .memory_limit = service->budget.limit,
        .cache_entries = cache != NULL ? t2v_cache_len(cache) : 0,
        .cache_bytes = cache != NULL ? t2v_cache_bytes(cache) : 0,
        .cache_max_entries = cache != NULL ? cache_limits.max_entries : 0,
    };
}

void t2v_service_write_metrics(struct t2v_service *service, struct t2v_buf *out)
{
    struct t2v_engine_stats stats;
    struct t2v_metrics_facts facts = facts_of(service);
    size_t n = service->models->n;
    struct t2v_metrics_model *models = t2v_alloc_zero(n, sizeof *models);
    for (size_t i = 0; i < n && models != NULL; i++)
        models[i] = model_facts(service->engine, &service->models->list[i]);
    facts.models = models;
    facts.n_model = models != NULL ? n : 0;
    t2v_engine_get_stats(service->engine, &stats);
    service->metrics.n_clerk = t2v_pulse_waiting(&service->clerk);
    service->metrics.log_dropped = t2v_log_dropped();
    t2v_metrics_write(&service->metrics, &stats, &facts, out);
    t2v_metrics_write_generators(service->models, out);
    t2v_process_write(out);
    t2v_free(models);
}

bool t2v_service_answers_head(const struct t2v_service *service, const struct t2v_match *match,
                              const struct t2v_request *request, struct t2v_reply *reply,
                              struct t2v_fault *fault)
{
    bool open = (match->route->flags & T2V_ROUTE_OPEN) != 0;
    if (t2v_cors_preflight(&service->cors, request, reply, fault))
        return true;
    if (!open && !t2v_auth_allows(&service->auth, request->authorization)) {
        t2v_fault_set(fault, 401, "Unauthorized");
        fault->why = request->authorization.ptr == NULL ? "no Authorization was sent"
                                                        : "the token is none of those allowed";
    } else if (!match->allowed) {
        t2v_route_refuse(match, fault);
    } else if (request->encoded) {
        t2v_fault_set(fault, 415,
                      "header: a body with Content-Encoding (gzip or another) is not taken: send "
                      "the JSON uncompressed");
    }
    return fault->status != 0;
}
