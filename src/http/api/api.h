/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_API_H
#define T2V_HTTP_API_API_H
/*
 * The contract of an API. An API is a file in this folder, with a piece of openapi.json beside it
 * (NAME.json, see merge.py). It says how its errors look, and has an operation for each thing that
 * a client can ask for. Routes (http/routes.c) give operations their paths.
 *
 * An operation either answers at once, or is a job for the engine: its body is read, work is
 * planned and run, and the answer is written from the result. What an API keeps of a request
 * meanwhile is the job's state, whose type only the API knows. See http/job.h for who has a job
 * when.
 */
#include <stdbool.h>
#include <stddef.h>

#include "http/fault.h"
#include "http/reader.h"
#include "http/reply.h"

struct t2v_job;
struct t2v_service;

struct t2v_api {
    const char *name;
    /* Appends the body of an error to reply, which has the fault's status and header lines so far;
     * it may set another status. */
    void (*fail)(const struct t2v_fault *fault, struct t2v_reply *reply);
};

/* Hooks run on the loop thread and must be quick, unless they say `any thread`: those run on the
 * clerk's for large bodies and answers, and of the service they use only what never changes. A hook
 * that sets job->fault or *fault makes the request fail. */
struct t2v_operation {
    const struct t2v_api *api;

    /* Answers at once; NULL: the operation is a job, and has the hooks below. */
    void (*answer)(struct t2v_service *service, const struct t2v_request *request,
                   struct t2v_reply *reply, struct t2v_fault *fault);

    size_t state_size; /* bytes of job->state, zeroed at first */
    /* Any thread: body to job->state, or to job->fault. The body is freed after it. */
    void (*read)(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job);
    /* job->state to job->work. False: no work is needed, and job->reply is complete. */
    bool (*plan)(struct t2v_service *service, struct t2v_job *job);
    /* The bytes that the job will hold at most, from plan to the end of write, beside what it is
     * itself: state, result and answer. */
    size_t (*bytes)(const struct t2v_service *service, const struct t2v_job *job);
    /* The work is done, well or not: keeps what is to be kept beyond the job. NULL: nothing is. */
    void (*keep)(struct t2v_service *service, const struct t2v_job *job);
    /* Writing the answer takes a millisecond or more. */
    bool (*is_large)(const struct t2v_job *job);
    /* Any thread: the result of job->work to job->reply, or its failure to job->fault. */
    void (*write)(struct t2v_job *job);
    /* Frees what job->state owns. */
    void (*deinit)(void *state);
};

#endif
