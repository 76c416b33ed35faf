/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes on a connection, as conn.c has it but for the sockets: read, routed, refused or
 * encoded by a small model, and answered; what is answered is HTTP, and its body JSON.
 */
#include "base/clock.h"
#include "cli/options.h"
#include "fuzz.h"
#include "http/job.h"
#include "http/service.h"
#include "json/json.h"
#include "task/embed/open.h"

enum { MAX_BODY = 2048, MAX_REQUESTS = 16 };

static struct t2v_service service;

static void open_service(void)
{
    static char *settings[] = {
        "--model", T2V_GOLDEN_DIR "/bert-uncased", "--threads", "1", "--cors-origins", "*"};
    static struct t2v_options options;
    const struct t2v_engine_options of_engine = {
        .n_thread = 1, .max_queue = 4, .max_text_tok = 10000};
    t2v_embedder *model = NULL;
    t2v_engine *engine = NULL;
    bool help;
    CHECK(t2v_options_parse(&options, T2V_CMD_SERVE, 6, settings, &help, NULL) == 0);
    options.server.cache = true;
    const struct t2v_embedder_options of_model = {
        .dir = options.model,
        .vectorizer = options.vectorizer,
        .precision = options.precision,
        .cpu = options.cpu,
        .threads = 1,
    };
    CHECK(t2v_embedder_open(&of_model, &model, NULL) == 0);
    const struct t2v_task *task = t2v_embedder_task(model);
    CHECK(t2v_engine_new(&task, 1, &of_engine, &engine, NULL) == 0);
    static struct t2v_served served;
    static const struct t2v_models models = {&served, 1};
    served = (struct t2v_served){.name = "small",
                                 .abilities = T2V_CAN_EMBED,
                                 .model = t2v_embedder_model(model),
                                 .max_tok = t2v_embedder_max_tok(model),
                                 .embedder = model,
                                 .sentence = model};
    CHECK(t2v_service_init(&service, &options.server, engine, &models, "fuzz", NULL) == 0);
}

/* An error is an object: LlamaIndex takes an array for vectors, whatever the status. */
static void check_body(struct t2v_str body, bool failed)
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

static void check_sent(struct t2v_reply *reply, const struct t2v_request *request)
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
static void work_through(struct t2v_job *job, const struct t2v_match *match,
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

static void submit(const struct t2v_match *match, const struct t2v_request *request)
{
    struct t2v_buf body;
    t2v_buf_init(&body, MAX_BODY);
    CHECK(t2v_buf_add(&body, request->body.ptr, request->body.len) == 0);
    struct t2v_job *job = t2v_job_new(match->route->operation, match->id, &body);
    CHECK(job != NULL && body.ptr == NULL);
    work_through(job, match, request);
}

static void answer(struct t2v_request *request)
{
    struct t2v_reply reply;
    struct t2v_fault fault = {0};
    struct t2v_match match = t2v_route_find(service.routes, request->path, request->method);
    const struct t2v_operation *operation = match.route->operation;
    request->id = match.id;
    t2v_reply_init(&reply);
    bool answered = t2v_service_answers_head(&service, &match, request, &reply, &fault);
    if (!answered && operation->answer == NULL) {
        submit(&match, request);
    } else {
        if (!answered)
            operation->answer(&service, request, &reply, &fault);
        if (fault.status != 0)
            t2v_route_fail(match.route, &fault, &reply);
        check_sent(&reply, request);
    }
    t2v_reply_deinit(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct t2v_reader reader;
    struct t2v_str rest = {(const char *)data, size};
    if (service.engine == NULL)
        open_service();
    t2v_reader_init(&reader, MAX_BODY);
    for (int n = 0; n < MAX_REQUESTS;) {
        size_t used = 0;
        enum t2v_reader_event event = t2v_reader_feed(&reader, rest.ptr, rest.len, &used);
        rest = t2v_str_skip(rest, used);
        if (event == T2V_READER_DONE) {
            answer(&reader.request);
            t2v_reader_next(&reader);
            n++;
        } else if (event == T2V_READER_BAD || (event == T2V_READER_MORE && rest.len == 0)) {
            break;
        }
    }
    t2v_reader_deinit(&reader);
    return 0;
}
