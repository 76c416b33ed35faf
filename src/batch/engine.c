/* SPDX-License-Identifier: BSD-3-Clause */
#include "batch/engine.h"

#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/mem.h"
#include "base/pulse.h"
#include "base/thread.h"
#include "batch/feeder.h"
#include "batch/inbox.h"
#include "batch/runner.h"

#include "base/banned.h"

/* One of the two threads that encode, or, without them, the caller's. */
struct side {
    t2v_engine *engine;
    struct t2v_runner runner; /* the thread's own */
    struct t2v_pulse pulse;   /* of works that are queued for it, or running there */
    atomic_uint seen_steps;   /* of its team, when a stall was last looked for */
    pthread_t thread;
    bool is_started;
};

struct t2v_engine {
    const struct t2v_task **tasks; /* [n_task], whose rows go into batches; then [n_stepped] */
    size_t n_task, n_stepped;
    struct t2v_engine_options options;
    struct t2v_inbox inbox;
    struct side leader;
    struct side express;          /* not used without a leader */
    t2v_feeder *feeder;           /* NULL without a leader */
    atomic_size_t n_stepped_work; /* of those that the leader's pulse counts */

    pthread_mutex_t lock;
    struct t2v_engine_stats stats;  /* under the lock */
    struct t2v_task_stats *by_task; /* [n_task], under the lock */
};

/* --- what the runners tell --- */

static void give_to_feeder(void *user, struct t2v_progress *progress)
{
    t2v_engine *engine = ((struct side *)user)->engine;
    t2v_inbox_send_away(&engine->inbox);
    t2v_feeder_give(engine->feeder, progress);
}

/* From the express thread to the leader. */
static void give_to_leader(void *user, struct t2v_progress *progress)
{
    struct side *side = user;
    t2v_engine *engine = side->engine;
    uint64_t now_ns = t2v_clock_ns();
    t2v_pulse_leave(&side->pulse, now_ns);
    t2v_pulse_enter(&engine->leader.pulse, now_ns);
    t2v_inbox_bring_back(&engine->inbox, progress);
}

static void count_batch(void *user, const struct t2v_seqs *seqs)
{
    struct side *side = user;
    t2v_engine *engine = side->engine;
    pthread_mutex_lock(&engine->lock);
    struct t2v_engine_stats *stats = &engine->stats;
    stats->n_batch++;
    stats->n_tok += seqs->n_tok;
    stats->n_seq += seqs->n_seq;
    struct t2v_task_stats *of_task = &engine->by_task[t2v_runner_which(&side->runner)];
    of_task->n_batch++;
    of_task->n_tok += seqs->n_tok;
    of_task->n_seq += seqs->n_seq;
    t2v_hist_add(&stats->batch_tok, (double)seqs->n_tok);
    t2v_hist_add(&stats->batch_seq, (double)seqs->n_seq);
    pthread_mutex_unlock(&engine->lock);
    t2v_pulse_beat(&side->pulse, t2v_clock_ns());
}

static void hand_back(void *user, struct t2v_work *work)
{
    struct side *side = user;
    work->ended_ns = t2v_clock_ns();
    if (work->begun_ns == 0)
        work->begun_ns = work->ended_ns;
    atomic_fetch_sub(&side->engine->n_stepped_work, t2v_work_is_stepped(work) ? 1 : 0);
    t2v_pulse_leave(&side->pulse, work->ended_ns);
    pthread_mutex_lock(&side->engine->lock);
    side->engine->by_task[work->which].n_work++;
    pthread_mutex_unlock(&side->engine->lock);
    if (work->done != NULL)
        work->done(work);
}

static void hand_back_express(void *user, struct t2v_work *work)
{
    struct side *side = user;
    hand_back(user, work);
    t2v_inbox_settle(&side->engine->inbox);
}

void t2v_work_deinit(struct t2v_work *work)
{
    t2v_result_deinit(&work->result);
}

/* --- threads --- */

/* On the feeder's thread. */
static void on_fed(void *user, struct t2v_progress *progress)
{
    t2v_engine *engine = user;
    t2v_inbox_bring_back(&engine->inbox, progress);
    t2v_pulse_beat(&engine->leader.pulse, t2v_clock_ns());
}

/* A work of a stepped task goes to the task. */
static void add_stepped(struct t2v_work *work)
{
    work->begun_ns = t2v_clock_ns();
    work->stepped = (struct t2v_stepped){.params = work->params, .cancelled = &work->cancelled};
    work->task->steps->add(work->task, &work->stepped);
}

