/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/routes.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/process.h"
#include "json/write.h"

#include "base/banned.h"

/* openapi.json, made into C when the program is built. */
extern const char t2v_openapi[];
extern const size_t t2v_openapi_len;

/* Above these, a body is read and an answer written by the clerk: each takes about a millisecond.
 */
enum { LARGE_BYTES = 64 * 1024, LARGE_FLOATS = 16 * 1024 };

/* The loop's clock ticks four times a second; later than this, the process did not run. */
enum { STOPPED_NS = 2000 * 1000 * 1000 };

/* UPSTREAM: 1024 results for 600 s. The ceiling on bytes is ours. */
static const struct t2v_cache_limits cache_limits = {
    .max_entries = 1024,
    .max_bytes = 64 << 20,
    .ttl_ns = UINT64_C(600) * 1000 * 1000 * 1000,
};

static int make_meta(struct t2v_buf *buf, const t2v_model *model, const char *version)
{
    struct t2v_str config = t2v_model_config(model);
    const char *const more[][2] = {
        {"model_path", t2v_model_dir(model)},      {"version", version},
        {"family", t2v_model_family(model)},       {"vectorizer", t2v_model_vectorizer(model)},
        {"precision", t2v_model_precision(model)},
    };
    t2v_buf_init(buf, 64 << 20);
    t2v_buf_adds(buf, "{\"model\":");
    t2v_json_plain(config, buf);
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        t2v_buf_addf(buf, ",\"%s\":", more[i][0]);
        t2v_json_write_str(buf, t2v_str_of(more[i][1]));
    }
    t2v_buf_addf(buf, ",\"dimensions\":%zu}", t2v_model_dim(model));
    return buf->fail;
}

int t2v_service_init(struct t2v_service *service, const struct t2v_server_options *options,
                     t2v_engine *engine, const t2v_model *model, const char *version,
                     struct t2v_err *err)
{
    *service = (struct t2v_service){
        .options = options, .engine = engine, .model = model, .version = version};
    service->max_connections = (uint64_t)options->max_connections;
    service->ticked_ns = t2v_clock_ns();
    t2v_metrics_init(&service->metrics);
    int rc = t2v_auth_init(&service->auth, options->tokens, err);
    if (rc == 0)
        rc = t2v_cors_init(&service->cors, options->cors_origins, err);
    if (rc != 0) {
        t2v_service_deinit(service);
        return rc;
    }
    rc = make_meta(&service->meta, model, version);
    if (rc == 0 && options->cache)
        rc = t2v_cache_new(&cache_limits, &service->cache);
    if (rc != 0) {
        t2v_service_deinit(service);
        return t2v_fail(err, rc, "no memory for the service");
    }
    return 0;
}

