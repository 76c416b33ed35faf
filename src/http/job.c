/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/job.h"

#include <stdalign.h>
#include <string.h>

#include "base/mem.h"
#include "http/took.h"

#include "base/banned.h"

enum { LARGE_BODY = 64 * 1024 }; /* above it, a body takes about a millisecond to read */

/* Where the state begins: after the job, in one block. The id comes after the state. */
static const size_t state_at = (sizeof(struct t2v_job) + alignof(max_align_t) - 1) /
                               alignof(max_align_t) * alignof(max_align_t);

struct t2v_job *t2v_job_new(const struct t2v_operation *operation, struct t2v_str id,
                            struct t2v_buf *body)
{
    size_t id_at = state_at + operation->state_size;
    struct t2v_job *job = t2v_alloc_zero(1, id_at + id.len);
    if (job == NULL)
        return NULL;
    job->operation = operation;
    job->state = (char *)job + state_at;
    job->id = (struct t2v_str){(char *)job + id_at, id.len};
    if (id.len != 0)
        memcpy((char *)job + id_at, id.ptr, id.len);
    job->body = *body;
    t2v_buf_init(body, job->body.max);
    t2v_reply_init(&job->reply);
    return job;
}

void t2v_job_free(struct t2v_job *job)
{
    if (job == NULL)
        return;
    t2v_work_deinit(&job->work);
    t2v_reply_deinit(&job->reply);
    t2v_buf_deinit(&job->body);
    t2v_stream_free(job->stream);
    if (job->operation->deinit != NULL)
        job->operation->deinit(job->state);
    t2v_free(job);
}

bool t2v_job_is_long(const struct t2v_service *service, const struct t2v_job *job)
{
    if (job->stage == T2V_JOB_READ)
        return job->body.len > LARGE_BODY ||
               (job->operation->is_long != NULL && job->operation->is_long(service, job));
    return job->stage == T2V_JOB_WRITE && job->operation->is_large != NULL &&
           job->operation->is_large(job);
}

void t2v_job_do_stage(const struct t2v_service *service, struct t2v_job *job)
{
    if (job->stage == T2V_JOB_READ) {
        job->operation->read(service, t2v_buf_str(&job->body), job);
        t2v_buf_deinit(&job->body);
    } else {
        job->operation->write(job);
        if (job->operation->api->measured)
            job->n_char = t2v_took_count_chars(&job->work);
    }
}

static enum t2v_job_stage after_read(struct t2v_service *service, struct t2v_job *job)
{
    if (job->fault.status == 0 && job->operation->plan == NULL)
        return T2V_JOB_WRITE;
    bool needs_work = job->fault.status == 0 && job->operation->plan(service, job);
    return needs_work && job->fault.status == 0 ? T2V_JOB_RUN : T2V_JOB_DONE;
}

void t2v_job_next(struct t2v_service *service, struct t2v_job *job)
{
    switch (job->stage) {
    case T2V_JOB_READ:
        job->stage = after_read(service, job);
        break;
    case T2V_JOB_RUN:
        if (job->operation->keep != NULL)
            job->operation->keep(service, job);
        job->stage = T2V_JOB_WRITE;
        break;
    case T2V_JOB_WRITE:
    case T2V_JOB_DONE:
        job->stage = T2V_JOB_DONE;
        break;
    }
}

void t2v_job_abandon(struct t2v_job *job)
{
    job->done = job->ready = NULL;
    job->user = NULL;
    if (job->stage == T2V_JOB_RUN)
        t2v_work_cancel(&job->work);
    if (job->stage != T2V_JOB_READ && job->stream != NULL)
        t2v_stream_leave(job->stream);
}
