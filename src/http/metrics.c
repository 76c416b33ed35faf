/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

static const int statuses[T2V_N_STATUS] = {200, 204, 400, 401, 403, 404, 405, 408, 413, 415,
                                           417, 422, 424, 429, 500, 501, 503, 505, 0};

/* The counts of the routes of a name; NULL: none yet. */
static struct t2v_route_metrics *find(struct t2v_metrics *metrics, const char *name)
{
    for (size_t i = 0; i < metrics->n_route; i++) {
        if (strcmp(metrics->routes[i].name, name) == 0)
            return &metrics->routes[i];
    }
    return NULL;
}

int t2v_metrics_init(struct t2v_metrics *metrics, const struct t2v_routes *routes)
{
    *metrics = (struct t2v_metrics){0};
    metrics->routes = t2v_alloc_zero(routes->n, sizeof *metrics->routes);
    if (metrics->routes == NULL)
        return T2V_ENOMEM;
    for (size_t i = 0; i < routes->n; i++) {
        const char *name = routes->rows[i].name;
        if (find(metrics, name) == NULL)
            metrics->routes[metrics->n_route++] =
                (struct t2v_route_metrics){.name = name, .seconds.first = 50e-6};
    }
    metrics->queue_seconds.first = metrics->encode_seconds.first = 50e-6;
    return 0;
}

void t2v_metrics_deinit(struct t2v_metrics *metrics)
{
    t2v_free(metrics->routes);
    *metrics = (struct t2v_metrics){0};
}

void t2v_metrics_count(struct t2v_metrics *metrics, const struct t2v_route *route, int status,
                       double seconds)
{
    struct t2v_route_metrics *counts = find(metrics, route->name);
    int i = 0;
    while (statuses[i] != 0 && statuses[i] != status)
        i++;
    counts->requests[i]++;
    t2v_hist_add(&counts->seconds, seconds);
}

static void add_head(struct t2v_buf *out, const char *name, const char *kind, const char *help)
{
    t2v_buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static void add_value(struct t2v_buf *out, const char *name, const char *kind, const char *help,
                      uint64_t value)
{
    add_head(out, name, kind, help);
    t2v_buf_addf(out, "%s %" PRIu64 "\n", name, value);
}

/* label: `route="/meta",` or "". Buckets are cumulative: each counts the values up to its bound. */
static void add_hist_lines(struct t2v_buf *out, const char *name, const char *label,
                           const struct t2v_hist *hist)
{
    uint64_t sum = 0;
    double bound = hist->first;
    for (int i = 0; i < T2V_HIST_BOUNDS; i++) {
        sum += hist->count[i];
        t2v_buf_addf(out, "%s_bucket{%sle=\"%.6g\"} %" PRIu64 "\n", name, label, bound, sum);
        bound *= 2;
    }
    t2v_buf_addf(out, "%s_bucket{%sle=\"+Inf\"} %" PRIu64 "\n", name, label, hist->n);
    int n = (int)strlen(label);
    const char *open = n != 0 ? "{" : "", *close = n != 0 ? "}" : "";
    n -= n != 0; /* the comma */
    t2v_buf_addf(out, "%s_sum%s%.*s%s %.9g\n", name, open, n, label, close, hist->sum);
    t2v_buf_addf(out, "%s_count%s%.*s%s %" PRIu64 "\n", name, open, n, label, close, hist->n);
}

static void add_hist(struct t2v_buf *out, const char *name, const char *help,
                     const struct t2v_hist *hist)
{
    add_head(out, name, "histogram", help);
    add_hist_lines(out, name, "", hist);
}

static void write_routes(const struct t2v_metrics *m, struct t2v_buf *out)
{
    add_head(out, "t2v_requests_total", "counter", "Requests answered.");
    for (const struct t2v_route_metrics *r = m->routes; r < m->routes + m->n_route; r++) {
        for (int i = 0; i < T2V_N_STATUS; i++) {
            if (r->requests[i] != 0)
                t2v_buf_addf(out, "t2v_requests_total{route=\"%s\",status=\"%d\"} %" PRIu64 "\n",
                             r->name, statuses[i], r->requests[i]);
        }
    }
    add_head(out, "t2v_request_seconds", "histogram",
             "From a request's first byte to the moment its answer is ready.");
    for (const struct t2v_route_metrics *r = m->routes; r < m->routes + m->n_route; r++) {
        if (r->seconds.n == 0)
            continue;
        char label[64];
        snprintf(label, sizeof label, "route=\"%s\",", r->name);
        add_hist_lines(out, "t2v_request_seconds", label, &r->seconds);
    }
}

/* Escapes the value: a quote in it must not end the label. */
static void add_label_value(struct t2v_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            t2v_buf_addc(out, '\\');
        t2v_buf_addc(out, *text == '\n' ? ' ' : *text);
    }
}

static void add_label(struct t2v_buf *out, const char *before, const char *name, const char *value)
{
    t2v_buf_addf(out, "%s%s=\"", before, name);
    add_label_value(out, value);
    t2v_buf_adds(out, "\"");
}

