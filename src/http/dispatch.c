/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/dispatch.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

#include "base/banned.h"

/* ---- On the threads of the clerk and the engine ---- */

/* Under the lock: once it is released, the loop may end and close the descriptor. */
static void wake(struct t2v_dispatch *d)
{
    uint64_t one = 1;
    ssize_t n = write(d->wake_fd, &one, sizeof one);
    (void)n; /* fails only when the counter is full, and then the loop wakes anyway */
}

static void give_back(struct t2v_job *job)
{
    struct t2v_dispatch *d = job->dispatch;
    job->next = NULL;
    pthread_mutex_lock(&d->lock);
    bool was_empty = d->back == NULL;
    *(was_empty ? &d->back : &d->back_last->next) = job;
    d->back_last = job;
    if (was_empty)
        wake(d);
    pthread_mutex_unlock(&d->lock);
}

/* Of a stream. */
static void on_ready(void *user)
{
    struct t2v_job *job = user;
    struct t2v_dispatch *d = job->dispatch;
    pthread_mutex_lock(&d->lock);
    if (!job->is_ready) {
        job->is_ready = true;
        job->next_ready = d->ready;
        d->ready = job;
        wake(d);
    }
    pthread_mutex_unlock(&d->lock);
}

static void work_done(struct t2v_work *work)
{
    give_back(work->user);
}

/* ---- On the loop thread ---- */

static bool hold(struct t2v_dispatch *d, struct t2v_job *job, size_t bytes)
{
    return t2v_budget_hold(&d->service->budget, &job->held_bytes, bytes);
}

static bool clerk_is_full(const struct t2v_dispatch *d)
{
    return t2v_pulse_waiting(&d->service->clerk) >= (size_t)d->service->options->max_queue;
}

/* The body, and what is made of it. */
static size_t bytes_of_read(const struct t2v_dispatch *d, const struct t2v_job *job)
{
    const struct t2v_operation *operation = job->operation;
    return job->body.len + (operation->read_bytes != NULL
                                ? operation->read_bytes(d->service, t2v_buf_str(&job->body))
                                : job->body.len);
}

/* Holds memory for the stage. An answer that the clerk writes was paid for when its work was, if
 * there was any. T2V_ETOOLARGE: it would not fit even if nothing else was held. */
static int reserve(struct t2v_dispatch *d, struct t2v_job *job)
{
    size_t bytes;
    if (job->stage == T2V_JOB_WRITE && job->operation->plan != NULL)
        return 0;
    if (job->stage == T2V_JOB_READ)
        bytes = bytes_of_read(d, job);
    else
        bytes = job->operation->bytes(d->service, job) +
                (job->stream != NULL ? (size_t)T2V_STREAM_BYTES : 0);
    size_t most = t2v_budget_most(&d->service->budget, bytes);
    if (bytes > most) {
        t2v_fault_set(&job->fault, 413,
                      "the request may take %zu bytes of memory, the limit is %zu (max-memory)",
                      bytes, most);
        return T2V_ETOOLARGE;
    }
    return hold(d, job, bytes) ? 0 : T2V_ENOMEM;
}

/* To the clerk or the engine. T2V_EBUSY: there is no place. */
static int send_away(struct t2v_dispatch *d, struct t2v_job *job)
{
    int rc = 0;
    if (job->stage == T2V_JOB_RUN) {
        if (job->stream != NULL)
            t2v_stream_on_ready(job->stream, on_ready, job);
        job->work.done = work_done;
        job->work.user = job;
        rc = t2v_engine_submit(d->service->engine, &job->work);
    } else if (job->stage == T2V_JOB_READ && clerk_is_full(d)) {
        rc = T2V_EBUSY;
    } else {
        t2v_clerk_give(d->clerk, job);
    }
    d->n_away += rc == 0;
    return rc;
}

