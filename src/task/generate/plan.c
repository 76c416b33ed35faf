/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/plan.h"

#include <string.h>

#include "base/banned.h"

/* What a step should take in nanoseconds: while tokens are being streamed, and while there are only
 * prompts. A shorter one would read the weights too often for a prompt's rows. */
static const double stream_ns = 60e6, prompt_ns = 120e6;

/* A sequence that takes more of a step beside the pass takes long. Of those that have a grammar it
 * is not known at first. */
static const double slow_ns = 2e6, unknown_pick_ns = 10e6;

/* It has begun before those that wait. */
static void push_waiting_first(struct t2v_scheduler *scheduler, struct t2v_sequence *sequence)
{
    sequence->next = scheduler->waiting;
    scheduler->waiting = sequence;
    if (sequence->next == NULL)
        scheduler->waiting_end = &sequence->next;
}

static void push_waiting_last(struct t2v_scheduler *scheduler, struct t2v_sequence *sequence)
{
    sequence->next = NULL;
    *scheduler->waiting_end = sequence;
    scheduler->waiting_end = &sequence->next;
}

static void unlink_waiting(struct t2v_scheduler *scheduler, struct t2v_sequence **at)
{
    *at = (*at)->next;
    if (*at == NULL)
        scheduler->waiting_end = at;
}

void t2v_plan_queue(struct t2v_scheduler *scheduler, struct t2v_generation *generation)
{
    generation->next_queued = NULL;
    *scheduler->queue_end = generation;
    scheduler->queue_end = &generation->next_queued;
}

static void unlink_queued(struct t2v_scheduler *scheduler, struct t2v_generation **at)
{
    *at = (*at)->next_queued;
    if (*at == NULL)
        scheduler->queue_end = at;
}

void t2v_plan_fail(struct t2v_generation *generation, int rc)
{
    if (generation->rc != 0)
        return;
    const char *why = rc == T2V_ENOMEM   ? "no memory for the sequence"
                      : rc == T2V_EMODEL ? "the model's logits are not finite"
                      : rc == T2V_ETOOLARGE
                          ? "the schema leaves too many ways to go on with the text"
                          : "the text of the sequence cannot be decoded";
    generation->rc = t2v_fail(&generation->work->err, rc, "%s", why);
}

static void run(struct t2v_scheduler *scheduler, struct t2v_sequence *sequence)
{
    scheduler->running[scheduler->n_running++] = sequence;
    sequence->generation->n_running++;
}

void t2v_plan_remove(struct t2v_scheduler *scheduler, size_t i)
{
    scheduler->running[i]->generation->n_running--;
    scheduler->n_running--;
    memmove(&scheduler->running[i], &scheduler->running[i + 1],
            (scheduler->n_running - i) * sizeof *scheduler->running);
}

/* Running sequence i gives its pages back, and is to wait. */
static struct t2v_sequence *preempt(struct t2v_scheduler *scheduler, size_t i)
{
    struct t2v_sequence *sequence = scheduler->running[i];
    t2v_plan_remove(scheduler, i);
    t2v_sequence_release(sequence, scheduler->pool);
    pthread_mutex_lock(&scheduler->lock);
    scheduler->stats.n_preempted++;
    pthread_mutex_unlock(&scheduler->lock);
    return sequence;
}

/* Which of the running sequences from `first` on is to make room: one whose client is slow, else
 * one of the work that has most; the one that began last. There must be one. */
static size_t find_victim(const struct t2v_scheduler *scheduler, size_t first)
{
    size_t victim = first;
    for (size_t i = first; i < scheduler->n_running; i++) {
        const struct t2v_generation *worst = scheduler->running[victim]->generation,
                                    *generation = scheduler->running[i]->generation;
        if (generation->paused != worst->paused ? generation->paused
                                                : generation->n_running >= worst->n_running)
            victim = i;
    }
    return victim;
}

/* Room for a sequence of n tokens among those that run, if need be that of a slow client, or, for
 * the first sequence of a work, that of a work with several. */
static bool make_room(struct t2v_scheduler *scheduler, size_t n_tok, bool first)
{
    for (;;) {
        size_t needed = t2v_page_count(n_tok + 1) + scheduler->n_running;
        bool fits = scheduler->n_running == 0 || needed <= t2v_pool_n_free(scheduler->pool);
        if (fits && scheduler->n_running < T2V_PASS_SEQ)
            return true;
        size_t victim = find_victim(scheduler, 0);
        const struct t2v_generation *worst = scheduler->running[victim]->generation;
        if (!worst->paused && !(first && worst->n_running > 1))
            return false;
        push_waiting_last(scheduler, preempt(scheduler, victim));
    }
}

