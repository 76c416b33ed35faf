/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_API_H
#define T2V_HTTP_API_API_H
/*
 * The contract of an API. An API is a file in this folder, with a piece of openapi.json beside it
 * (NAME.json, see merge.py). It defines the body of its errors, and has an operation for each kind
 * of request. Routes (http/routes.c) give operations their paths.
 *
 * An operation either answers at once, or is a job for the engine: its body is read, work is
 * planned and run, and the answer is written from the result. Between these steps the API keeps the
 * request in the job's state, whose type only the API knows. http/job.h says which thread owns a
 * job when.
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
    bool measured; /* its answers say what they took: http/took.h */
    /* Appends the body of an error to reply, whose status and headers are already set from the
     * fault; it may set another status. Called for every error of the API's paths, also those of
     * HTTP itself: 400, 401, 404, 405, 408, 413, 415, 417, 501, 503. Exception: if the request line
     * cannot be read, the path is unknown, and the API of the last row is called. */
    void (*fail)(const struct t2v_fault *fault, struct t2v_reply *reply);
};

/* Hooks run on the loop thread and must be quick, except those marked `any thread`: they run on the
 * clerk's thread for large bodies or answers, so they may read only constant parts of the service.
 * A hook that sets job->fault or *fault makes the request fail. A hook may be NULL only where its
 * comment says so. */
struct t2v_operation {
    const struct t2v_api *api;

    /* Answers at once; NULL: the operation is a job, and has the hooks below. It may set *fault,
     * such as a 404 for a request->id that does not exist. The request is valid during the call. */
    void (*answer)(struct t2v_service *service, const struct t2v_request *request,
                   struct t2v_reply *reply, struct t2v_fault *fault);

    size_t state_size; /* bytes of job->state, zeroed at first */
    /* Any thread: parses body into job->state, or sets job->fault. The body is freed afterwards,
     * so copy what is kept of it. job->id stays valid as long as the job. */
    void (*read)(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job);
    /* True when reading the body takes a millisecond or more, though it is small. NULL: never. */
    bool (*is_long)(const struct t2v_service *service, const struct t2v_job *job);
    /* Upper bound of what `read` makes of the body, in bytes. NULL: the body's length. */
    size_t (*read_bytes)(const struct t2v_service *service, struct t2v_str body);
    /* Fills job->work from job->state. False: no work is needed, and job->reply is complete. NULL:
     * the engine has nothing to do, and `write` follows `read`. */
    bool (*plan)(struct t2v_service *service, struct t2v_job *job);
    /* Upper bound of state, result and answer together, in bytes; the job struct is not counted. */
    size_t (*bytes)(const struct t2v_service *service, const struct t2v_job *job);
    /* Called when the work has succeeded or failed: stores what is to outlive the job. Not called
     * if the client has left. NULL: nothing. */
    void (*keep)(struct t2v_service *service, const struct t2v_job *job);
    /* True when writing the answer takes a millisecond or more. NULL: never. */
    bool (*is_large)(const struct t2v_job *job);
    /* Any thread: check job->work.err first, and pass a failure on with t2v_fault_work. Otherwise
     * writes the result of job->work to job->reply, or to job->stream if there is one. */
    void (*write)(struct t2v_job *job);
    /* Appends an event that says why the stream ends early (503: shutting down), in place of what
     * the work would have put. On the loop thread, while the engine has the job. NULL: such a
     * stream is cut off without one. */
    void (*cut)(const struct t2v_fault *fault, struct t2v_buf *out);
    /* Frees what job->state owns; called once for each job, also if `read` failed or was never
     * called (the state is all zero then). NULL: nothing. */
    void (*deinit)(void *state);
};

#endif