/* Where it waits if there is no place where it is to go. */
static struct t2v_job_list *list_of(struct t2v_dispatch *d, const struct t2v_job *job)
{
    const struct t2v_task *task = job->work.task;
    if (job->stage != T2V_JOB_RUN)
        return &d->waiting[T2V_FOR_CLERK];
    return &d->waiting[task != NULL && task->steps != NULL ? T2V_FOR_STEPS : T2V_FOR_BATCHES];
}

/* Its share of the budget is held, so that memory bounds how many wait. */
static int wait_for_place(struct t2v_dispatch *d, struct t2v_job *job)
{
    struct t2v_job_list *list = list_of(d, job);
    if (d->service->options->queue_ms <= 0)
        return T2V_EBUSY;
    job->wait_ends_ns = t2v_clock_ns() + (uint64_t)d->service->options->queue_ms * 1000000;
    job->next = NULL;
    *(list->first == NULL ? &list->first : &list->last->next) = job;
    list->last = job;
    d->service->metrics.n_waiting++;
    return 0;
}

int t2v_dispatch_send(struct t2v_dispatch *d, struct t2v_job *job)
{
    job->dispatch = d;
    while (job->stage != T2V_JOB_DONE && job->stage != T2V_JOB_RUN &&
           !t2v_job_is_long(d->service, job)) {
        t2v_job_do_stage(d->service, job);
        t2v_job_next(d->service, job);
    }
    if (job->stage == T2V_JOB_DONE)
        return 1;
    int rc = reserve(d, job);
    bool behind = list_of(d, job)->first != NULL && job->stage != T2V_JOB_WRITE;
    if (rc == 0)
        rc = behind ? T2V_EBUSY : send_away(d, job);
    if (rc == T2V_EBUSY)
        rc = wait_for_place(d, job);
    if (rc < 0)
        hold(d, job, 0);
    if (rc < 0 && rc != T2V_ETOOLARGE)
        t2v_fault_busy(&job->fault, t2v_why_busy(rc));
    return rc;
}

/* Before it is freed. */
static void forget_ready(struct t2v_dispatch *d, const struct t2v_job *job)
{
    pthread_mutex_lock(&d->lock);
    struct t2v_job **at = &d->ready;
    while (job->is_ready && *at != job)
        at = &(*at)->next_ready;
    if (job->is_ready)
        *at = job->next_ready;
    pthread_mutex_unlock(&d->lock);
}

/* The job is over: its memory is given back. */
static void let_go(struct t2v_dispatch *d, struct t2v_job *job)
{
    hold(d, job, 0);
    forget_ready(d, job);
    t2v_job_free(job);
}

/* ---- Jobs that wait for a place ---- */

/* Unlinks the job at *at, which comes after `before` (NULL: it is the first). */
static struct t2v_job *unlink_waiting(struct t2v_dispatch *d, struct t2v_job_list *list,
                                      struct t2v_job **at, struct t2v_job *before)
{
    struct t2v_job *job = *at;
    *at = job->next;
    if (list->last == job)
        list->last = before;
    d->service->metrics.n_waiting--;
    return job;
}

/* Back to where it was: first. */
static void put_back(struct t2v_dispatch *d, struct t2v_job_list *list, struct t2v_job *job)
{
    job->next = list->first;
    list->first = job;
    if (job->next == NULL)
        list->last = job;
    d->service->metrics.n_waiting++;
}

/* Those whose turn it is, as far as there are places. A job is unlinked first: once it is away, its
 * `next` is another thread's. */
static void send_list(struct t2v_dispatch *d, struct t2v_job_list *list)
{
    while (list->first != NULL) {
        struct t2v_job *job = unlink_waiting(d, list, &list->first, NULL);
        bool wanted = job->done != NULL;
        int rc = wanted ? send_away(d, job) : 0;
        if (rc == T2V_EBUSY) {
            put_back(d, list, job);
            return;
        }
        if (rc < 0) {
            t2v_fault_busy(&job->fault, t2v_why_busy(rc));
            job->done(job);
        }
        if (!wanted || rc < 0)
            let_go(d, job);
    }
}

