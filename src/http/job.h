/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_JOB_H
#define T2V_HTTP_JOB_H
/*
 * A request on its way through the engine. It goes through stages,
 *
 *     READ ----> RUN ----> WRITE ----> DONE
 *       \__________________________/     where no work is needed, or the request is refused
 *
 * (from READ to WRITE, if the operation has no `plan`)
 *
 * and has one owner at a time, who alone may touch it:
 *
 *     t2v_job_new         the loop thread has it
 *     t2v_clerk_give      loop -> clerk, to READ a large body or WRITE a large answer
 *     t2v_engine_submit   loop -> engine, to RUN
 *     give_back           clerk or engine -> loop (dispatch.c), which moves it to the next stage
 *     t2v_job_free        by the loop thread, once it is DONE or nobody waits for it
 *
 * The loop thread itself reads small bodies and writes small answers. It owns the second group of
 * fields at all times. If the job has a stream, the loop thread also owns reply (status and header
 * lines, or an error before the first piece) and the reading end of the stream.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "batch/engine.h"
#include "http/api/api.h"
#include "http/stream.h"

enum t2v_job_stage {
    T2V_JOB_READ,  /* next: read the body */
    T2V_JOB_RUN,   /* next: the engine does the work */
    T2V_JOB_WRITE, /* next: write the answer */
    T2V_JOB_DONE   /* reply is complete, or fault is set */
};

struct t2v_job {
    const struct t2v_operation *operation;
    void *state;       /* [operation->state_size], the API's */
    struct t2v_str id; /* of a path with T2V_ROUTE_ID (route.h), the job's own copy; else empty */
    enum t2v_job_stage stage;
    struct t2v_buf body; /* owned; freed after it was read */
    struct t2v_work work;
    size_t n_char; /* characters of the work's texts, counted after `write` if api->measured */
    struct t2v_reply reply;
    struct t2v_fault fault; /* status 0: none */
    t2v_stream *stream;   /* owned; the answer in pieces, made by `read`. NULL: one piece, reply */
    struct t2v_job *next; /* in its owner's list */

    /* The loop thread's. */
    void (*done)(struct t2v_job *job);  /* called when the job is DONE, or could not go on (fault
                                         * is set). NULL: nobody waits for it any more */
    void (*ready)(struct t2v_job *job); /* called when its stream has bytes. NULL under the same
                                         * condition as done */
    void *user;                         /* for done and ready */
    void *dispatch;                     /* the dispatch that gets the job back */
    size_t held_bytes;                  /* its share of the budget */
    uint64_t wait_ends_ns;              /* while it waits for a place (dispatch.c) */

    /* Under the dispatch's lock. */
    bool is_ready; /* in the dispatch's list of jobs whose streams have bytes */
    struct t2v_job *next_ready;
};

/* A job in stage READ, with a copy of id. It takes over *body, which is left empty. NULL: no
 * memory; *body is unchanged. */
struct t2v_job *t2v_job_new(const struct t2v_operation *operation, struct t2v_str id,
                            struct t2v_buf *body);
/* NULL is allowed. */
void t2v_job_free(struct t2v_job *job);

/* True when the stage may take a millisecond or more; the clerk then does it. */
bool t2v_job_is_long(const struct t2v_service *service, const struct t2v_job *job);
/* Does the stage READ or WRITE. Any thread. */
void t2v_job_do_stage(const struct t2v_service *service, struct t2v_job *job);
/* On the loop thread, after its stage has been done: moves it to the next stage. */
void t2v_job_next(struct t2v_service *service, struct t2v_job *job);
/* On the loop thread: nobody waits for the job any more. Work that the engine has is cancelled. */
void t2v_job_abandon(struct t2v_job *job);

#endif
