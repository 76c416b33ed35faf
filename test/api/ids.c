/* SPDX-License-Identifier: BSD-3-Clause */
#include "ids.h"

#include "http/api/vectors.h"
#include "http/job.h"
#include "http/service.h"
#include "json/write.h"

#include "base/banned.h"

static void fail(const struct t2v_fault *fault, struct t2v_reply *reply)
{
    t2v_buf_adds(&reply->buf, "{\"oops\":");
    t2v_fault_write_msg(fault, &reply->buf);
    t2v_buf_adds(&reply->buf, "}");
}

const struct t2v_api api_ids = {.name = "ids", .fail = fail};

static void write_id(struct t2v_str id, struct t2v_buf *buf)
{
    t2v_buf_adds(buf, "{\"id\":");
    t2v_json_write_str(buf, id);
}

static void answer_get(struct t2v_service *service, const struct t2v_request *request,
                       struct t2v_reply *reply, struct t2v_fault *fault)
{
    (void)service;
    if (t2v_str_is(request->id, "nobody")) {
        t2v_fault_set(fault, 404, "nobody is not here");
        return;
    }
    write_id(request->id, &reply->buf);
    t2v_buf_adds(&reply->buf, "}");
}

const struct t2v_operation ids_get = {.api = &api_ids, .answer = answer_get};

static void read_post(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    if (t2v_str_is(job->id, "nobody"))
        t2v_fault_set(&job->fault, 404, "nobody is not here");
    else
        t2v_question_read(job->state, body, t2v_embedder_max_dim(service->models->list[0].embedder),
                          &job->fault);
}

static bool plan_post(struct t2v_service *service, struct t2v_job *job)
{
    const struct t2v_question *question = job->state;
    (void)service;
    job->work.texts = question->texts;
    job->work.n_text = 1;
    job->work.params = &question->params;
    return true;
}

static size_t bytes_of_post(const struct t2v_service *service, const struct t2v_job *job)
{
    (void)service, (void)job;
    return 0;
}

static void write_post(struct t2v_job *job)
{
    const struct t2v_work *work = &job->work;
    if (work->err.code != 0) {
        t2v_fault_work(&job->fault, &work->err);
        return;
    }
    write_id(job->id, &job->reply.buf);
    t2v_buf_adds(&job->reply.buf, ",\"vector\":");
    t2v_json_write_f32s(&job->reply.buf, work->result.values, work->result.width);
    t2v_buf_adds(&job->reply.buf, "}");
}

static void deinit_post(void *state)
{
    t2v_question_deinit(state);
}

const struct t2v_operation ids_post = {
    .api = &api_ids,
    .state_size = sizeof(struct t2v_question),
    .read = read_post,
    .plan = plan_post,
    .bytes = bytes_of_post,
    .write = write_post,
    .deinit = deinit_post,
};
