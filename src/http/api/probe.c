/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/probe.h"

#include <inttypes.h>

#include "http/service.h"

#include "base/banned.h"

/* The pieces of openapi.json, merged and made into C when the program is built. */
extern const char t2v_openapi[];
extern const size_t t2v_openapi_len;

static void fail(const struct t2v_fault *fault, struct t2v_reply *reply)
{
    t2v_buf_adds(&reply->buf, "{\"error\":");
    t2v_fault_write_msg(fault, &reply->buf);
    t2v_buf_adds(&reply->buf, "}");
}

const struct t2v_api t2v_api_probe = {.name = "probe", .fail = fail};

static void answer_live(struct t2v_service *service, const struct t2v_request *request,
                        struct t2v_reply *reply, struct t2v_fault *fault)
{
    (void)request;
    uint64_t stalled = t2v_service_stalled_ms(service);
    int64_t limit = service->options->stall_ms;
    if (limit <= 0 || stalled <= (uint64_t)limit) {
        t2v_reply_empty(reply, 204);
        return;
    }
    t2v_fault_set(fault, 503, "work has waited %" PRIu64 " ms without progress", stalled);
    fault->why = "work has waited too long without progress";
}

/* An empty answer with this status, or 503 while shutting down. */
static void say_ready(const struct t2v_service *service, struct t2v_reply *reply,
                      struct t2v_fault *fault, int status)
{
    if (service->draining)
        t2v_fault_busy(fault, "shutting down");
    else
        t2v_reply_empty(reply, status);
}

static void answer_ready(struct t2v_service *service, const struct t2v_request *request,
                         struct t2v_reply *reply, struct t2v_fault *fault)
{
    (void)request;
    say_ready(service, reply, fault, 204);
}

/* 200 is what load balancers look for by default. */
static void answer_health(struct t2v_service *service, const struct t2v_request *request,
                          struct t2v_reply *reply, struct t2v_fault *fault)
{
    (void)request;
    say_ready(service, reply, fault, 200);
}

static void answer_meta(struct t2v_service *service, const struct t2v_request *request,
                        struct t2v_reply *reply, struct t2v_fault *fault)
{
    (void)request, (void)fault;
    t2v_buf_add(&reply->buf, service->meta.ptr, service->meta.len);
}

static void answer_metrics(struct t2v_service *service, const struct t2v_request *request,
                           struct t2v_reply *reply, struct t2v_fault *fault)
{
    (void)request, (void)fault;
    reply->type = "text/plain; version=0.0.4; charset=utf-8";
    t2v_service_write_metrics(service, &reply->buf);
}

static void answer_openapi(struct t2v_service *service, const struct t2v_request *request,
                           struct t2v_reply *reply, struct t2v_fault *fault)
{
    (void)service, (void)request, (void)fault;
    t2v_buf_add(&reply->buf, t2v_openapi, t2v_openapi_len);
}

const struct t2v_operation t2v_probe_live = {.api = &t2v_api_probe, .answer = answer_live};
const struct t2v_operation t2v_probe_ready = {.api = &t2v_api_probe, .answer = answer_ready};
const struct t2v_operation t2v_probe_health = {.api = &t2v_api_probe, .answer = answer_health};
const struct t2v_operation t2v_probe_meta = {.api = &t2v_api_probe, .answer = answer_meta};
const struct t2v_operation t2v_probe_metrics = {.api = &t2v_api_probe, .answer = answer_metrics};
const struct t2v_operation t2v_probe_openapi = {.api = &t2v_api_probe, .answer = answer_openapi};