static void write_model_info(const struct t2v_metrics_facts *f, struct t2v_buf *out)
{
    add_head(out, "t2v_model_info", "gauge", "What is served; always 1.");
    for (const struct t2v_metrics_model *m = f->models; m < f->models + f->n_model; m++) {
        add_label(out, "t2v_model_info{", "model", m->dir);
        add_label(out, ",", "family", m->family);
        add_label(out, ",", "vectorizer", m->vectorizer);
        add_label(out, ",", "precision", m->precision);
        add_label(out, ",", "kernels", m->kernels);
        add_label(out, ",", "name", m->name);
        t2v_buf_adds(out, "} 1\n");
    }
}

/* A counter of each model. offset: in its stats. */
static void add_by_model(struct t2v_buf *out, const char *name, const char *help,
                         const struct t2v_metrics_facts *f, size_t offset)
{
    add_head(out, name, "counter", help);
    for (const struct t2v_metrics_model *m = f->models; m < f->models + f->n_model; m++) {
        t2v_buf_adds(out, name);
        add_label(out, "{", "model", m->name);
        t2v_buf_addf(out, "} %" PRIu64 "\n",
                     *(const uint64_t *)(const void *)((const char *)&m->stats + offset));
    }
}

static void write_models(const struct t2v_metrics_facts *f, struct t2v_buf *out)
{
    add_by_model(out, "t2v_model_works_total", "Works of a model that ended, failed ones too.", f,
                 offsetof(struct t2v_task_stats, n_work));
    add_by_model(out, "t2v_model_tokens_total", "Tokens that a model encoded.", f,
                 offsetof(struct t2v_task_stats, n_tok));
    add_by_model(out, "t2v_model_sequences_total", "Sequences that a model encoded.", f,
                 offsetof(struct t2v_task_stats, n_seq));
    add_by_model(out, "t2v_model_batches_total", "Batches that a model encoded.", f,
                 offsetof(struct t2v_task_stats, n_batch));
}

static void write_facts(const struct t2v_metrics_facts *f, struct t2v_buf *out)
{
    add_head(out, "t2v_build_info", "gauge", "What runs here; always 1.");
    add_label(out, "t2v_build_info{", "version", f->version);
    t2v_buf_adds(out, "} 1\n");
    write_model_info(f, out);
    write_models(f, out);
    add_value(out, "t2v_dimensions", "gauge", "Numbers in a vector of the first model.", f->dim);
    add_value(out, "t2v_sequence_limit_tokens", "gauge",
              "Tokens of a sequence of the first model, at most.", f->max_tok);
    add_value(out, "t2v_threads", "gauge", "Threads that encode.", (uint64_t)f->threads);
    add_value(out, "t2v_queue_limit", "gauge", "Requests that may be queued or running.",
              f->max_queue);
    add_value(out, "t2v_connections_limit", "gauge", "Connections that may be open.",
              f->max_connections);
    add_value(out, "t2v_memory_held_bytes", "gauge", "Bytes held for clients.", f->memory_held);
    add_value(out, "t2v_memory_limit_bytes", "gauge", "Bytes that may be held for clients.",
              f->memory_limit);
    add_value(out, "t2v_cache_entries", "gauge", "Answers in the cache.", f->cache_entries);
    add_value(out, "t2v_cache_bytes", "gauge", "Bytes of the cache.", f->cache_bytes);
    add_value(out, "t2v_cache_limit", "gauge", "Answers that the cache may hold; 0: it is off.",
              f->cache_max_entries);
}

void t2v_metrics_write(const struct t2v_metrics *m, const struct t2v_engine_stats *engine,
                       const struct t2v_metrics_facts *facts, struct t2v_buf *out)
{
    write_facts(facts, out);
    write_routes(m, out);
    add_hist(out, "t2v_queue_seconds", "From submission to the first batch.", &m->queue_seconds);
    add_hist(out, "t2v_encode_seconds", "From the first batch to the vector.", &m->encode_seconds);
    add_value(out, "t2v_tokens_total", "counter", "Tokens encoded, special ones too.",
              engine->n_tok);
    add_value(out, "t2v_texts_cut_total", "counter",
              "Texts of which a sequence was cut at the token limit.", m->texts_cut);
    add_value(out, "t2v_sequences_total", "counter", "Sequences encoded.", engine->n_seq);
    add_value(out, "t2v_batches_total", "counter", "Batches encoded.", engine->n_batch);
    add_hist(out, "t2v_batch_tokens", "Tokens in a batch.", &engine->batch_tok);
    add_hist(out, "t2v_batch_sequences", "Sequences in a batch.", &engine->batch_seq);
    add_value(out, "t2v_waiting_requests", "gauge", "Requests queued or running.",
              engine->n_waiting + m->n_waiting);
    add_value(out, "t2v_clerk_waiting", "gauge", "Large bodies and answers with the clerk.",
              m->n_clerk);
    add_value(out, "t2v_cancelled_total", "counter", "Requests whose client left.", m->cancelled);
    add_value(out, "t2v_cache_hits_total", "counter", "Answers taken from the cache.",
              m->cache_hits);
    add_value(out, "t2v_cache_misses_total", "counter", "Answers not in the cache.",
              m->cache_misses);
    add_value(out, "t2v_connections", "gauge", "Connections open.", m->n_connection);
    add_value(out, "t2v_connections_total", "counter", "Connections accepted.", m->connections);
    add_value(
        out, "t2v_slow_readers_closed_total", "counter",
        "Connections closed because others needed the memory of what was taken or sent slowly.",
        m->dropped_slow);
    add_value(out, "t2v_connections_evicted_total", "counter",
              "Connections closed to make room for others.", m->evicted);
    add_value(out, "t2v_accept_failures_total", "counter",
              "Times that no connection could be taken: no descriptor or no memory.",
              m->accept_failures);
    add_value(out, "t2v_log_dropped_total", "counter",
              "Lines of the log that were dropped, as standard error did not take them at once.",
              m->log_dropped);
}

