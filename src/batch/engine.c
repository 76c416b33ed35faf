/* SPDX-License-Identifier: BSD-3-Clause */
#include "batch/engine.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/mem.h"
#include "base/pulse.h"
#include "base/thread.h"
#include "batch/feeder.h"
#include "batch/runner.h"

#include "base/banned.h"

struct t2v_engine {
    struct t2v_engine_options options;

    /* The leader's own. */
    struct t2v_runner runner;
    size_t n_away; /* works that are with the feeder */

    /* Shared, under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct t2v_work *queue, **queue_tail;
    struct t2v_list fed; /* back from the feeder */
    bool stop;
    struct t2v_engine_stats stats;
    bool has_leader;
    pthread_t leader;
    t2v_feeder *feeder;     /* NULL without a leader */
    struct t2v_pulse pulse; /* of works queued or running */
    atomic_uint seen_steps; /* of the team, when a stall was last looked for */
};

/* --- what the runner tells --- */

static void give_to_feeder(void *user, struct t2v_progress *progress)
{
    t2v_engine *engine = user;
    engine->n_away++;
    t2v_feeder_give(engine->feeder, progress);
}

static void count_batch(void *user, const struct t2v_seqs *seqs)
{
    t2v_engine *engine = user;
    pthread_mutex_lock(&engine->lock);
    struct t2v_engine_stats *stats = &engine->stats;
    stats->n_batch++;
    stats->n_tok += seqs->n_tok;
    stats->n_seq += seqs->n_seq;
    t2v_hist_add(&stats->batch_tok, (double)seqs->n_tok);
    t2v_hist_add(&stats->batch_seq, (double)seqs->n_seq);
    pthread_mutex_unlock(&engine->lock);
    t2v_pulse_beat(&engine->pulse, t2v_clock_ns());
}

static void hand_back(void *user, struct t2v_work *work)
{
    t2v_engine *engine = user;
    if (work->err.code != 0) {
        t2v_free(work->vectors);
        work->vectors = NULL;
    }
    work->ended_ns = t2v_clock_ns();
    if (work->begun_ns == 0)
        work->begun_ns = work->ended_ns;
    t2v_pulse_leave(&engine->pulse, work->ended_ns);
    if (work->done != NULL)
        work->done(work);
}

void t2v_work_deinit(struct t2v_work *work)
{
    t2v_free(work->vectors);
    work->vectors = NULL;
}

/* --- the leader --- */

/* On the feeder's thread. */
static void on_fed(void *user, struct t2v_progress *progress)
{
    t2v_engine *engine = user;
    pthread_mutex_lock(&engine->lock);
    t2v_list_push(&engine->fed, progress);
    pthread_cond_signal(&engine->wake);
    pthread_mutex_unlock(&engine->lock);
    t2v_pulse_beat(&engine->pulse, t2v_clock_ns());
}

/* All that is queued, and works back from the feeder become active; waits when nothing is. NULL
 * with *stop set: the end. */
static struct t2v_work *take_queued(t2v_engine *engine, bool *stop)
{
    struct t2v_progress *progress;
    pthread_mutex_lock(&engine->lock);
    while (engine->queue == NULL && engine->fed.head == NULL &&
           t2v_queue_is_empty(&engine->runner.queue) && !(engine->stop && engine->n_away == 0))
        pthread_cond_wait(&engine->wake, &engine->lock);
    struct t2v_work *works = engine->queue;
    engine->queue = NULL;
    engine->queue_tail = &engine->queue;
    while ((progress = t2v_list_pop(&engine->fed)) != NULL) {
        engine->n_away--;
        t2v_queue_push(&engine->runner.queue, progress);
    }
    *stop = works == NULL && t2v_queue_is_empty(&engine->runner.queue);
    pthread_mutex_unlock(&engine->lock);
    return works;
}

static void *lead(void *arg)
{
    t2v_engine *engine = arg;
    for (;;) {
        bool stop;
        struct t2v_work *work = take_queued(engine, &stop);
        if (stop)
            return NULL;
        while (work != NULL) {
            struct t2v_work *next = work->next;
            t2v_runner_add(&engine->runner, work);
            work = next;
        }
        t2v_runner_fill(&engine->runner);
        t2v_runner_encode(&engine->runner);
        t2v_runner_close(&engine->runner);
    }
}

/* The leader and what it needs. */
static int start_leader(t2v_engine *engine, const t2v_model *model, struct t2v_err *err)
{
    int rc = t2v_feeder_new(model, engine->options.max_text_tok, on_fed, engine, &engine->feeder);
    if (rc == 0)
        rc = t2v_thread_start(&engine->leader, lead, engine);
    engine->has_leader = rc == 0;
    return rc == 0 ? 0 : t2v_fail(err, rc, "the engine's thread cannot be started");
}