static void add_all(struct t2v_runner *runner, struct t2v_work *work)
{
    while (work != NULL) {
        struct t2v_work *next = work->next;
        if (t2v_work_is_stepped(work))
            add_stepped(work);
        else
            t2v_runner_add(runner, work);
        work = next;
    }
}

/* The stepped tasks. */
static const struct t2v_task *const *stepped_tasks(const t2v_engine *engine)
{
    return engine->tasks + engine->n_task;
}

static enum t2v_steps look_at_steps(t2v_engine *engine)
{
    enum t2v_steps steps = T2V_STEPS_NONE;
    for (size_t i = 0; i < engine->n_stepped; i++) {
        const struct t2v_task *task = stepped_tasks(engine)[i];
        if (task->steps->is_idle(task))
            continue;
        if (task->steps->can_step(task))
            return T2V_STEPS_READY;
        steps = T2V_STEPS_WAIT;
    }
    if (steps == T2V_STEPS_WAIT) /* for clients: that is no stall */
        t2v_pulse_beat(&engine->leader.pulse, t2v_clock_ns());
    return steps;
}

static struct t2v_work *work_of(struct t2v_stepped *stepped)
{
    return (struct t2v_work *)((char *)stepped - offsetof(struct t2v_work, stepped));
}

/* Hands back works that their task has completed. */
static void finish_stepped(struct side *side, struct t2v_stepped *done)
{
    while (done != NULL) {
        struct t2v_stepped *next = done->next;
        struct t2v_work *work = work_of(done);
        work->err = done->err;
        work->n_tok = done->n_tok;
        hand_back(side, work);
        done = next;
    }
}

static void step_task(t2v_engine *engine, const struct t2v_task *task, bool ending)
{
    struct side *side = &engine->leader;
    struct t2v_runner *runner = &side->runner;
    struct t2v_stepped *done = NULL;
    struct t2v_err err = {0};
    int rc = task->steps->step(task, runner->team, ending, &done, &err);
    if (rc != 0)
        runner->lost = err;
    t2v_pulse_beat(&side->pulse, t2v_clock_ns());
    for (struct t2v_stepped *at = done; at != NULL && rc != 0; at = at->next) {
        if (at->err.code == T2V_EIO && runner->lost_message != NULL)
            t2v_fail(&at->err, T2V_EIO, "%s", runner->lost_message);
    }
    finish_stepped(side, done);
}

/* A step of each stepped task that has works. One may take long, as a batch may. */
static void step_all(t2v_engine *engine)
{
    struct t2v_queues *queues = &engine->leader.runner.queues;
    for (size_t i = 0; i < engine->n_stepped; i++) {
        const struct t2v_task *task = stepped_tasks(engine)[i];
        if (task->steps->is_idle(task))
            continue;
        t2v_inbox_lend(&engine->inbox, queues, false);
        step_task(engine, task, t2v_inbox_has_stopped(&engine->inbox));
        t2v_inbox_reclaim(&engine->inbox, queues);
    }
}

static void encode_batch(t2v_engine *engine)
{
    struct t2v_runner *runner = &engine->leader.runner;
    t2v_runner_fill(runner);
    t2v_inbox_lend(&engine->inbox, &runner->queues, t2v_runner_has_queries(runner));
    t2v_runner_encode(runner);
    t2v_inbox_reclaim(&engine->inbox, &runner->queues);
    t2v_runner_close(runner);
}

static void *lead(void *arg)
{
    t2v_engine *engine = arg;
    struct t2v_runner *runner = &engine->leader.runner;
    struct t2v_work *works;
    while (t2v_inbox_take_all(&engine->inbox, &runner->queues, look_at_steps(engine), &works)) {
        add_all(runner, works);
        if (!t2v_queues_are_empty(&runner->queues))
            encode_batch(engine);
        step_all(engine);
    }
    return NULL;
}

/* Takes small works while a batch of the leader's takes long. The system shares the processors
 * between the two; a work is one thread's from its first sequence to its last, since sums depend on
 * their order. */
static void *lead_express(void *arg)
{
    t2v_engine *engine = arg;
    struct side *side = &engine->express;
    struct t2v_work *works;
    size_t n;
    while (t2v_inbox_take_small(&engine->inbox, &side->runner.queues, &works, &n)) {
        for (size_t i = 0; i < n; i++) {
            t2v_pulse_enter(&side->pulse, t2v_clock_ns());
            t2v_pulse_drop(&engine->leader.pulse);
        }
        add_all(&side->runner, works);
        t2v_runner_finish_all(&side->runner);
    }
    return NULL;
}

