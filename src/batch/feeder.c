/* SPDX-License-Identifier: BSD-3-Clause */
#include "batch/feeder.h"

#include <pthread.h>

#include "base/mem.h"
#include "base/thread.h"
#include "batch/queue.h"

#include "base/banned.h"

enum { AHEAD_TOK = 1024 }; /* made ready at a time: a batch's worth */

struct t2v_feeder {
    t2v_token_space *space;
    struct t2v_fill fill;
    void (*fed)(void *user, struct t2v_progress *progress);
    void *user;
    size_t n_task, turn; /* the task whose work is next, if it has one here */
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct t2v_list works; /* under lock, oldest first */
    bool stop;
};

/* How many tasks' turns come before that of the work's task. */
static size_t turns_before(const t2v_feeder *feeder, const struct t2v_work *work)
{
    return (work->progress->which + feeder->n_task - feeder->turn) % feeder->n_task;
}

/* The oldest work of the first task that has one, from the task whose turn it is. NULL: there is
 * none. */
static struct t2v_progress *pop_next(t2v_feeder *feeder)
{
    struct t2v_work **next = &feeder->works.head;
    if (*next == NULL)
        return NULL;
    for (struct t2v_work **place = next; *place != NULL; place = &(*place)->next) {
        if (turns_before(feeder, *place) < turns_before(feeder, *next))
            next = place;
    }
    struct t2v_progress *progress = t2v_list_remove(&feeder->works, next)->progress;
    feeder->turn = (progress->which + 1) % feeder->n_task;
    return progress;
}

/* NULL: the end. */
static struct t2v_progress *take(t2v_feeder *feeder)
{
    pthread_mutex_lock(&feeder->lock);
    while (feeder->works.head == NULL && !feeder->stop)
        pthread_cond_wait(&feeder->wake, &feeder->lock);
    struct t2v_progress *progress = pop_next(feeder);
    pthread_mutex_unlock(&feeder->lock);
    return progress;
}

static void *feed(void *arg)
{
    t2v_feeder *feeder = arg;
    struct t2v_progress *progress;
    t2v_thread_lower_priority();
    while ((progress = take(feeder)) != NULL) {
        t2v_progress_fill(progress, feeder->space, &feeder->fill);
        feeder->fed(feeder->user, progress);
    }
    return NULL;
}

static void release(t2v_feeder *feeder)
{
    pthread_cond_destroy(&feeder->wake);
    pthread_mutex_destroy(&feeder->lock);
    t2v_token_space_free(feeder->space);
    t2v_free(feeder);
}

int t2v_feeder_new(size_t n_task, size_t max_text_tok,
                   void (*fed)(void *user, struct t2v_progress *progress), void *user,
                   t2v_feeder **out)
{
    t2v_feeder *feeder = t2v_alloc_zero(1, sizeof *feeder);
    if (feeder == NULL)
        return T2V_ENOMEM;
    feeder->fill = (struct t2v_fill){.n_seq = T2V_READY_SEQ,
                                     .n_tok = AHEAD_TOK,
                                     .deadline_ns = UINT64_MAX,
                                     .max_text_tok = max_text_tok};
    feeder->fed = fed;
    feeder->user = user;
    feeder->n_task = n_task;
    t2v_list_init(&feeder->works);
    pthread_mutex_init(&feeder->lock, NULL);
    pthread_cond_init(&feeder->wake, NULL);
    int rc = t2v_token_space_new(&feeder->space);
    if (rc == 0)
        rc = t2v_thread_start(&feeder->thread, feed, feeder);
    if (rc != 0)
        release(feeder);
    else
        *out = feeder;
    return rc;
}

void t2v_feeder_free(t2v_feeder *feeder)
{
    if (feeder == NULL)
        return;
    pthread_mutex_lock(&feeder->lock);
    feeder->stop = true;
    pthread_cond_signal(&feeder->wake);
    pthread_mutex_unlock(&feeder->lock);
    pthread_join(feeder->thread, NULL);
    release(feeder);
}

void t2v_feeder_give(t2v_feeder *feeder, struct t2v_progress *progress)
{
    pthread_mutex_lock(&feeder->lock);
    t2v_list_push(&feeder->works, progress->work);
    pthread_cond_signal(&feeder->wake);
    pthread_mutex_unlock(&feeder->lock);
}
