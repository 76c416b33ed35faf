/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The real HTTP server over an engine that does as it is told: `fake serve --model X --listen ...`.
 * A text "sleep 300" takes 300 ms, "batch 300" too and cannot be cancelled, "fail -7 words" fails
 * with that code and message, any other gives a vector of 8 numbers (or FAKE_DIM, of the
 * environment) made from the text, the pooling and the task, so that a test knows it when it sees
 * it. One thread, one work at a time, as the engine's leader. For what a real model cannot show on
 * demand: slow work, a full queue, a client that leaves in the middle; and for TSan.
 *
 * POST /stream, which t2v has not, answers in pieces: the text "stream 5 100 20" is 5 pieces of 100
 * bytes, 20 ms apart, with " fail" after it a failure at the end. /told is the same, and says
 * so when it is cut. Streams take turns with each
 * other and with other work, so one that is FULL holds up nobody. /ids/ID is in ids.h.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/pulse.h"
#include "batch/engine.h"
#include "cli/options.h"
#include "http/api/chat_completions.h"
#include "http/api/completions.h"
#include "http/api/ollama_text.h"
#include "http/api/probe.h"
#include "http/api/tgi.h"
#include "http/api/tgi_tokens.h"
#include "http/api/vectors.h"
#include "http/job.h"
#include "http/route.h"
#include "http/server.h"
#include "http/service.h"
#include "task/embed/embedder.h"
#include "task/embed/params.h"

#include "fake_generator.h"
#include "ids.h"

#include "base/banned.h"

static size_t dim = 8;

struct t2v_model {
    const char *dir;
};

struct t2v_embedder {
    t2v_model model;
};

struct t2v_engine {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t leader;
    struct t2v_work *queue, *last;
    bool stop;
    size_t max_queue;
    struct t2v_engine_stats stats;
    struct t2v_pulse pulse;
};

const t2v_model *t2v_embedder_model(const t2v_embedder *embedder)
{
    return &embedder->model;
}

struct t2v_str t2v_embedder_meta(const t2v_embedder *embedder)
{
    (void)embedder;
    return T2V_STR("{\"model_type\": \"fake\", \"hidden_size\": 8}\n");
}

struct t2v_str t2v_model_config(const t2v_model *model)
{
    (void)model;
    return T2V_STR("{}");
}

const struct t2v_task *t2v_embedder_task(const t2v_embedder *embedder)
{
    (void)embedder;
    return NULL;
}

const char *t2v_model_dir(const t2v_model *model)
{
    return model->dir;
}

const char *t2v_model_family(const t2v_model *model)
{
    (void)model;
    return "fake";
}

const char *t2v_embedder_vectorizer(const t2v_embedder *embedder)
{
    (void)embedder;
    return "default";
}

const char *t2v_model_precision(const t2v_model *model)
{
    (void)model;
    return "f32";
}

const char *t2v_model_cpu(const t2v_model *model)
{
    (void)model;
    return "fake";
}

size_t t2v_embedder_max_tok(const t2v_embedder *embedder)
{
    (void)embedder;
    return 500;
}

int t2v_engine_threads(const t2v_engine *engine)
{
    (void)engine;
    return 1;
}

size_t t2v_embedder_dim(const t2v_embedder *embedder)
{
    (void)embedder;
    return dim;
}

size_t t2v_embedder_max_dim(const t2v_embedder *embedder)
{
    (void)embedder;
    return dim;
}

static uint64_t mix(uint64_t h, struct t2v_str s)
{
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (unsigned char)s.ptr[i]) * UINT64_C(0x100000001b3);
    return h ^ s.len;
}

static void sleep_for(const struct t2v_work *work, long ms)
{
    uint64_t end = t2v_clock_ns() + (uint64_t)ms * 1000000;
    while (t2v_clock_ns() < end && !atomic_load(&work->cancelled))
        usleep(1000);
}

