/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_DISPATCH_H
#define T2V_HTTP_DISPATCH_H
/*
 * Sends jobs to the clerk and the engine, takes back what they have done through a list and an
 * eventfd, and moves each job on until it is done. In the same way it learns which streams have
 * bytes. Only the two lists are written by other threads.
 */
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "http/clerk.h"
#include "http/job.h"
#include "http/service.h"

/* Jobs that wait for a place, oldest first. */
struct t2v_job_list {
    struct t2v_job *first, *last;
};

/* What the places are for. */
enum { T2V_FOR_CLERK, T2V_FOR_BATCHES, T2V_FOR_STEPS, T2V_N_WAITING };

struct t2v_dispatch {
    struct t2v_service *service; /* borrowed */
    t2v_clerk *clerk;
    struct t2v_job_list waiting[T2V_N_WAITING];
    int wake_fd;   /* eventfd: readable when jobs are back */
    size_t n_away; /* jobs with the clerk or the engine, and those in `back` */

    pthread_mutex_t lock;
    struct t2v_job *back, *back_last; /* under lock; oldest first */
    struct t2v_job *ready;            /* under lock; jobs whose streams have bytes */
};

/* T2V_ENOMEM, T2V_EIO; then t2v_dispatch_deinit may be called, but need not. */
int t2v_dispatch_init(struct t2v_dispatch *dispatch, struct t2v_service *service);
/* Ends the clerk, and takes back what is there to be taken. False: the engine still has jobs, which
 * it will give back; then nothing may be freed. */
bool t2v_dispatch_stop(struct t2v_dispatch *dispatch);
/* After t2v_dispatch_stop was true. */
void t2v_dispatch_deinit(struct t2v_dispatch *dispatch);

/* Does what can be done at once, and sends the job on. 1: it is DONE, and still the caller's. 0: it
 * is away, or waits for a place where it is to go: job->done will be called, unless it is
 * abandoned, and the job is freed after that. T2V_EBUSY (only where the service's queue_ms is 0),
 * T2V_ENOMEM, T2V_ETOOLARGE (more memory than the budget ever has): it could not be sent,
 * job->fault says why, and it is still the caller's. */
int t2v_dispatch_send(struct t2v_dispatch *dispatch, struct t2v_job *job);
/* wake_fd is readable: calls ready of jobs whose streams have bytes, then moves returned jobs to
 * their next stage, and sends jobs that waited for a place. */
void t2v_dispatch_collect(struct t2v_dispatch *dispatch);
/* To be called several times a second: refuses jobs that have waited for too long, and frees those
 * that nobody waits for any more. */
void t2v_dispatch_tick(struct t2v_dispatch *dispatch, uint64_t now_ns);

#endif