static void send_waiting(struct t2v_dispatch *d)
{
    for (size_t i = 0; i < T2V_N_WAITING; i++)
        send_list(d, &d->waiting[i]);
}

/* Refuses those that have waited for too long, and frees those that nobody waits for. */
static void tick_list(struct t2v_dispatch *d, struct t2v_job_list *list, uint64_t now_ns)
{
    struct t2v_job **at = &list->first, *before = NULL;
    while (*at != NULL) {
        struct t2v_job *job = *at;
        if (job->done != NULL && now_ns < job->wait_ends_ns) {
            before = job;
            at = &job->next;
            continue;
        }
        unlink_waiting(d, list, at, before);
        if (job->done != NULL) {
            t2v_fault_busy(&job->fault, t2v_why_busy(T2V_EBUSY));
            job->done(job);
        }
        let_go(d, job);
    }
}

void t2v_dispatch_tick(struct t2v_dispatch *d, uint64_t now_ns)
{
    for (size_t i = 0; i < T2V_N_WAITING; i++)
        tick_list(d, &d->waiting[i], now_ns);
    send_waiting(d);
}

/* ---- Jobs that are back ---- */

/* A job that is back: true when it is away again. */
static bool move_on(struct t2v_dispatch *d, struct t2v_job *job)
{
    if (job->done == NULL)
        return false;
    t2v_job_next(d->service, job);
    int rc = t2v_dispatch_send(d, job);
    if (rc == 0)
        return true;
    job->done(job);
    return false;
}

/* Tells of bytes in streams. */
static void tell_ready(struct t2v_dispatch *d)
{
    struct t2v_job *job;
    do {
        pthread_mutex_lock(&d->lock);
        job = d->ready;
        if (job != NULL) {
            d->ready = job->next_ready;
            job->is_ready = false;
        }
        pthread_mutex_unlock(&d->lock);
        if (job != NULL && job->ready != NULL)
            job->ready(job);
    } while (job != NULL);
}

static struct t2v_job *take_back(struct t2v_dispatch *d)
{
    pthread_mutex_lock(&d->lock);
    struct t2v_job *first = d->back;
    d->back = d->back_last = NULL;
    pthread_mutex_unlock(&d->lock);
    return first;
}

void t2v_dispatch_collect(struct t2v_dispatch *d)
{
    uint64_t count;
    ssize_t n = read(d->wake_fd, &count, sizeof count);
    (void)n;
    tell_ready(d);
    for (struct t2v_job *job = take_back(d), *next; job != NULL; job = next) {
        next = job->next;
        d->n_away--;
        if (!move_on(d, job))
            let_go(d, job);
    }
    send_waiting(d);
}

/* ---- Begin and end ---- */

int t2v_dispatch_init(struct t2v_dispatch *d, struct t2v_service *service)
{
    *d = (struct t2v_dispatch){.service = service};
    pthread_mutex_init(&d->lock, NULL);
    d->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (d->wake_fd < 0)
        return T2V_EIO;
    return t2v_clerk_new(service, &service->clerk, give_back, &d->clerk);
}

bool t2v_dispatch_stop(struct t2v_dispatch *d)
{
    t2v_clerk_free(d->clerk);
    d->clerk = NULL;
    if (d->service != NULL && d->wake_fd >= 0)
        t2v_dispatch_collect(d);
    for (size_t i = 0; i < T2V_N_WAITING; i++) {
        struct t2v_job_list *list = &d->waiting[i];
        while (list->first != NULL)
            let_go(d, unlink_waiting(d, list, &list->first, NULL));
    }
    return d->n_away == 0;
}

void t2v_dispatch_deinit(struct t2v_dispatch *d)
{
    if (d->service == NULL)
        return;
    if (d->wake_fd >= 0)
        close(d->wake_fd);
    pthread_mutex_destroy(&d->lock);
    *d = (struct t2v_dispatch){0};
}