int t2v_engine_new(const t2v_model *model, const struct t2v_engine_options *options,
                   t2v_engine **out, struct t2v_err *err)
{
    t2v_engine *engine = t2v_alloc_zero(1, sizeof *engine);
    if (engine == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the engine");
    const struct t2v_runner_calls calls = {
        .slow = options->leader ? give_to_feeder : NULL,
        .encoded = count_batch,
        .complete = hand_back,
        .user = engine,
    };
    size_t longest = t2v_model_max_tok(model);
    engine->options = *options;
    engine->stats.batch_tok.first = engine->stats.batch_seq.first = 1;
    engine->queue_tail = &engine->queue;
    t2v_list_init(&engine->fed);
    pthread_mutex_init(&engine->lock, NULL);
    pthread_cond_init(&engine->wake, NULL);
    struct t2v_runner *runner = &engine->runner;
    int rc = t2v_runner_init(runner, model, longest > T2V_BATCH_TOK ? longest : T2V_BATCH_TOK,
                             options->n_thread, &calls, err);
    runner->max_text_tok = options->max_text_tok;
    if (options->leader) /* clients are not told of paths */
        runner->lost_message = "a file of the model changed while it was in use";
    if (rc == 0 && options->leader)
        rc = start_leader(engine, model, err);
    if (rc != 0) {
        t2v_engine_free(engine);
        return rc;
    }
    *out = engine;
    return 0;
}

void t2v_engine_free(t2v_engine *engine)
{
    if (engine == NULL)
        return;
    if (engine->has_leader) {
        pthread_mutex_lock(&engine->lock);
        engine->stop = true;
        pthread_cond_signal(&engine->wake);
        pthread_mutex_unlock(&engine->lock);
        pthread_join(engine->leader, NULL);
    }
    t2v_feeder_free(engine->feeder);
    t2v_runner_deinit(&engine->runner);
    pthread_cond_destroy(&engine->wake);
    pthread_mutex_destroy(&engine->lock);
    t2v_free(engine);
}

/* --- from other threads --- */

static void reset(struct t2v_work *work)
{
    work->err = (struct t2v_err){0};
    work->err_text = 0;
    work->vectors = NULL;
    work->n_tok = work->n_cut = 0;
    work->begun_ns = 0;
    work->next = NULL;
    work->queued_ns = t2v_clock_ns();
}

int t2v_engine_submit(t2v_engine *engine, struct t2v_work *work)
{
    size_t waiting = t2v_pulse_enter(&engine->pulse, t2v_clock_ns());
    if (waiting >= engine->options.max_queue) {
        t2v_pulse_drop(&engine->pulse);
        return T2V_EBUSY;
    }
    reset(work);
    pthread_mutex_lock(&engine->lock);
    bool was_empty = engine->queue == NULL;
    *engine->queue_tail = work;
    engine->queue_tail = &work->next;
    if (was_empty)
        pthread_cond_signal(&engine->wake);
    pthread_mutex_unlock(&engine->lock);
    return 0;
}

void t2v_work_cancel(struct t2v_work *work)
{
    atomic_store(&work->cancelled, true);
}

void t2v_engine_run(t2v_engine *engine, struct t2v_work *work)
{
    reset(work);
    t2v_pulse_enter(&engine->pulse, work->queued_ns);
    t2v_runner_add(&engine->runner, work);
    t2v_runner_finish_all(&engine->runner);
}

uint64_t t2v_engine_stalled_ms(t2v_engine *engine)
{
    unsigned steps = t2v_team_steps(engine->runner.team) + t2v_guard_steps();
    uint64_t now_ns = t2v_clock_ns();
    if (atomic_exchange(&engine->seen_steps, steps) != steps)
        t2v_pulse_beat(&engine->pulse, now_ns);
    return t2v_pulse_stalled_ms(&engine->pulse, now_ns);
}

void t2v_engine_resumed(t2v_engine *engine)
{
    t2v_pulse_beat(&engine->pulse, t2v_clock_ns());
}

int t2v_engine_threads(const t2v_engine *engine)
{
    return engine->options.n_thread;
}

void t2v_engine_get_stats(t2v_engine *engine, struct t2v_engine_stats *out)
{
    pthread_mutex_lock(&engine->lock);
    *out = engine->stats;
    pthread_mutex_unlock(&engine->lock);
    out->n_waiting = t2v_pulse_waiting(&engine->pulse);
}
