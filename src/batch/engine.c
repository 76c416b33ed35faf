/* SPDX-License-Identifier: BSD-3-Clause */
#include "batch/engine.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/mem.h"
#include "base/pulse.h"
#include "base/team.h"
#include "base/thread.h"
#include "batch/feeder.h"
#include "batch/progress.h"

#include "base/banned.h"

/* Tokens that one batch may hold; a longer sequence, if the model takes one, is a batch of its own.
 * Within these bounds it is what the team was seen to encode in BATCH_NS: so long may a batch of
 * other people's work hold up a short request. With the fewest the kernels are near their best. */
enum { BATCH_TOK = 1024, FEWEST_TOK = 128, BATCH_NS = 50 * 1000 * 1000 };

struct list {
    struct t2v_progress *head, **tail;
};

/* Whose vector a sequence of the batch adds to. */
struct slot {
    struct t2v_progress *progress;
    size_t text;
};

struct t2v_engine {
    const t2v_model *model;
    struct t2v_engine_options options;
    size_t hidden_dim, width; /* of a token's state, of a pooled row */
    size_t max_tok;           /* of a batch: BATCH_TOK, or the longest sequence */
    t2v_team *team;

    /* The leader's own. */
    t2v_token_space *space;
    t2v_scratch *scratch;
    struct list active;  /* has sequences left; the head is next */
    struct list closing; /* all its sequences are in this batch or before */
    size_t n_away;       /* works that are with the feeder */
    int32_t *ids;        /* [max_tok] */
    size_t *start;       /* [BATCH_TOK + 1] */
    struct slot *slots;  /* [BATCH_TOK] */
    struct t2v_seqs seqs;
    struct t2v_err lost; /* the model's files are not what they were: no answer may be believed */
    size_t budget;       /* tokens of the next batch */
    double ns_of_tok;    /* a running mean; 0: nothing is known yet */
    float *hidden;       /* [max_tok, hidden_dim] */
    float *pooled;       /* [BATCH_TOK, width]: n_seq of them */
    float *spare;        /* as pooled */

    /* Shared, under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct t2v_work *queue, **queue_tail;
    struct list fed; /* back from the feeder */
    bool stop;
    struct t2v_engine_stats stats;
    bool has_leader;
    pthread_t leader;
    t2v_feeder *feeder;     /* NULL without a leader */
    struct t2v_pulse pulse; /* of works queued or running */
    atomic_uint seen_steps; /* of the team, when a stall was last looked for */
};

static void list_init(struct list *list)
{
    list->head = NULL;
    list->tail = &list->head;
}

static void list_push(struct list *list, struct t2v_progress *progress)
{
    progress->next = NULL;
    *list->tail = progress;
    list->tail = &progress->next;
}

static struct t2v_progress *list_pop(struct list *list)
{
    struct t2v_progress *progress = list->head;
    if (progress != NULL) {
        list->head = progress->next;
        if (list->head == NULL)
            list->tail = &list->head;
    }
    return progress;
}

static void list_push_front(struct list *list, struct t2v_progress *progress)
{
    progress->next = list->head;
    if (list->head == NULL)
        list->tail = &progress->next;
    list->head = progress;
}

/* --- one work --- */

/* The sums become vectors. A model with broken weights can give what is no number, and JSON has no
 * word for that: such an answer is an error. */
static void finish(t2v_engine *engine, struct t2v_progress *progress)
{
    struct t2v_work *work = progress->work;
    t2v_progress_settle(progress);
    for (size_t t = 0; t < work->n_text && work->err.code == 0; t++) {
        float *vector = work->vectors + t * work->dim;
        bool finite = true;
        t2v_model_finish(engine->model, vector, work->dim, progress->divisors[t]);
        for (size_t i = 0; i < work->dim; i++)
            finite &= isfinite(vector[i]) != 0;
        if (!finite) {
            t2v_fail(&work->err, T2V_EMODEL, "the model gave a vector that is not finite");
            work->err_text = t;
        }
    }
    t2v_progress_free(progress);
}

