/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/plan.h"

#include <string.h>

#include "base/banned.h"

/* What a step should take in nanoseconds: while tokens are being streamed, and while there are only
 * prompts. And how many tokens of prompts a step has at least. */
static const double stream_ns = 40e6, prompt_ns = 120e6;
enum { FEWEST_STREAM = 16 };

/* It has begun before those that wait. */
static void push_waiting_first(struct t2v_scheduler *scheduler, struct t2v_sequence *sequence)
{
    sequence->next = scheduler->waiting;
    scheduler->waiting = sequence;
    if (sequence->next == NULL)
        scheduler->waiting_end = &sequence->next;
}

static struct t2v_sequence *pop_waiting(struct t2v_scheduler *scheduler)
{
    struct t2v_sequence *sequence = scheduler->waiting;
    scheduler->waiting = sequence->next;
    if (scheduler->waiting == NULL)
        scheduler->waiting_end = &scheduler->waiting;
    return sequence;
}

void t2v_plan_fail(struct t2v_generation *generation, int rc)
{
    if (generation->rc != 0)
        return;
    const char *why = rc == T2V_ENOMEM   ? "no memory for the sequence"
                      : rc == T2V_EMODEL ? "the model's logits are not finite"
                                         : "the text of the sequence cannot be decoded";
    generation->rc = t2v_fail(&generation->work->err, rc, "%s", why);
}

void t2v_plan_admit(struct t2v_scheduler *scheduler)
{
    while (scheduler->waiting != NULL && scheduler->n_running < T2V_PASS_SEQ) {
        size_t needed = t2v_page_count(scheduler->waiting->n_id + 1) + scheduler->n_running;
        if (scheduler->n_running > 0 && needed > t2v_pool_n_free(scheduler->pool))
            return;
        scheduler->running[scheduler->n_running++] = pop_waiting(scheduler);
    }
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

/* Tokens of prompts in a step. */
static size_t prompt_budget(const struct t2v_scheduler *scheduler, size_t n_stream)
{
    size_t fewest = n_stream != 0 ? FEWEST_STREAM : T2V_PLAN_FEWEST_PROMPT;
    size_t most = T2V_PASS_TOK - n_stream;
    if (scheduler->ns_of_tok == 0)
        return fewest;
    double budget = (n_stream != 0 ? stream_ns : prompt_ns) / scheduler->ns_of_tok;
    return budget < (double)fewest ? fewest : budget < (double)most ? (size_t)budget : most;
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

/* The sequence that began last gives its pages back, and waits. */
static void preempt_last(struct t2v_scheduler *scheduler)
{
    struct t2v_sequence *sequence = scheduler->running[--scheduler->n_running];
    t2v_sequence_release(sequence, scheduler->pool);
    push_waiting_first(scheduler, sequence);
    pthread_mutex_lock(&scheduler->lock);
    scheduler->stats.n_preempted++;
    pthread_mutex_unlock(&scheduler->lock);
}

/* Pages for n more tokens of running sequence i, if need be from those that began later. False: it
 * waits itself now, or has failed. */
static bool reserve(struct t2v_scheduler *scheduler, size_t i, size_t n)
{
    struct t2v_sequence *sequence = scheduler->running[i];
    int rc;
    while ((rc = t2v_sequence_reserve(sequence, scheduler->pool, n)) == T2V_EBUSY) {
        preempt_last(scheduler);
        if (scheduler->n_running == i)
            return false;
    }
    if (rc != 0)
        t2v_plan_fail(sequence->generation, rc);
    return rc == 0;
}

/* How many tokens of running sequence i this step has; prompts may have `budget` more. */
static size_t rows_of(struct t2v_scheduler *scheduler, size_t i, size_t budget)
{
    struct t2v_sequence *sequence = scheduler->running[i];
    const struct t2v_generation *generation = sequence->generation;
    if (generation->paused || generation->rc != 0)
        return 0;
    if (!is_prompt(sequence))
        return 1;
    bool rated = generation->generate->prompt_logprobs && sequence->choice->n_token == 0;
    if (!rated && t2v_sequence_adopt(sequence, scheduler->pool) != 0)
        return 0; /* no memory now; without the others' pages it goes on in the next step */
    size_t left = t2v_sequence_left(sequence);
    if (!rated && is_being_made(scheduler, i))
        return 0;
    return left < budget ? left : budget;
}

void t2v_plan_fill(struct t2v_scheduler *scheduler)
{
    size_t budget = prompt_budget(scheduler, t2v_plan_count_streams(scheduler));
    t2v_pass_clear(&scheduler->pass);
    for (size_t i = 0; i < scheduler->n_running; i++)
        scheduler->running[i]->n_row = 0;
    for (size_t i = 0; i < scheduler->n_running; i++) {
        struct t2v_sequence *sequence = scheduler->running[i];
        size_t n = rows_of(scheduler, i, budget);
        if (n == 0)
            continue;
        budget -= is_prompt(sequence) ? n : 0;
        if (!reserve(scheduler, i, n))
            continue;
        sequence->n_row = n;
        sequence->row =
            t2v_pass_place(&scheduler->pass, &sequence->kv, sequence->ids + sequence->kv.n_tok, n);
    }
}
