/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_JOB_H
#define T2V_HTTP_JOB_H
/*
 * A request on its way through the engine. It goes through stages,
 *
 *     READ ----> RUN ----> WRITE ----> DONE
 *       \__________________________/     where no work is needed, or the request is refused
 *
 * and has one owner at a time, who alone may touch it:
 *
 *     t2v_job_new         the loop thread has it
 *     t2v_clerk_give      loop -> clerk, to READ a large body or WRITE a large answer
 *     t2v_engine_submit   loop -> engine, to RUN
 *     give_back           clerk or engine -> loop (dispatch.c), which moves it to the next stage
 *     t2v_job_free        by the loop thread, once it is DONE or nobody waits for it
 *
 * Small bodies are read and small answers written by the loop thread itself. The fields of the
 * second group belong to the loop thread whoever has the job, and so
 * do, of a job with a stream, reply (its status and header lines, or an error before the first
 * piece) and the reading end of the stream.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "batch/engine.h"
#include "http/api/api.h"
#include "http/stream.h"

enum t2v_job_stage {
    T2V_JOB_READ,  /* the body is to be read */
    T2V_JOB_RUN,   /* the engine is to do the work */
    T2V_JOB_WRITE, /* the answer is to be written */
    T2V_JOB_DONE   /* reply is complete, or fault is set */
};

struct t2v_job {
    const struct t2v_operation *operation;
    void *state; /* [operation->state_size], the API's */
    enum t2v_job_stage stage;
    struct t2v_buf body; /* owned, until it is read */
    struct t2v_work work;
    struct t2v_reply reply;
    struct t2v_fault fault; /* status 0: none */
    t2v_stream *stream;     /* owned; the answer in pieces, made by `read`. NULL: it is whole */
    struct t2v_job *next;   /* in its owner's list */

    /* Of the loop thread. */
    void (*done)(struct t2v_job *job);  /* it is DONE; NULL: nobody waits for it any more */
    void (*ready)(struct t2v_job *job); /* its stream has bytes; NULL as done */
    void *user;                         /* for done and ready */
    void *dispatch;                     /* that clerk and engine return it to */
    size_t held_bytes;                  /* its share of the budget */

    /* Under the dispatch's lock. */
    bool is_ready; /* in its list of jobs whose streams have bytes */
    struct t2v_job *next_ready;
};

/* A job to be READ, with *body, which is taken over and left empty. NULL: no memory. */
struct t2v_job *t2v_job_new(const struct t2v_operation *operation, struct t2v_buf *body);
/* NULL is allowed. */
void t2v_job_free(struct t2v_job *job);

/* The stage takes a millisecond or more, and is the clerk's. */
bool t2v_job_is_long(const struct t2v_job *job);
/* READ or WRITE: does it. On any thread. */
void t2v_job_work(const struct t2v_service *service, struct t2v_job *job);
/* On the loop thread, when its stage has been done: moves it to the next. */
void t2v_job_next(struct t2v_service *service, struct t2v_job *job);
/* On the loop thread: nobody waits for it any more; its work is given up, if the engine has it. */
void t2v_job_abandon(struct t2v_job *job);

#endif