static void hand_back(t2v_engine *engine, struct t2v_work *work)
{
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

/* --- one batch --- */

/* Lays the next ready sequence at the end of the batch. */
static void place(t2v_engine *engine, struct t2v_progress *progress, size_t n_tok)
{
    struct t2v_seqs *seqs = &engine->seqs;
    size_t text = t2v_progress_take(progress, engine->ids + seqs->n_tok);
    engine->slots[seqs->n_seq] = (struct slot){progress, text};
    seqs->n_tok += n_tok;
    seqs->n_seq++;
    engine->start[seqs->n_seq] = seqs->n_tok;
    if (progress->work->n_tok == 0)
        progress->work->begun_ns = t2v_clock_ns();
    progress->work->n_tok += n_tok;
}

/* Sees to it that a sequence of the work is ready, if it has one. False: the feeder has the work
 * now. */
static bool make_ready(t2v_engine *engine, struct t2v_progress *progress, uint64_t deadline_ns)
{
    struct t2v_work *work = progress->work;
    if (atomic_load(&work->cancelled)) {
        t2v_fail(&work->err, T2V_EBUSY, "given up: the client has left");
        progress->ended = true;
        return true;
    }
    if (progress->ended || t2v_progress_peek(progress) != 0)
        return true;
    if (engine->feeder != NULL && t2v_progress_is_slow(progress)) {
        engine->n_away++;
        t2v_feeder_give(engine->feeder, progress);
        return false;
    }
    struct t2v_fill fill = {1, SIZE_MAX, deadline_ns, engine->options.max_text_tok};
    t2v_progress_fill(progress, engine->model, engine->space, &fill);
    return true;
}

/* Fills the batch from all active works in turn, a sequence at a time, for BATCH_NS at most; a work
 * without a further sequence (or with an error) goes to the closing list. */
static void fill(t2v_engine *engine)
{
    uint64_t deadline_ns = t2v_clock_ns() + BATCH_NS;
    struct t2v_seqs *seqs = &engine->seqs;
    *seqs = (struct t2v_seqs){.ids = engine->ids, .start = engine->start};
    engine->start[0] = 0;
    struct t2v_progress *progress;
    while (seqs->n_tok < engine->budget && (progress = list_pop(&engine->active)) != NULL) {
        if (!make_ready(engine, progress, deadline_ns))
            continue;
        size_t n_tok = t2v_progress_peek(progress);
        if (progress->work->err.code != 0 || (progress->ended && n_tok == 0)) {
            list_push(&engine->closing, progress);
            continue;
        }
        if (n_tok != 0 && seqs->n_seq > 0 && seqs->n_tok + n_tok > engine->budget) {
            list_push_front(&engine->active, progress);
            return;
        }
        if (n_tok != 0)
            place(engine, progress, n_tok);
        list_push(&engine->active, progress);
        if (t2v_clock_ns() >= deadline_ns)
            return;
    }
}

/* What each lane does with a batch. */
static void encode(void *arg, const struct t2v_lane *lane)
{
    t2v_engine *engine = arg;
    const struct t2v_seqs *seqs = &engine->seqs;
    t2v_encoder_forward(t2v_model_encoder(engine->model), lane, seqs, engine->scratch,
                        engine->hidden);
    size_t begin, end;
    t2v_lane_share(lane, seqs->n_seq, 1, &begin, &end);
    for (size_t s = begin; s < end; s++)
        t2v_pool(&engine->slots[s].progress->plan,
                 engine->hidden + seqs->start[s] * engine->hidden_dim,
                 seqs->start[s + 1] - seqs->start[s], engine->hidden_dim,
                 engine->pooled + s * engine->width);
    t2v_model_project(engine->model, engine->pooled + begin * engine->width,
                      engine->spare + begin * engine->width, end - begin);
}

/* Adds each sequence's vector to its text's, in the order of the text. */
static void scatter(t2v_engine *engine)
{
    for (size_t s = 0; s < engine->seqs.n_seq; s++) {
        const struct slot *slot = &engine->slots[s];
        t2v_progress_add(slot->progress, slot->text, engine->pooled + s * engine->width);
    }
}

static void count_batch(t2v_engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    struct t2v_engine_stats *stats = &engine->stats;
    stats->n_batch++;
    stats->n_tok += engine->seqs.n_tok;
    stats->n_seq += engine->seqs.n_seq;
    t2v_hist_add(&stats->batch_tok, (double)engine->seqs.n_tok);
    t2v_hist_add(&stats->batch_seq, (double)engine->seqs.n_seq);
    pthread_mutex_unlock(&engine->lock);
    t2v_pulse_beat(&engine->pulse, t2v_clock_ns());
}

/* What the next batch may hold, after one that took ns. A small one says nothing: most of its time
 * goes to reading the weights. */
static void learn_budget(t2v_engine *engine, uint64_t ns)
{
    if (engine->seqs.n_tok < FEWEST_TOK)
        return;
    double seen = (double)ns / (double)engine->seqs.n_tok;
    bool first = engine->ns_of_tok == 0;
    engine->ns_of_tok += (seen - engine->ns_of_tok) * (first ? 1 : 0.25);
    double budget = BATCH_NS / engine->ns_of_tok;
    engine->budget = budget < FEWEST_TOK  ? FEWEST_TOK
                     : budget < BATCH_TOK ? (size_t)budget
                                          : BATCH_TOK;
}

/* One batch of what is filled in, from tokens to sums. */
static void run_batch(t2v_engine *engine)
{
    uint64_t begin = t2v_clock_ns();
    int said;
    do {
        unsigned mark = t2v_guard_mark();
        t2v_team_run(engine->team, encode, engine);
        said = t2v_guard_check(mark, &engine->lost);
    } while (said > 0);
    if (said < 0)
        return; /* rather no vector than a wrong one */
    learn_budget(engine, t2v_clock_ns() - begin);
    scatter(engine);
    count_batch(engine);
}

/* All that is active fails. Clients are not told of paths. */
static void give_up(t2v_engine *engine)
{
    struct t2v_progress *progress;
    while ((progress = list_pop(&engine->active)) != NULL)
        list_push(&engine->closing, progress);
    for (progress = engine->closing.head; progress != NULL; progress = progress->next) {
        if (progress->work->err.code == 0)
            t2v_fail(&progress->work->err, T2V_EIO, "%s",
                     engine->has_leader ? "a file of the model changed while it was in use"
                                        : engine->lost.msg);
    }
}

/* From what is active to answers. */
static void step(t2v_engine *engine)
{
    engine->seqs.n_seq = 0;
    if (engine->lost.code == 0)
        fill(engine);
    if (engine->seqs.n_seq > 0)
        run_batch(engine);
    if (engine->lost.code != 0)
        give_up(engine);
    struct t2v_progress *progress;
    while ((progress = list_pop(&engine->closing)) != NULL) {
        struct t2v_work *work = progress->work;
        finish(engine, progress);
        hand_back(engine, work);
    }
}

static void activate(t2v_engine *engine, struct t2v_work *work)
{
    struct t2v_progress *progress = t2v_progress_new(engine->model, work);
    if (progress != NULL)
        list_push(&engine->active, progress);
    else
        hand_back(engine, work);
}

/* --- the leader --- */

/* On the feeder's thread. */
static void on_fed(void *user, struct t2v_progress *progress)
{
    t2v_engine *engine = user;
    pthread_mutex_lock(&engine->lock);
    list_push(&engine->fed, progress);
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
    while (engine->queue == NULL && engine->fed.head == NULL && engine->active.head == NULL &&
           !(engine->stop && engine->n_away == 0))
        pthread_cond_wait(&engine->wake, &engine->lock);
    struct t2v_work *works = engine->queue;
    engine->queue = NULL;
    engine->queue_tail = &engine->queue;
    while ((progress = list_pop(&engine->fed)) != NULL) {
        engine->n_away--;
        list_push(&engine->active, progress);
    }
    *stop = works == NULL && engine->active.head == NULL;
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
            activate(engine, work);
            work = next;
        }
        step(engine);
    }
}