/* ---- Generators ---- */

/* A number of the stats, for each model. */
struct number {
    const char *name, *kind, *help;
    uint64_t (*of)(const struct t2v_generator_stats *stats);
};

static uint64_t prompt_tok(const struct t2v_generator_stats *s)
{
    return s->n_prompt_tok;
}

static uint64_t reused_tok(const struct t2v_generator_stats *s)
{
    return s->n_reused_tok;
}

static uint64_t new_tok(const struct t2v_generator_stats *s)
{
    return s->n_new_tok;
}

static uint64_t preempted(const struct t2v_generator_stats *s)
{
    return s->n_preempted;
}

static uint64_t running(const struct t2v_generator_stats *s)
{
    return s->n_running;
}

static uint64_t waiting(const struct t2v_generator_stats *s)
{
    return s->n_waiting;
}

static uint64_t pool_bytes(const struct t2v_generator_stats *s)
{
    return (uint64_t)s->n_page * s->page_bytes;
}

static uint64_t pool_used_bytes(const struct t2v_generator_stats *s)
{
    return (uint64_t)s->n_page_used * s->page_bytes;
}

static const struct number numbers[] = {
    {"t2v_prompt_tokens_total", "counter", "Tokens of prompts computed.", prompt_tok},
    {"t2v_reused_tokens_total", "counter", "Tokens of prompts that had been computed before.",
     reused_tok},
    {"t2v_generated_tokens_total", "counter", "New tokens.", new_tok},
    {"t2v_preempted_total", "counter", "Sequences that gave their memory to older ones.",
     preempted},
    {"t2v_sequences_running", "gauge", "Sequences that are being continued.", running},
    {"t2v_sequences_waiting", "gauge", "Sequences that wait for memory.", waiting},
    {"t2v_pool_bytes", "gauge", "Memory for keys and values.", pool_bytes},
    {"t2v_pool_used_bytes", "gauge", "Of it, in use.", pool_used_bytes},
};

/* `model="NAME",` */
static void label_of(const struct t2v_served *served, struct t2v_buf *label)
{
    t2v_buf_clear(label);
    add_label(label, "", "model", served->name);
    t2v_buf_add(label, ",", 2); /* with its NUL */
}

static void write_times(const struct t2v_models *models, bool first, struct t2v_buf *out)
{
    const char *name = first ? "t2v_first_token_seconds" : "t2v_next_token_seconds";
    struct t2v_generator_stats stats;
    struct t2v_buf label;
    t2v_buf_init(&label, 4096);
    add_head(out, name, "histogram",
             first ? "From submission to the first token." : "Between two tokens of a sequence.");
    for (size_t i = 0; i < models->n; i++) {
        const struct t2v_served *served = &models->list[i];
        if (served->generator == NULL)
            continue;
        t2v_generator_get_stats(served->generator, &stats);
        label_of(served, &label);
        if (label.fail == 0)
            add_hist_lines(out, name, label.ptr,
                           first ? &stats.first_token_s : &stats.next_token_s);
    }
    t2v_buf_deinit(&label);
}

void t2v_metrics_write_generators(const struct t2v_models *models, struct t2v_buf *out)
{
    struct t2v_generator_stats stats;
    if (t2v_models_first(models, T2V_CAN_GENERATE) == NULL)
        return;
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
        const struct number *number = &numbers[k];
        add_head(out, number->name, number->kind, number->help);
        for (size_t i = 0; i < models->n; i++) {
            if (models->list[i].generator == NULL)
                continue;
            t2v_generator_get_stats(models->list[i].generator, &stats);
            t2v_buf_addf(out, "%s{", number->name);
            add_label(out, "", "model", models->list[i].name);
            t2v_buf_addf(out, "} %" PRIu64 "\n", number->of(&stats));
        }
    }
    write_times(models, true, out);
    write_times(models, false, out);
}
