/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEST_BATCH_WAITED_H
#define T2V_TEST_BATCH_WAITED_H
/* Works that are submitted to an engine and waited for, and texts for them. */
#include <pthread.h>
#include <stdlib.h>

#include "batch/engine.h"

/* A work whose end can be waited for. */
struct waited {
    struct t2v_work work;
    struct t2v_str text;
    int which, n_done;
    pthread_mutex_t lock;
    pthread_cond_t cond;
};

static inline void on_done(struct t2v_work *work)
{
    struct waited *w = work->user;
    pthread_mutex_lock(&w->lock);
    w->n_done++;
    pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&w->lock);
}

static inline void waited_init(struct waited *w, const char *text, int which)
{
    *w = (struct waited){.text = t2v_str_of(text), .which = which};
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->cond, NULL);
    w->work = (struct t2v_work){.texts = &w->text, .n_text = 1, .done = on_done, .user = w};
}

static inline void wait_for(struct waited *w)
{
    pthread_mutex_lock(&w->lock);
    while (w->n_done == 0)
        pthread_cond_wait(&w->cond, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

/* A text of n bytes that is sentences of three words. The caller frees it. */
static inline char *sentences(size_t n)
{
    char *text = malloc(n + 1);
    for (size_t i = 0; i < n; i++)
        text[i] = "A short one. "[i % 13];
    text[n] = '\0';
    return text;
}

#endif