/* A text that is an order. 0 when it is none, or has been carried out. */
static int obey(struct t2v_work *work, struct t2v_str text)
{
    char order[64] = "";
    memcpy(order, text.ptr, text.len < sizeof order ? text.len : sizeof order - 1);
    if (strncmp(order, "sleep ", 6) == 0)
        sleep_for(work, strtol(order + 6, NULL, 10));
    if (strncmp(order, "batch ", 6) == 0)
        usleep((useconds_t)strtol(order + 6, NULL, 10) * 1000);
    if (strncmp(order, "fail ", 5) == 0) {
        char *message;
        long code = strtol(order + 5, &message, 10);
        return t2v_fail(&work->err, (int)code, "%s", message + (*message == ' '));
    }
    size_t blank = 0;
    while (blank < text.len && strchr(" \t\r\n", text.ptr[blank]) != NULL && text.ptr[blank] != 0)
        blank++;
    return blank < text.len ? 0 : t2v_fail(&work->err, T2V_EEMPTY, "no sentence in it");
}

/* masked_mean and cls, as the real one; the default is masked_mean. */
static int check_pooling(struct t2v_work *work, struct t2v_str *pooling)
{
    if (pooling->len == 0)
        *pooling = T2V_STR("masked_mean");
    if (t2v_str_is(*pooling, "masked_mean") || t2v_str_is(*pooling, "cls"))
        return 0;
    return t2v_fail(&work->err, T2V_EPOOLING, "invalid pooling method '%.*s'",
                    T2V_STR_ARG(*pooling));
}

static void encode(struct t2v_work *work)
{
    struct t2v_embed_params params = *(const struct t2v_embed_params *)work->params;
    float *vectors = t2v_alloc_zero(work->n_text, dim * sizeof(float));
    work->begun_ns = t2v_clock_ns();
    work->result = (struct t2v_result){.values = vectors, .width = dim};
    if (vectors == NULL)
        t2v_fail(&work->err, T2V_ENOMEM, "no memory");
    else
        check_pooling(work, &params.pooling);
    for (size_t t = 0; t < work->n_text && work->err.code == 0 && !atomic_load(&work->cancelled);
         t++) {
        work->err_text = t;
        if (obey(work, work->texts[t]) != 0)
            break;
        uint64_t h = mix(mix(mix(1, work->texts[t]), params.pooling), params.task);
        for (size_t i = 0; i < dim; i++, h = h * 31 + 7)
            vectors[t * dim + i] = (float)(h % 20011) / 10007.0F - 1;
        work->n_tok += work->texts[t].len;
    }
    if (work->err.code == 0 && atomic_load(&work->cancelled))
        t2v_fail(&work->err, T2V_EBUSY, "given up");
    if (work->err.code != 0)
        t2v_result_deinit(&work->result);
    work->ended_ns = t2v_clock_ns();
}

/* ---- Streams ---- */

/* A question as /vectors has it, and how far its answer is. */
struct stream_state {
    struct t2v_question question; /* first, so that it can be read as one */
    long n, size, ms;             /* pieces to come, their bytes, the time between them */
    bool fails;
    uint64_t next_ns;
};

static void read_stream(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    struct stream_state *state = job->state;
    char text[64] = "", word[8] = "";
    if (!t2v_question_read(&state->question, body,
                           t2v_embedder_max_dim(service->models->list[0].embedder), &job->fault))
        return;
    struct t2v_str order = state->question.texts[0];
    memcpy(text, order.ptr, order.len < sizeof text ? order.len : sizeof text - 1);
    if (sscanf(text, "stream %ld %ld %ld %7s", &state->n, &state->size, &state->ms, word) < 3) {
        t2v_fault_set(&job->fault, 422, "a stream is needed here");
        return;
    }
    state->fails = strcmp(word, "fail") == 0;
    job->stream = t2v_stream_new("text/plain");
    if (job->stream == NULL)
        t2v_fault_busy(&job->fault, t2v_why_busy(T2V_ENOMEM));
}

static bool plan_stream(struct t2v_service *service, struct t2v_job *job)
{
    const struct stream_state *state = job->state;
    (void)service;
    job->work.texts = state->question.texts;
    job->work.n_text = 1;
    return true;
}

static size_t bytes_of_stream(const struct t2v_service *service, const struct t2v_job *job)
{
    (void)service, (void)job;
    return 0;
}

