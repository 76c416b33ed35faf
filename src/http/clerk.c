/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/clerk.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

#include "base/banned.h"

/* A body of at most so many bytes goes first, but not more than so many of them before another job
 * has its turn. */
enum { SMALL_BYTES = 64 * 1024, SMALL_IN_A_ROW = 16 };

enum { SMALL, OTHER, N_RANK };

struct t2v_clerk {
    const struct t2v_service *service;
    struct t2v_pulse *pulse;
    void (*done)(struct t2v_job *job);
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    /* Under lock. */
    struct t2v_job *first[N_RANK], *last[N_RANK]; /* given, oldest first */
    int in_a_row;                                 /* small ones since another had its turn */
    bool stop;
};

static int rank_of(const struct t2v_job *job)
{
    return job->stage == T2V_JOB_READ && job->body.len <= SMALL_BYTES ? SMALL : OTHER;
}

/* Under lock: the job whose turn it is; NULL: there is none. */
static struct t2v_job *pop(t2v_clerk *clerk)
{
    bool small = clerk->first[SMALL] != NULL &&
                 (clerk->first[OTHER] == NULL || clerk->in_a_row < SMALL_IN_A_ROW);
    int rank = small ? SMALL : OTHER;
    struct t2v_job *job = clerk->first[rank];
    clerk->in_a_row = small ? clerk->in_a_row + 1 : 0;
    if (job != NULL)
        clerk->first[rank] = job->next;
    return job;
}

/* The next job; NULL at the end. *stop: the clerk is stopping; return the job unprocessed. */
static struct t2v_job *take(t2v_clerk *clerk, bool *stop)
{
    pthread_mutex_lock(&clerk->lock);
    while (clerk->first[SMALL] == NULL && clerk->first[OTHER] == NULL && !clerk->stop)
        pthread_cond_wait(&clerk->wake, &clerk->lock);
    struct t2v_job *job = pop(clerk);
    *stop = clerk->stop;
    pthread_mutex_unlock(&clerk->lock);
    return job;
}

static void *do_stages(void *arg)
{
    t2v_clerk *clerk = arg;
    struct t2v_job *job;
    bool stop;
    while ((job = take(clerk, &stop)) != NULL) {
        if (!stop)
            t2v_job_do_stage(clerk->service, job);
        t2v_pulse_leave(clerk->pulse, t2v_clock_ns());
        clerk->done(job);
    }
    return NULL;
}

int t2v_clerk_new(const struct t2v_service *service, struct t2v_pulse *pulse,
                  void (*done)(struct t2v_job *job), t2v_clerk **out)
{
    t2v_clerk *clerk = t2v_alloc_zero(1, sizeof *clerk);
    if (clerk == NULL)
        return T2V_ENOMEM;
    clerk->service = service;
    clerk->pulse = pulse;
    clerk->done = done;
    pthread_mutex_init(&clerk->lock, NULL);
    pthread_cond_init(&clerk->wake, NULL);
    int rc = t2v_thread_start(&clerk->thread, do_stages, clerk);
    if (rc != 0) {
        pthread_cond_destroy(&clerk->wake);
        pthread_mutex_destroy(&clerk->lock);
        t2v_free(clerk);
        return rc;
    }
    *out = clerk;
    return 0;
}

void t2v_clerk_free(t2v_clerk *clerk)
{
    if (clerk == NULL)
        return;
    pthread_mutex_lock(&clerk->lock);
    clerk->stop = true;
    pthread_cond_signal(&clerk->wake);
    pthread_mutex_unlock(&clerk->lock);
    pthread_join(clerk->thread, NULL);
    pthread_cond_destroy(&clerk->wake);
    pthread_mutex_destroy(&clerk->lock);
    t2v_free(clerk);
}

void t2v_clerk_give(t2v_clerk *clerk, struct t2v_job *job)
{
    int rank = rank_of(job);
    job->next = NULL;
    t2v_pulse_enter(clerk->pulse, t2v_clock_ns());
    pthread_mutex_lock(&clerk->lock);
    *(clerk->first[rank] == NULL ? &clerk->first[rank] : &clerk->last[rank]->next) = job;
    clerk->last[rank] = job;
    pthread_cond_signal(&clerk->wake);
    pthread_mutex_unlock(&clerk->lock);
}