static int allocate(t2v_engine *engine)
{
    size_t max_tok = engine->max_tok, n_hidden;
    if (!t2v_mul(max_tok, engine->hidden_dim, &n_hidden))
        return T2V_ENOMEM;
    engine->ids = t2v_alloc_zero(max_tok, sizeof *engine->ids);
    engine->start = t2v_alloc_zero(BATCH_TOK + 1, sizeof *engine->start);
    engine->slots = t2v_alloc_zero(BATCH_TOK, sizeof *engine->slots);
    engine->hidden = t2v_alloc_aligned(n_hidden, sizeof(float));
    engine->pooled = t2v_alloc_aligned(BATCH_TOK * engine->width, sizeof(float));
    engine->spare = t2v_alloc_aligned(BATCH_TOK * engine->width, sizeof(float));
    if (engine->ids == NULL || engine->start == NULL || engine->slots == NULL ||
        engine->hidden == NULL || engine->pooled == NULL || engine->spare == NULL)
        return T2V_ENOMEM;
    int rc = t2v_token_space_new(&engine->space);
    if (rc == 0)
        rc = t2v_scratch_new(t2v_model_encoder(engine->model), max_tok, engine->options.n_thread,
                             &engine->scratch);
    return rc;
}

int t2v_engine_new(const t2v_model *model, const struct t2v_engine_options *options,
                   t2v_engine **out, struct t2v_err *err)
{
    t2v_engine *engine = t2v_alloc_zero(1, sizeof *engine);
    if (engine == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the engine");
    engine->model = model;
    engine->options = *options;
    engine->hidden_dim = t2v_encoder_shape(t2v_model_encoder(model))->hidden;
    engine->width = t2v_model_width(model);
    engine->max_tok = t2v_model_max_tok(model) > BATCH_TOK ? t2v_model_max_tok(model) : BATCH_TOK;
    engine->budget = FEWEST_TOK * 2; /* nobody knows yet how large the model is */
    engine->stats.batch_tok.first = engine->stats.batch_seq.first = 1;
    engine->queue_tail = &engine->queue;
    list_init(&engine->active);
    list_init(&engine->closing);
    list_init(&engine->fed);
    pthread_mutex_init(&engine->lock, NULL);
    pthread_cond_init(&engine->wake, NULL);
    int rc = allocate(engine);
    if (rc != 0)
        t2v_fail(err, rc, "no memory for batches of %zu tokens", engine->max_tok);
    if (rc == 0)
        rc = t2v_team_new(options->n_thread, &engine->team, err);
    if (rc == 0 && options->leader) {
        rc = t2v_feeder_new(model, options->max_text_tok, on_fed, engine, &engine->feeder);
        if (rc == 0)
            rc = t2v_thread_start(&engine->leader, lead, engine);
        engine->has_leader = rc == 0;
        if (rc != 0)
            t2v_fail(err, rc, "the engine's thread cannot be started");
    }
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
    t2v_team_free(engine->team);
    t2v_scratch_free(engine->scratch);
    t2v_token_space_free(engine->space);
    t2v_free(engine->ids);
    t2v_free(engine->start);
    t2v_free(engine->slots);
    t2v_free(engine->hidden);
    t2v_free(engine->pooled);
    t2v_free(engine->spare);
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
        atomic_fetch_sub(&engine->pulse.n_waiting, 1);
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
    activate(engine, work);
    while (engine->active.head != NULL)
        step(engine);
}

uint64_t t2v_engine_stalled_ms(t2v_engine *engine)
{
    unsigned steps = t2v_team_steps(engine->team) + t2v_guard_steps();
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