static void write_stream(struct t2v_job *job)
{
    if (job->work.err.code != 0)
        t2v_fault_work(&job->fault, &job->work.err);
    else
        t2v_stream_put(job->stream, T2V_STR("end\n"));
}

static void deinit_stream(void *state)
{
    t2v_question_deinit(state);
}

static void cut_stream(const struct t2v_fault *fault, struct t2v_buf *out)
{
    t2v_buf_adds(out, "cut: ");
    t2v_fault_write_msg(fault, out);
}

#define STREAM                                                                                     \
    .api = &t2v_api_vectors, .state_size = sizeof(struct stream_state), .read = read_stream,       \
    .plan = plan_stream, .bytes = bytes_of_stream, .write = write_stream, .deinit = deinit_stream
static const struct t2v_operation stream = {STREAM};
static const struct t2v_operation stream_told = {STREAM, .cut = cut_stream};

enum { PROBE = T2V_ROUTE_OPEN | T2V_ROUTE_PROBE };
static const struct t2v_route rows[] = {
    {"/.well-known/live", T2V_GET, PROBE, "/.well-known/live", &t2v_probe_live, NULL},
    {"/.well-known/ready", T2V_GET, PROBE, "/.well-known/ready", &t2v_probe_ready, NULL},
    {"/health", T2V_GET, PROBE, "/health", &t2v_probe_health, NULL},
    {"/meta", T2V_GET, 0, "/meta", &t2v_probe_meta, NULL},
    {"/vectors", T2V_POST, 0, "/vectors", &t2v_vectors_embed, NULL},
    {"/vectors/", T2V_POST, 0, "/vectors", &t2v_vectors_embed, NULL},
    {"/metrics", T2V_GET, PROBE, "/metrics", &t2v_probe_metrics, NULL},
    {"/openapi.json", T2V_GET, T2V_ROUTE_OPEN, "/openapi.json", &t2v_probe_openapi, NULL},
    {"/stream", T2V_POST | T2V_GET, 0, "/stream", &stream, NULL}, /* GET: so that there is HEAD */
    {"/told", T2V_POST, 0, "/stream", &stream_told, NULL},
    {"/", T2V_POST, 0, "/", &t2v_tgi_root, NULL},
    {"/generate", T2V_POST, 0, "/generate", &t2v_tgi_generate, NULL},
    {"/generate_stream", T2V_POST, 0, "/generate", &t2v_tgi_stream, NULL},
    {"/chat_tokenize", T2V_POST, 0, "/chat_tokenize", &t2v_tgi_chat_tokenize, NULL},
    {"/v1/completions", T2V_POST, 0, "/v1/completions", &t2v_completions_complete, NULL},
    {"/v1/chat/completions", T2V_POST, 0, "/v1/chat/completions", &t2v_chat_completions, NULL},
    {"/api/generate", T2V_POST, 0, "/api/generate", &t2v_ollama_generate, NULL},
    {"/api/chat", T2V_POST, 0, "/api/chat", &t2v_ollama_chat, NULL},
    {"/ids/", T2V_GET, T2V_ROUTE_ID, "/ids/ID", &ids_get, NULL},
    {"/ids/", T2V_POST, T2V_ROUTE_ID, "/ids/ID", &ids_post, NULL},
    {"/ids/", 0, T2V_ROUTE_ID, "/ids/ID", NULL, &api_ids},
    {"", 0, T2V_ROUTE_ID, "other", NULL, &t2v_api_vectors},
};
const struct t2v_routes t2v_routes = {rows, sizeof rows / sizeof *rows};

static void wake_leader(void *user)
{
    t2v_engine *engine = user;
    pthread_mutex_lock(&engine->lock);
    pthread_cond_signal(&engine->wake);
    pthread_mutex_unlock(&engine->lock);
}

void t2v_engine_wake(t2v_engine *engine)
{
    wake_leader(engine);
}

static bool is_generation(const struct t2v_work *work)
{
    return work->task != NULL;
}

/* It has more than one step. */
static bool is_stepped(const struct t2v_work *work)
{
    return is_generation(work) || ((const struct t2v_job *)work->user)->stream != NULL;
}

