/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The real HTTP server over an engine that does as it is told: `fake serve --model X --listen ...`.
 * A text "sleep 300" takes 300 ms, "batch 300" too and cannot be cancelled, "fail -7 words" fails
 * with that code and message, any other gives a vector of 8 numbers (or FAKE_DIM, of the
 * environment) made from the text, the pooling and the task, so that a test knows it when it sees
 * it. One thread, one work at a time, as the engine's leader. For what a real model cannot show on
 * demand: slow work, a full queue, a client that leaves in the middle; and for TSan.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "batch/engine.h"
#include "cli/options.h"
#include "http/server.h"
#include "task/embed/embedder.h"
#include "task/embed/params.h"

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
    atomic_uint_least64_t moved;
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
        encode(work);
        size_t n_tok = work->n_tok, n_text = work->n_text;
        atomic_store(&engine->moved, t2v_clock_ns());
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
            atomic_store(&engine->moved, t2v_clock_ns());
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

void t2v_engine_resumed(t2v_engine *engine)
{
    atomic_store(&engine->moved, t2v_clock_ns());
}

uint64_t t2v_engine_stalled_ms(t2v_engine *engine)
{
    struct t2v_engine_stats stats;
    t2v_engine_get_stats(engine, &stats);
    return stats.n_waiting != 0 ? (t2v_clock_ns() - atomic_load(&engine->moved)) / 1000000 : 0;
}

static int serve(const struct t2v_options *options, struct t2v_err *err)
{
    const t2v_embedder embedder = {{options->model}};
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
        rc = t2v_server_new(&options->server, fd, &engine, &embedder, "fake 1", &server, err);
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
    t2v_log_setup(t2v_log_level_of(options.log_level), strcmp(options.log_format, "json") == 0);
    t2v_log_never_wait(true);
    if (rc == 0)
        rc = serve(&options, &err);
    if (rc != 0)
        fprintf(stderr, "fake: %s\n", err.msg);
    return rc == 0 ? 0 : rc == T2V_EUSAGE ? 2 : 1;
}