void t2v_service_deinit(struct t2v_service *service)
{
    t2v_cache_free(service->cache);
    t2v_buf_deinit(&service->meta);
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

/* For how long work has waited without progress, at the engine or the clerk. */
static uint64_t stalled_ms(struct t2v_service *service)
{
    uint64_t now_ns = t2v_clock_ns();
    t2v_service_tick(service, now_ns);
    uint64_t engine_ms = t2v_engine_stalled_ms(service->engine);
    uint64_t clerk_ms = t2v_pulse_stalled_ms(&service->clerk, now_ns);
    return engine_ms > clerk_ms ? engine_ms : clerk_ms;
}

static void answer_live(struct t2v_service *service, const struct t2v_request *request,
                        struct t2v_reply *reply, struct t2v_job **job)
{
    (void)request, (void)job;
    uint64_t stalled = stalled_ms(service);
    int64_t limit = service->options->stall_ms;
    if (limit <= 0 || stalled <= (uint64_t)limit) {
        t2v_reply_empty(reply, 204);
        return;
    }
    char message[96];
    snprintf(message, sizeof message, "work has waited %" PRIu64 " ms without progress", stalled);
    t2v_reply_error(reply, 503, message);
    reply->why = "work has waited too long without progress";
}

static void answer_ready(struct t2v_service *service, const struct t2v_request *request,
                         struct t2v_reply *reply, struct t2v_job **job)
{
    (void)request, (void)job;
    if (service->draining)
        t2v_reply_busy(reply, "shutting down");
    else
        t2v_reply_empty(reply, 204);
}

/* As ready, with the status that load balancers look for by default. */
static void answer_health(struct t2v_service *service, const struct t2v_request *request,
                          struct t2v_reply *reply, struct t2v_job **job)
{
    answer_ready(service, request, reply, job);
    if (reply->status == 204)
        reply->status = 200;
}

static void answer_meta(struct t2v_service *service, const struct t2v_request *request,
                        struct t2v_reply *reply, struct t2v_job **job)
{
    (void)request, (void)job;
    t2v_buf_add(&reply->buf, service->meta.ptr, service->meta.len);
}

static struct t2v_metrics_facts facts_of(const struct t2v_service *service)
{
    const t2v_model *model = service->model;
    const struct t2v_cache *cache = service->cache;
    return (struct t2v_metrics_facts){
        .version = service->version,
        .model = t2v_model_dir(model),
        .family = t2v_model_family(model),
        .vectorizer = t2v_model_vectorizer(model),
        .precision = t2v_model_precision(model),
        .kernels = t2v_model_cpu(model),
        .dim = t2v_model_dim(model),
        .max_tok = t2v_model_max_tok(model),
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

static void answer_metrics(struct t2v_service *service, const struct t2v_request *request,
                           struct t2v_reply *reply, struct t2v_job **job)
{
    (void)request, (void)job;
    struct t2v_engine_stats stats;
    t2v_engine_get_stats(service->engine, &stats);
    service->metrics.n_clerk = t2v_pulse_waiting(&service->clerk);
    service->metrics.log_dropped = t2v_log_dropped();
    reply->type = "text/plain; version=0.0.4; charset=utf-8";
    struct t2v_metrics_facts facts = facts_of(service);
    t2v_metrics_write(&service->metrics, &stats, &facts, &reply->buf);
    t2v_process_write(&reply->buf);
}

static void answer_openapi(struct t2v_service *service, const struct t2v_request *request,
                           struct t2v_reply *reply, struct t2v_job **job)
{
    (void)service, (void)request, (void)job;
    t2v_buf_add(&reply->buf, t2v_openapi, t2v_openapi_len);
}

/* The answer from the cache; false when there is none. */
static bool from_cache(struct t2v_service *service, const struct t2v_question *question,
                       struct t2v_reply *reply)
{
    if (service->cache == NULL || question->many)
        return false;
    struct t2v_cache_key key = {question->texts[0], question->ask};
    size_t dim;
    const float *vector = t2v_cache_get(service->cache, &key, t2v_clock_ns(), &dim);
    if (vector == NULL) {
        service->metrics.cache_misses++;
        return false;
    }
    service->metrics.cache_hits++;
    t2v_question_answer(question, vector, dim, reply);
    return true;
}

static struct t2v_job *new_job(enum t2v_job_stage stage)
{
    struct t2v_job *job = t2v_alloc_zero(1, sizeof *job);
    if (job == NULL)
        return NULL;
    job->stage = stage;
    t2v_reply_init(&job->reply);
    return job;
}

static void to_encode(struct t2v_job *job)
{
    job->stage = T2V_JOB_ENCODE;
    job->work.texts = job->question.texts;
    job->work.n_text = job->question.n_text;
    job->work.ask = job->question.ask;
}

/* True when the question needs no engine, and is answered. */
static bool answer_at_once(struct t2v_service *service, const struct t2v_question *question,
                           struct t2v_reply *reply)
{
    if (question->n_text != 0)
        return from_cache(service, question, reply);
    t2v_question_answer(question, NULL, t2v_model_dim(service->model), reply);
    return true;
}

static void answer_vectors(struct t2v_service *service, const struct t2v_request *request,
                           struct t2v_reply *reply, struct t2v_job **job)
{
    struct t2v_question question = {0};
    bool large = request->body.len > LARGE_BYTES;
    if (!request->has_body) {
        t2v_reply_invalid(reply, &(struct t2v_blame){"missing", NULL, NULL, -1},
                          "there is no body: neither Content-Length nor Transfer-Encoding: chunked "
                          "was sent");
        return;
    }
    if (!large &&
        (!t2v_question_read(&question, request->body, t2v_model_max_dim(service->model), reply) ||
         answer_at_once(service, &question, reply))) {
        t2v_question_deinit(&question);
        return;
    }
    *job = new_job(T2V_JOB_READ);
    if (*job == NULL) {
        t2v_question_deinit(&question);
        t2v_reply_busy(reply, t2v_why_busy(T2V_ENOMEM));
        return;
    }
    (*job)->question = question;
    if (!large)
        to_encode(*job);
}

void t2v_job_free(struct t2v_job *job)
{
    if (job == NULL)
        return;
    t2v_work_deinit(&job->work);
    t2v_reply_deinit(&job->reply);
    t2v_question_deinit(&job->question);
    t2v_buf_deinit(&job->body);
    t2v_free(job);
}

void t2v_job_work(const struct t2v_service *service, struct t2v_job *job)
{
    const struct t2v_work *work = &job->work;
    if (job->stage == T2V_JOB_READ) {
        job->refused = !t2v_question_read(&job->question, t2v_buf_str(&job->body),
                                          t2v_model_max_dim(service->model), &job->reply);
        t2v_buf_deinit(&job->body);
    } else if (work->err.code != 0) {
        t2v_question_fail(&job->question, &work->err, work->err_text, &job->reply);
    } else {
        t2v_question_answer(&job->question, work->vectors, work->dim, &job->reply);
    }
}

bool t2v_job_is_answered(struct t2v_service *service, struct t2v_job *job)
{
    if (job->refused || answer_at_once(service, &job->question, &job->reply))
        return true;
    to_encode(job);
    return false;
}

bool t2v_job_encoded(struct t2v_service *service, struct t2v_job *job)
{
    const struct t2v_question *question = &job->question;
    const struct t2v_work *work = &job->work;
    job->stage = T2V_JOB_ANSWER;
    if (work->err.code != 0)
        return false;
    if (question->many)
        return work->n_text * work->dim > LARGE_FLOATS;
    if (service->cache != NULL) {
        struct t2v_cache_key key = {question->texts[0], question->ask};
        t2v_cache_put(service->cache, &key, work->vectors, work->dim, t2v_clock_ns());
    }
    return question->texts[0].len > LARGE_BYTES;
}

static const struct t2v_route routes[] = {
    {"/vectors", T2V_ROUTE_VECTORS, false, false, answer_vectors},
    {"/vectors/", T2V_ROUTE_VECTORS, false, false, answer_vectors},
    {"/.well-known/ready", T2V_ROUTE_READY, true, true, answer_ready},
    {"/.well-known/live", T2V_ROUTE_LIVE, true, true, answer_live},
    {"/health", T2V_ROUTE_HEALTH, true, true, answer_health},
    {"/healthz", T2V_ROUTE_HEALTH, true, true, answer_health},
    {"/meta", T2V_ROUTE_META, true, false, answer_meta},
    {"/metrics", T2V_ROUTE_METRICS, true, true, answer_metrics},
    {"/openapi.json", T2V_ROUTE_OPENAPI, true, true, answer_openapi},
};

const struct t2v_route *t2v_route_find(struct t2v_str path)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (t2v_str_is(path, routes[i].path))
            return &routes[i];
    }
    return NULL;
}

bool t2v_route_is_probe(const struct t2v_route *route)
{
    if (route == NULL)
        return false;
    return route->id == T2V_ROUTE_LIVE || route->id == T2V_ROUTE_READY ||
           route->id == T2V_ROUTE_HEALTH || route->id == T2V_ROUTE_METRICS;
}

const char *t2v_route_methods(const struct t2v_route *route)
{
    return route == NULL ? "GET, HEAD, POST" : route->get ? "GET, HEAD" : "POST";
}

bool t2v_route_answers_head(const struct t2v_service *service, const struct t2v_route *route,
                            const struct t2v_request *request, struct t2v_reply *reply)
{
    bool open = route != NULL && route->open;
    if (t2v_cors_preflight(&service->cors, request, reply))
        return true;
    if (!open && !t2v_auth_allows(&service->auth, request->authorization)) {
        t2v_reply_error(reply, 401, "Unauthorized");
        reply->why = request->authorization.ptr == NULL ? "no Authorization was sent"
                                                        : "the token is none of those allowed";
        return true;
    }
    if (route == NULL) {
        t2v_reply_error(reply, 404, "no such path");
        return true;
    }
    bool is_get = t2v_str_is(request->method, "GET") || t2v_str_is(request->method, "HEAD");
    bool fits = route->get ? is_get : t2v_str_is(request->method, "POST");
    if (!fits) {
        t2v_reply_not_allowed(reply, route->get);
        return true;
    }
    if (request->encoded) {
        t2v_reply_error(reply, 415,
                        "header: a body with Content-Encoding (gzip or another) is not taken: send "
                        "the JSON uncompressed");
        return true;
    }
    return false;
}