/* A piece, if it is time for one and the client takes it. False: there are more to come. */
static bool go_on(t2v_engine *engine, struct t2v_work *work)
{
    struct t2v_job *job = work->user;
    struct stream_state *state = job->state;
    uint64_t now = t2v_clock_ns();
    char *piece = NULL;
    if (work->begun_ns == 0) {
        work->begun_ns = now;
        t2v_stream_on_resume(job->stream, wake_leader, engine);
    }
    enum t2v_stream_state open = t2v_stream_state(job->stream);
    if (open == T2V_STREAM_OPEN && now >= state->next_ns && state->n > 0) {
        piece = t2v_alloc((size_t)state->size + 1);
        memset(piece, 'a' + (int)(state->n % 26), (size_t)state->size);
        state->n--;
        state->next_ns = now + (uint64_t)state->ms * 1000000;
        open = t2v_stream_put(job->stream, (struct t2v_str){piece, (size_t)state->size});
        t2v_free(piece);
    }
    if (open != T2V_STREAM_GONE && state->n > 0)
        return false;
    if (open == T2V_STREAM_GONE || atomic_load(&work->cancelled))
        t2v_fail(&work->err, T2V_EBUSY, "given up");
    else if (state->fails)
        t2v_fail(&work->err, T2V_EMODEL, "it failed");
    work->ended_ns = t2v_clock_ns();
    return true;
}

/* Under the lock: puts it at the end of the queue, and waits a little if nothing else is there. */
static void put_back(t2v_engine *engine, struct t2v_work *work)
{
    work->next = NULL;
    *(engine->queue == NULL ? &engine->queue : &engine->last->next) = work;
    engine->last = work;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    if (engine->queue == work)
        pthread_cond_timedwait(&engine->wake, &engine->lock, &until);
}

/* ---- The leader ---- */

static void *lead(void *arg)
{
    t2v_engine *engine = arg;
    pthread_mutex_lock(&engine->lock);
    for (;;) {
        while (engine->queue == NULL && !engine->stop)
            pthread_cond_wait(&engine->wake, &engine->lock);
        struct t2v_work *work = engine->queue;
        if (work == NULL)
            break;
        engine->queue = work->next;
        pthread_mutex_unlock(&engine->lock);
        if (!is_stepped(work)) {
            encode(work);
        } else if (!(is_generation(work) ? fake_generator_step(work) : go_on(engine, work))) {
            t2v_pulse_beat(&engine->pulse, t2v_clock_ns());
            pthread_mutex_lock(&engine->lock);
            put_back(engine, work);
            continue;
        }
        size_t n_tok = work->n_tok, n_text = work->n_text;
        t2v_pulse_beat(&engine->pulse, t2v_clock_ns());
        pthread_mutex_lock(&engine->lock);
        engine->stats.n_waiting--;
        engine->stats.n_batch++;
        engine->stats.n_tok += n_tok;
        engine->stats.n_seq += n_text;
        t2v_hist_add(&engine->stats.batch_tok, (double)n_tok);
        t2v_hist_add(&engine->stats.batch_seq, (double)n_text);
        pthread_mutex_unlock(&engine->lock);
        work->done(work);
        pthread_mutex_lock(&engine->lock);
    }
    pthread_mutex_unlock(&engine->lock);
    return NULL;
}

int t2v_engine_submit(t2v_engine *engine, struct t2v_work *work)
{
    pthread_mutex_lock(&engine->lock);
    bool full = engine->stats.n_waiting >= engine->max_queue;
    if (!full) {
        if (engine->stats.n_waiting++ == 0)
            t2v_pulse_beat(&engine->pulse, t2v_clock_ns());
        work->queued_ns = t2v_clock_ns();
        work->next = NULL;
        *(engine->queue == NULL ? &engine->queue : &engine->last->next) = work;
        engine->last = work;
        pthread_cond_signal(&engine->wake);
    }
    pthread_mutex_unlock(&engine->lock);
    return full ? T2V_EBUSY : 0;
}