/* The next choice of the first work in the queue begins. */
static void begin_next(struct t2v_scheduler *scheduler, struct t2v_generation **at)
{
    struct t2v_generation *generation = *at;
    const struct t2v_generate *generate = generation->generate;
    struct t2v_choice *choice = &generate->choices[generation->n_begun];
    struct t2v_sequence *sequence;
    int rc = t2v_sequence_new(scheduler->causal, generate, choice, &sequence);
    unlink_queued(scheduler, at);
    if (rc != 0) {
        t2v_plan_fail(generation, rc);
        return;
    }
    sequence->generation = generation;
    run(scheduler, sequence);
    if (++generation->n_begun < generate->n_choice)
        t2v_plan_queue(scheduler, generation);
}

/* first: only those whose works have none running. False: there is no room for the next. */
static bool go_on(struct t2v_scheduler *scheduler, bool first)
{
    struct t2v_sequence **at = &scheduler->waiting;
    while (*at != NULL) {
        struct t2v_sequence *sequence = *at;
        const struct t2v_generation *generation = sequence->generation;
        if (generation->paused || (first && generation->n_running != 0)) {
            at = &sequence->next;
            continue;
        }
        if (!make_room(scheduler, sequence->n_id, first))
            return false;
        unlink_waiting(scheduler, at);
        run(scheduler, sequence);
    }
    return true;
}

/* first: only works of which nothing has begun. */
static bool begin_all(struct t2v_scheduler *scheduler, bool first)
{
    struct t2v_generation **at = &scheduler->queue;
    while (*at != NULL) {
        const struct t2v_generation *generation = *at;
        const struct t2v_choice *choices = generation->generate->choices;
        if (generation->paused || (first && generation->n_begun != 0)) {
            at = &(*at)->next_queued;
            continue;
        }
        if (!make_room(scheduler, choices[generation->n_begun].n_prompt, first))
            return false;
        begin_next(scheduler, at);
    }
    return true;
}

void t2v_plan_admit(struct t2v_scheduler *scheduler)
{
    bool room = go_on(scheduler, true) && begin_all(scheduler, true) && go_on(scheduler, false);
    if (room)
        begin_all(scheduler, false);
}

static bool is_prompt(const struct t2v_sequence *sequence)
{
    return t2v_sequence_left(sequence) > 1;
}

size_t t2v_plan_count_streams(const struct t2v_scheduler *scheduler)
{
    size_t n = 0;
    for (size_t i = 0; i < scheduler->n_running; i++)
        n += !is_prompt(scheduler->running[i]) && !scheduler->running[i]->generation->paused;
    return n;
}

/* What a step should take. */
static double step_ns(const struct t2v_scheduler *scheduler)
{
    return t2v_plan_count_streams(scheduler) != 0 ? stream_ns : prompt_ns;
}

/* What a step still has for rows of prompts. */
struct room {
    size_t fewest, most; /* rows, whatever they take; and in all */
    double ns;
};

/* Where a step without prompts takes long, they have as much time again. */
static struct room room_of(const struct t2v_scheduler *scheduler)
{
    size_t n_stream = t2v_plan_count_streams(scheduler);
    double step = scheduler->cost.step_ns, left = step_ns(scheduler) - step;
    return (struct room){
        .fewest = n_stream != 0 ? T2V_PLAN_FEWEST_STREAM : T2V_PLAN_FEWEST_PROMPT,
        .most = T2V_PASS_TOK - n_stream,
        .ns = left < step ? step : left,
    };
}

/* How many of a prompt's `left` rows after `past` tokens there is room for. */
static size_t fit(const struct t2v_cost *cost, const struct room *room, size_t past, size_t left)
{
    size_t n = cost->row_ns != 0 ? t2v_cost_rows(cost, past, room->ns) : 0;
    n = n < room->fewest ? room->fewest : n;
    n = n < room->most ? n : room->most;
    return n < left ? n : left;
}

static void take(struct t2v_scheduler *scheduler, struct room *room, size_t past, size_t n)
{
    room->fewest -= n < room->fewest ? n : room->fewest;
    room->most -= n;
    room->ns -= t2v_cost_of(&scheduler->cost, past, n);
    scheduler->n_prompt += n;
    scheduler->n_prompt_key += t2v_cost_keys(past, n);
}