static int start_side(struct side *side, void *(*fn)(void *), struct t2v_err *err)
{
    int rc = t2v_thread_start(&side->thread, fn, side->engine);
    side->is_started = rc == 0;
    return rc == 0 ? 0 : t2v_fail(err, rc, "the engine's threads cannot be started");
}

static int init_side(t2v_engine *engine, struct side *side, size_t most_tok, int n_thread,
                     struct t2v_runner_calls calls, struct t2v_err *err)
{
    struct t2v_runner_options options = {
        .tasks = engine->tasks,
        .n_task = engine->n_task,
        .most_tok = most_tok,
        .n_thread = n_thread,
        .max_text_tok = engine->options.max_text_tok,
    };
    if (engine->options.leader) /* clients are not told of paths */
        options.lost_message = "a file of the model changed while it was in use";
    calls.user = side;
    side->engine = engine;
    return t2v_runner_init(&side->runner, &options, &calls, err);
}

static int init_leader(t2v_engine *engine, struct t2v_err *err)
{
    const struct t2v_runner_calls calls = {
        .slow = engine->options.leader ? give_to_feeder : NULL,
        .encoded = count_batch,
        .complete = hand_back,
    };
    return init_side(engine, &engine->leader, SIZE_MAX, engine->options.n_thread, calls, err);
}

/* The threads and what they need beside the leader's runner. Nothing of the express thread's memory
 * is touched before it is used. */
static int start_threads(t2v_engine *engine, struct t2v_err *err)
{
    const struct t2v_runner_calls calls = {
        .too_long = give_to_leader,
        .encoded = count_batch,
        .complete = hand_back_express,
    };
    int rc = t2v_feeder_new(engine->n_task, engine->options.max_text_tok, on_fed, engine,
                            &engine->feeder);
    if (rc != 0)
        return t2v_fail(err, rc, "the feeder's thread cannot be started");
    rc = init_side(engine, &engine->express, T2V_BATCH_TOK, 1, calls, err);
    if (rc == 0)
        rc = start_side(&engine->express, lead_express, err);
    if (rc != 0)
        return rc;
    engine->inbox.has_express = true;
    return start_side(&engine->leader, lead, err);
}

/* Stepped tasks last. */
static int copy_tasks(t2v_engine *engine, const struct t2v_task *const *tasks, size_t n_task)
{
    engine->tasks = t2v_alloc_zero(n_task, sizeof *engine->tasks);
    engine->by_task = t2v_alloc_zero(n_task, sizeof *engine->by_task);
    if (engine->tasks == NULL || engine->by_task == NULL)
        return T2V_ENOMEM;
    for (size_t i = 0; i < n_task; i++) {
        if (tasks[i]->steps == NULL)
            engine->tasks[engine->n_task++] = tasks[i];
    }
    for (size_t i = 0; i < n_task; i++) {
        if (tasks[i]->steps != NULL)
            engine->tasks[engine->n_task + engine->n_stepped++] = tasks[i];
    }
    return 0;
}

