/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEST_FUZZ_SERVICE_H
#define T2V_TEST_FUZZ_SERVICE_H
/*
 * For targets that ask the whole service: small models of every kind, an engine without threads of
 * its own, and what dispatch.c does with a job. What is answered is HTTP, and its body JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/models.h"
#include "fuzz.h"
#include "http/job.h"
#include "http/service.h"
#include "json/json.h"

enum { MAX_BODY = 2048 };

static struct t2v_service service;

/* An engine over the models whose works are run by the caller. */
static inline t2v_engine *engine_of(const struct t2v_models *models)
{
    const struct t2v_task *tasks[T2V_SERVED_TASKS * T2V_MAX_MODELS];
    const struct t2v_engine_options options = {
        .n_thread = 1, .max_queue = 4, .max_text_tok = 10000};
    t2v_engine *engine = NULL;
    size_t n = 0;
    for (size_t i = 0; i < models->n; i++)
        n += t2v_served_tasks(&models->list[i], tasks + n);
    CHECK(t2v_engine_new(tasks, n, &options, &engine, NULL) == 0);
    return engine;
}

/* Opens it once; it is never closed. more: a further flag, or NULL. */
static inline void open_service(char *more)
{
#define MODEL(name) "--model", T2V_GOLDEN_DIR "/" name
    static char *settings[] = {
        "--threads",
        "1",
        "--cors-origins",
        "*",
        "--cache",
        MODEL("bert-uncased"),
        MODEL("sparse/splade"),
        MODEL("multi/native"),
        MODEL("heads/cross-encoder"),
        MODEL("heads/reader-roberta"),
        MODEL("heads/token-distilbert"),
        MODEL("heads/sequence-distilbert"),
        NULL,
    };
#undef MODEL
    enum { N = sizeof settings / sizeof settings[0] };
    static struct t2v_options options;
    static struct t2v_opened_models opened;
    bool help;
    if (service.engine != NULL)
        return;
    settings[N - 1] = more;
    CHECK(t2v_options_parse(&options, T2V_CMD_SERVE, N - (more == NULL), settings, &help, NULL) ==
          0);
    CHECK(t2v_models_open(&options, &opened, NULL) == 0);
    t2v_engine_free(opened.engine);
    opened.engine = engine_of(&opened.list);
    CHECK(t2v_service_init(&service, &options.server, opened.engine, &opened.list, "fuzz", NULL) ==
          0);
}

/* An error is an object: LlamaIndex takes an array for vectors, whatever the status. */
static inline void check_body(struct t2v_str body, bool failed)
{
    t2v_json *root = NULL;
    CHECK(t2v_json_parse(body, &root, NULL) == 0);
    CHECK(t2v_json_type(root) == T2V_JSON_OBJECT ||
          (!failed && t2v_json_type(root) == T2V_JSON_ARRAY));
    const t2v_json *vector = t2v_json_get(root, "vector");
    for (size_t i = 0; i < t2v_json_len(vector); i++)
        CHECK(t2v_json_type(t2v_json_at(vector, i)) == T2V_JSON_NUMBER);
    t2v_json_free(root);
}

static inline void check_sent(struct t2v_reply *reply, const struct t2v_request *request)
{
    char cors[T2V_CORS_MAX];
    t2v_cors_lines(&service.cors, request, "POST", cors);
    struct t2v_reply_head head = {
        .more = cors,
        .keep_alive = request->keep_alive,
        .old = request->old,
        .only_head = t2v_str_is(request->method, "HEAD"),
    };
    bool json = reply->type != NULL && strcmp(reply->type, "application/json") == 0;
    struct t2v_str sent = t2v_reply_finish(reply, &head);
    CHECK(t2v_str_starts(sent, T2V_STR("HTTP/1.1 ")));
    const char *end = memmem(sent.ptr, sent.len, "\r\n\r\n", 4);
    CHECK(end != NULL);
    size_t n_head = (size_t)(end - sent.ptr) + 4;
    if (head.only_head)
        CHECK(sent.len == n_head);
    else if (json)
        check_body(t2v_str_skip(sent, n_head), reply->status >= 400);
}

/* The stages that dispatch.c sends a job through. */
static inline void work_through(struct t2v_job *job, const struct t2v_match *match,
                                const struct t2v_request *request)
{
    while (job->stage != T2V_JOB_DONE) {
        if (job->stage == T2V_JOB_RUN)
            t2v_engine_run(service.engine, &job->work);
        else
            t2v_job_do_stage(&service, job);
        t2v_job_next(&service, job);
    }
    if (job->fault.status != 0)
        t2v_route_fail(match->route, &job->fault, &job->reply);
    check_sent(&job->reply, request);
    t2v_job_free(job);
}

static inline void submit(const struct t2v_match *match, const struct t2v_request *request)
{
    struct t2v_buf body;
    t2v_buf_init(&body, MAX_BODY);
    CHECK(t2v_buf_add(&body, request->body.ptr, request->body.len) == 0);
    struct t2v_job *job = t2v_job_new(match->route->operation, match->id, &body);
    CHECK(job != NULL && body.ptr == NULL);
    work_through(job, match, request);
}

#endif