/* True if an older sequence of this step computes the same page, so that this one can have it in
 * the next step. */
static bool is_being_made(const struct t2v_scheduler *scheduler, size_t i)
{
    const struct t2v_sequence *sequence = scheduler->running[i];
    size_t at = sequence->kv.n_tok;
    if (at % T2V_PAGE_TOK != 0 || t2v_sequence_left(sequence) <= T2V_PAGE_TOK)
        return false;
    for (size_t j = 0; j < i; j++) {
        const struct t2v_sequence *older = scheduler->running[j];
        if (older->n_row > 1 && older->kv.n_tok == at && older->key == sequence->key &&
            t2v_sequence_left(older) >= T2V_PAGE_TOK &&
            memcmp(older->ids + at, sequence->ids + at, T2V_PAGE_TOK * sizeof *older->ids) == 0)
            return true;
    }
    return false;
}

/* Pages for n more tokens of running sequence i, if need be from one after it. False: it waits
 * itself now, or has failed. */
static bool reserve(struct t2v_scheduler *scheduler, size_t i, size_t n)
{
    struct t2v_sequence *sequence = scheduler->running[i];
    int rc;
    while ((rc = t2v_sequence_reserve(sequence, scheduler->pool, n)) == T2V_EBUSY) {
        size_t victim = i + 1 < scheduler->n_running ? find_victim(scheduler, i + 1) : i;
        push_waiting_first(scheduler, preempt(scheduler, victim));
        if (victim == i)
            return false;
    }
    if (rc != 0)
        t2v_plan_fail(sequence->generation, rc);
    return rc == 0;
}

/* What it takes of a step beside the pass. */
static double cost_of(const struct t2v_generation *generation)
{
    if (generation->paused)
        return 0;
    bool unknown = generation->pick_ns == 0 && generation->generate->schema != NULL;
    return unknown ? unknown_pick_ns : generation->pick_ns;
}

void t2v_plan_choose_slow(struct t2v_scheduler *scheduler, double ns)
{
    size_t n = scheduler->n_running, first = scheduler->slow_turn;
    bool full = false;
    double left = ns;
    for (size_t k = 0; k < n; k++) {
        size_t i = (first + k) % n;
        struct t2v_sequence *sequence = scheduler->running[i];
        double cost = cost_of(sequence->generation);
        sequence->skipped = cost > slow_ns && left <= 0;
        if (sequence->skipped && !full) {
            scheduler->slow_turn = i;
            full = true;
        }
        left -= cost > slow_ns ? cost : 0;
    }
}

/* How many tokens of running sequence i this step has. */
static size_t rows_of(struct t2v_scheduler *scheduler, size_t i, const struct room *room)
{
    struct t2v_sequence *sequence = scheduler->running[i];
    const struct t2v_generation *generation = sequence->generation;
    if (generation->paused || generation->rc != 0 || sequence->skipped)
        return 0;
    if (!is_prompt(sequence))
        return 1;
    bool rated = generation->generate->prompt_logprobs && sequence->choice->n_token == 0;
    if (!rated && t2v_sequence_adopt(sequence, scheduler->pool) != 0)
        return 0; /* no memory now; without the others' pages it goes on in the next step */
    if (!rated && is_being_made(scheduler, i))
        return 0;
    return fit(&scheduler->cost, room, sequence->kv.n_tok, t2v_sequence_left(sequence));
}

void t2v_plan_fill(struct t2v_scheduler *scheduler)
{
    struct room room = room_of(scheduler);
    scheduler->n_prompt = 0;
    scheduler->n_prompt_key = 0;
    t2v_pass_clear(&scheduler->pass);
    t2v_plan_choose_slow(scheduler, step_ns(scheduler));
    for (size_t i = 0; i < scheduler->n_running; i++)
        scheduler->running[i]->n_row = 0;
    for (size_t i = 0; i < scheduler->n_running; i++) {
        struct t2v_sequence *sequence = scheduler->running[i];
        bool prompt = is_prompt(sequence); /* others' pages may leave one token of it */
        size_t n = rows_of(scheduler, i, &room);
        if (n == 0 || !reserve(scheduler, i, n))
            continue;
        if (prompt)
            take(scheduler, &room, sequence->kv.n_tok, n);
        sequence->n_row = n;
        sequence->row =
            t2v_pass_place(&scheduler->pass, &sequence->kv, sequence->ids + sequence->kv.n_tok, n);
    }
}