int t2v_engine_new(const struct t2v_task *const *tasks, size_t n_task,
                   const struct t2v_engine_options *options, t2v_engine **out, struct t2v_err *err)
{
    assert(n_task > 0);
    t2v_engine *engine = t2v_alloc_zero(1, sizeof *engine);
    if (engine == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the engine");
    engine->options = *options;
    engine->stats.batch_tok.first = engine->stats.batch_seq.first = 1;
    pthread_mutex_init(&engine->lock, NULL);
    int rc = t2v_inbox_init(&engine->inbox, n_task);
    if (rc == 0)
        rc = copy_tasks(engine, tasks, n_task);
    if (rc != 0)
        t2v_fail(err, rc, "no memory for the engine");
    if (rc == 0)
        rc = init_leader(engine, err);
    if (rc == 0 && options->leader)
        rc = start_threads(engine, err);
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
    t2v_inbox_stop(&engine->inbox);
    if (engine->leader.is_started)
        pthread_join(engine->leader.thread, NULL);
    if (engine->express.is_started)
        pthread_join(engine->express.thread, NULL);
    t2v_feeder_free(engine->feeder);
    t2v_runner_deinit(&engine->leader.runner);
    t2v_runner_deinit(&engine->express.runner);
    t2v_inbox_deinit(&engine->inbox);
    pthread_mutex_destroy(&engine->lock);
    t2v_free(engine->tasks);
    t2v_free(engine->by_task);
    t2v_free(engine);
}

/* --- from other threads --- */

static size_t index_of(const t2v_engine *engine, const struct t2v_task *task)
{
    size_t i = 0;
    while (task != NULL && engine->tasks[i] != task) {
        i++;
        assert(i < engine->n_task + engine->n_stepped);
    }
    return i;
}

static void reset(const t2v_engine *engine, struct t2v_work *work)
{
    work->err = (struct t2v_err){0};
    work->err_text = 0;
    work->result = (struct t2v_result){0};
    work->n_tok = work->n_cut = 0;
    work->begun_ns = 0;
    work->encode_ns = 0;
    work->next = NULL;
    work->which = index_of(engine, work->task);
    work->bytes = t2v_small_bytes(work);
    work->queued_ns = t2v_clock_ns();
}

/* Counts a work. Returns how many of its kind there were: each kind has places of its own. */
static size_t enter(t2v_engine *engine, const struct t2v_work *work)
{
    size_t all = t2v_pulse_enter(&engine->leader.pulse, t2v_clock_ns()) +
                 t2v_pulse_waiting(&engine->express.pulse);
    if (t2v_work_is_stepped(work))
        return atomic_fetch_add(&engine->n_stepped_work, 1);
    return all - atomic_load(&engine->n_stepped_work);
}

int t2v_engine_submit(t2v_engine *engine, struct t2v_work *work)
{
    if (enter(engine, work) >= engine->options.max_queue) {
        atomic_fetch_sub(&engine->n_stepped_work, t2v_work_is_stepped(work) ? 1 : 0);
        t2v_pulse_drop(&engine->leader.pulse);
        return T2V_EBUSY;
    }
    reset(engine, work);
    t2v_inbox_put(&engine->inbox, work, t2v_work_is_stepped(work));
    return 0;
}

void t2v_engine_wake(t2v_engine *engine)
{
    t2v_inbox_wake(&engine->inbox);
}

void t2v_work_cancel(struct t2v_work *work)
{
    atomic_store(&work->cancelled, true);
}

void t2v_engine_run(t2v_engine *engine, struct t2v_work *work)
{
    struct side *side = &engine->leader;
    reset(engine, work);
    t2v_pulse_enter(&side->pulse, work->queued_ns);
    if (!t2v_work_is_stepped(work)) {
        t2v_runner_add(&side->runner, work);
        t2v_runner_finish_all(&side->runner);
        return;
    }
    const struct t2v_task *task = work->task; /* `done` may free the work */
    add_stepped(work);
    while (!task->steps->is_idle(task))
        step_task(engine, task, true);
}

static uint64_t stalled_ms(struct side *side, uint64_t now_ns)
{
    unsigned steps = t2v_team_steps(side->runner.team) + t2v_guard_steps();
    if (atomic_exchange(&side->seen_steps, steps) != steps)
        t2v_pulse_beat(&side->pulse, now_ns);
    return t2v_pulse_stalled_ms(&side->pulse, now_ns);
}

uint64_t t2v_engine_stalled_ms(t2v_engine *engine)
{
    uint64_t now_ns = t2v_clock_ns(), leader_ms = stalled_ms(&engine->leader, now_ns);
    uint64_t express_ms = engine->options.leader ? stalled_ms(&engine->express, now_ns) : 0;
    return leader_ms > express_ms ? leader_ms : express_ms;
}

void t2v_engine_resumed(t2v_engine *engine)
{
    t2v_pulse_beat(&engine->leader.pulse, t2v_clock_ns());
    t2v_pulse_beat(&engine->express.pulse, t2v_clock_ns());
}

int t2v_engine_threads(const t2v_engine *engine)
{
    return engine->options.n_thread;
}

size_t t2v_engine_max_text_tok(const t2v_engine *engine)
{
    return engine->options.max_text_tok;
}

void t2v_engine_get_stats(t2v_engine *engine, struct t2v_engine_stats *out)
{
    pthread_mutex_lock(&engine->lock);
    *out = engine->stats;
    pthread_mutex_unlock(&engine->lock);
    out->n_waiting =
        t2v_pulse_waiting(&engine->leader.pulse) + t2v_pulse_waiting(&engine->express.pulse);
}

void t2v_engine_add_task_stats(t2v_engine *engine, const struct t2v_task *task,
                               struct t2v_task_stats *out)
{
    const struct t2v_task_stats *stats = &engine->by_task[index_of(engine, task)];
    pthread_mutex_lock(&engine->lock);
    out->n_work += stats->n_work;
    out->n_batch += stats->n_batch;
    out->n_tok += stats->n_tok;
    out->n_seq += stats->n_seq;
    pthread_mutex_unlock(&engine->lock);
}