void t2v_work_cancel(struct t2v_work *work)
{
    atomic_store(&work->cancelled, true);
}

void t2v_work_deinit(struct t2v_work *work)
{
    t2v_result_deinit(&work->result);
}

void t2v_engine_get_stats(t2v_engine *engine, struct t2v_engine_stats *out)
{
    pthread_mutex_lock(&engine->lock);
    *out = engine->stats;
    pthread_mutex_unlock(&engine->lock);
}

void t2v_engine_add_task_stats(t2v_engine *engine, const struct t2v_task *task,
                               struct t2v_task_stats *out)
{
    (void)task;
    pthread_mutex_lock(&engine->lock);
    out->n_batch += engine->stats.n_batch;
    out->n_tok += engine->stats.n_tok;
    out->n_seq += engine->stats.n_seq;
    pthread_mutex_unlock(&engine->lock);
}

void t2v_engine_resumed(t2v_engine *engine)
{
    t2v_pulse_beat(&engine->pulse, t2v_clock_ns());
}

uint64_t t2v_engine_stalled_ms(t2v_engine *engine)
{
    struct t2v_engine_stats stats;
    t2v_engine_get_stats(engine, &stats);
    atomic_store(&engine->pulse.n_waiting, stats.n_waiting);
    return t2v_pulse_stalled_ms(&engine->pulse, t2v_clock_ns());
}

static int serve(const struct t2v_options *options, struct t2v_err *err)
{
    const t2v_embedder embedder = {{options->model}};
    t2v_generator *generator = fake_generator_open(options->model);
    t2v_chat *chat = NULL;
    if (generator != NULL && t2v_chat_open(options->model, &chat, err) != 0)
        return T2V_EFORMAT;
    const struct t2v_served served = {.name = "fake",
                                      .abilities =
                                          generator != NULL ? T2V_CAN_GENERATE : T2V_CAN_EMBED,
                                      .generator = generator,
                                      .chat = chat,
                                      .model = t2v_embedder_model(&embedder),
                                      .max_tok = t2v_embedder_max_tok(&embedder),
                                      .embedder = &embedder,
                                      .sentence = &embedder};
    const struct t2v_models models = {&served, 1};
    struct t2v_engine engine = {.max_queue = (size_t)options->server.max_queue};
    engine.stats.batch_tok.first = engine.stats.batch_seq.first = 1;
    sigset_t all, old;
    sigfillset(&all);
    pthread_mutex_init(&engine.lock, NULL);
    pthread_cond_init(&engine.wake, NULL);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_create(&engine.leader, NULL, lead, &engine);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    t2v_server *server = NULL;
    int fd;
    int rc = t2v_server_bind(&options->server, &fd, err);
    if (rc == 0)
        rc = t2v_server_new(&options->server, fd, &engine, &models, "fake 1", &server, err);
    if (rc == 0)
        rc = t2v_server_run(server, err);
    if (rc == 0 && t2v_server_is_abandoned(server))
        _exit(0);
    t2v_server_free(server);
    pthread_mutex_lock(&engine.lock);
    engine.stop = true;
    pthread_cond_signal(&engine.wake);
    pthread_mutex_unlock(&engine.lock);
    pthread_join(engine.leader, NULL);
    t2v_chat_free(chat);
    fake_generator_close(generator);
    return rc;
}

int main(int argc, char **argv)
{
    struct t2v_options options;
    struct t2v_err err = {0};
    bool help;
    const char *want = getenv("FAKE_DIM");
    if (want != NULL)
        dim = strtoul(want, NULL, 10);
    if (argc < 2)
        return 2;
    int rc = t2v_options_parse(&options, T2V_CMD_SERVE, argc - 2, argv + 2, &help, &err);
    if (rc == 0) {
        t2v_log_setup(t2v_log_level_of(options.log_level), strcmp(options.log_format, "json") == 0);
        t2v_log_never_wait(true);
        rc = serve(&options, &err);
    }
    if (rc != 0)
        fprintf(stderr, "fake: %s\n", err.msg);
    return rc == 0 ? 0 : rc == T2V_EUSAGE ? 2 : 1;
}
