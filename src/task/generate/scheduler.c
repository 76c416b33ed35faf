/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/scheduler.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "task/generate/plan.h"

#include "base/banned.h"

int t2v_scheduler_new(const struct t2v_causal *causal, t2v_pool *pool, size_t page_bytes,
                      int n_lane, t2v_scheduler **out)
{
    t2v_scheduler *scheduler = t2v_alloc_zero(1, sizeof *scheduler);
    if (scheduler == NULL)
        return T2V_ENOMEM;
    const t2v_net *net = t2v_model_net(causal->model);
    scheduler->causal = causal;
    scheduler->pool = pool;
    scheduler->page_bytes = page_bytes;
    scheduler->vocab = t2v_net_shape(net)->vocab;
    scheduler->queue_end = &scheduler->queue;
    scheduler->waiting_end = &scheduler->waiting;
    scheduler->done_end = &scheduler->done;
    scheduler->stats.first_token_s.first = 0.001;
    scheduler->stats.next_token_s.first = 0.001;
    pthread_mutex_init(&scheduler->lock, NULL);
    int rc = t2v_pass_init(&scheduler->pass, net, n_lane);
    if (rc != 0) {
        t2v_scheduler_free(scheduler);
        return rc;
    }
    *out = scheduler;
    return 0;
}

void t2v_scheduler_free(t2v_scheduler *scheduler)
{
    if (scheduler == NULL)
        return;
    t2v_pass_deinit(&scheduler->pass);
    pthread_mutex_destroy(&scheduler->lock);
    t2v_free(scheduler);
}

/* --- lists --- */

static void end_sequence(t2v_scheduler *scheduler, struct t2v_sequence *sequence)
{
    t2v_sequence_release(sequence, scheduler->pool);
    t2v_sequence_free(sequence);
}

/* --- works --- */

static void hand_over(t2v_scheduler *scheduler, struct t2v_stepped *work)
{
    work->next = NULL;
    *scheduler->done_end = work;
    scheduler->done_end = &work->next;
}

void t2v_scheduler_add(t2v_scheduler *scheduler, struct t2v_stepped *work)
{
    struct t2v_generation *generation = t2v_alloc_zero(1, sizeof *generation);
    if (generation == NULL) {
        t2v_fail(&work->err, T2V_ENOMEM, "no memory for the sequence");
        hand_over(scheduler, work);
        return;
    }
    generation->generate = work->params;
    generation->work = work;
    generation->added_ns = t2v_clock_ns();
    generation->n_left = generation->generate->n_choice;
    generation->next = scheduler->generations;
    scheduler->generations = generation;
    if (generation->n_left != 0)
        t2v_plan_queue(scheduler, generation);
}

/* Ends the sequences of works that have failed. */
static void drop_failed(t2v_scheduler *scheduler)
{
    struct t2v_generation **queued = &scheduler->queue;
    while (*queued != NULL) {
        if ((*queued)->rc != 0)
            *queued = (*queued)->next_queued;
        else
            queued = &(*queued)->next_queued;
    }
    scheduler->queue_end = queued;
    struct t2v_sequence **at = &scheduler->waiting;
    while (*at != NULL) {
        struct t2v_sequence *sequence = *at;
        if (sequence->generation->rc == 0) {
            at = &sequence->next;
            continue;
        }
        *at = sequence->next;
        end_sequence(scheduler, sequence);
    }
    scheduler->waiting_end = at;
    for (size_t i = scheduler->n_running; i-- > 0;) {
        struct t2v_sequence *sequence = scheduler->running[i];
        if (sequence->generation->rc != 0) {
            t2v_plan_remove(scheduler, i);
            end_sequence(scheduler, sequence);
        }
    }
}

/* Looks at what clients want now. True: a work has failed. */
static bool ask_clients(t2v_scheduler *scheduler, bool ending)
{
    bool failed = false;
    for (struct t2v_generation *g = scheduler->generations; g != NULL; g = g->next) {
        enum t2v_flow flow =
            g->generate->flow != NULL ? g->generate->flow(g->generate) : T2V_FLOW_OPEN;
        bool gone = flow == T2V_FLOW_GONE || (flow == T2V_FLOW_FULL && ending) ||
                    atomic_load(g->work->cancelled);
        g->paused = flow == T2V_FLOW_FULL;
        if (g->rc == 0 && gone)
            g->rc = t2v_fail(&g->work->err, T2V_EBUSY, "given up: the client has left");
        failed = failed || g->rc != 0;
    }
    return failed;
}

/* Hands over works that have ended. */
static void collect_done(t2v_scheduler *scheduler)
{
    struct t2v_generation **at = &scheduler->generations;
    while (*at != NULL) {
        struct t2v_generation *generation = *at;
        if (generation->rc == 0 && generation->n_left != 0) {
            at = &generation->next;
            continue;
        }
        *at = generation->next;
        hand_over(scheduler, generation->work);
        t2v_free(generation);
    }
}

bool t2v_scheduler_is_idle(const t2v_scheduler *scheduler)
{
    return scheduler->generations == NULL && scheduler->done == NULL;
}

bool t2v_scheduler_can_step(t2v_scheduler *scheduler)
{
    if (scheduler->done != NULL || ask_clients(scheduler, false))
        return true;
    for (struct t2v_generation *g = scheduler->generations; g != NULL; g = g->next) {
        if (!g->paused)
            return true;
    }
    return false;
}

/* --- after the pass --- */

static void count_token(t2v_scheduler *scheduler, const struct t2v_sequence *sequence,
                        uint64_t last_ns)
{
    const struct t2v_choice *choice = sequence->choice;
    bool first = choice->n_token == 1;
    uint64_t since = first ? sequence->generation->added_ns : last_ns;
    double seconds = (double)(choice->last_ns - since) / 1e9;
    pthread_mutex_lock(&scheduler->lock);
    scheduler->stats.n_new_tok++;
    scheduler->stats.n_reused_tok += first ? choice->n_reused : 0;
    t2v_hist_add(first ? &scheduler->stats.first_token_s : &scheduler->stats.next_token_s, seconds);
    pthread_mutex_unlock(&scheduler->lock);
}

/* Picks the sequence's next token, and tells of it. */
static int pick(t2v_scheduler *scheduler, struct t2v_sequence *sequence, float *logits)
{
    const struct t2v_generate *generate = sequence->generation->generate;
    struct t2v_choice *choice = sequence->choice;
    size_t n_text = choice->text.len;
    uint64_t last_ns = choice->last_ns;
    int rc = t2v_sequence_pick(sequence, generate, logits);
    if (rc != 0)
        return rc;
    count_token(scheduler, sequence, last_ns);
    if (generate->on_token != NULL)
        generate->on_token(generate, choice, t2v_str_skip(t2v_buf_str(&choice->text), n_text));
    if (choice->finish != T2V_FINISH_NONE)
        sequence->generation->n_left--;
    return 0;
}

/* A running mean, which begins with what it is first. */
static void note_ns(double *mean_ns, double ns)
{
    *mean_ns += (ns - *mean_ns) * (*mean_ns == 0 ? 1.0 : 0.125);
}

/* Computes the logits that are wanted, and uses them. */
static int use_logits(t2v_scheduler *scheduler, t2v_team *team, struct t2v_err *err)
{
    struct t2v_pass *pass = &scheduler->pass;
    uint64_t begin_ns = t2v_clock_ns();
    int rc = t2v_pass_logits(pass, team, scheduler->rows, scheduler->n_wanted, err);
    uint64_t last_ns = t2v_clock_ns();
    scheduler->compute_ns += last_ns - begin_ns;
    for (size_t i = 0; i < scheduler->n_wanted && rc == 0; i++) {
        struct t2v_sequence *sequence = scheduler->wanted[i].sequence;
        struct t2v_generation *generation = sequence->generation;
        float *logits = pass->logits + i * scheduler->vocab;
        size_t at = scheduler->wanted[i].at;
        if (generation->rc != 0)
            continue;
        int failed = at == 0 ? pick(scheduler, sequence, logits)
                             : t2v_sequence_rate(sequence, generation->generate, at, logits,
                                                 scheduler->vocab);
        if (failed != 0)
            t2v_plan_fail(generation, failed);
        uint64_t now_ns = t2v_clock_ns();
        if (at == 0)
            note_ns(&generation->pick_ns, (double)(now_ns - last_ns));
        last_ns = now_ns;
    }
    scheduler->n_wanted = 0;
    return rc;
}

static int want(t2v_scheduler *scheduler, t2v_team *team, struct t2v_sequence *sequence, size_t row,
                size_t at, struct t2v_err *err)
{
    size_t i = scheduler->n_wanted++;
    scheduler->rows[i] = row;
    scheduler->wanted[i] = (struct wanted){sequence, at};
    return scheduler->n_wanted == T2V_PASS_LOGITS ? use_logits(scheduler, team, err) : 0;
}

/* Wants the logits of a sequence's rows. kv.n_tok: still that before the pass. */
static int want_rows(t2v_scheduler *scheduler, t2v_team *team, struct t2v_sequence *sequence,
                     struct t2v_err *err)
{
    const struct t2v_choice *choice = sequence->choice;
    size_t first = sequence->kv.n_tok, n = sequence->n_row;
    int rc = 0;
    bool rated = sequence->generation->generate->prompt_logprobs && choice->n_token == 0;
    for (size_t i = 0; i < n && rated && first + i + 1 < choice->n_prompt && rc == 0; i++)
        rc = want(scheduler, team, sequence, sequence->row + i, first + i + 1, err);
    if (rc == 0 && first + n == sequence->n_id)
        rc = want(scheduler, team, sequence, sequence->row + n - 1, 0, err);
    return rc;
}

/* Moves the sequences of the pass on. The list of running ones stays as it is, since the pass
 * refers to them. */
static int move_on(t2v_scheduler *scheduler, t2v_team *team, struct t2v_err *err)
{
    int rc = 0;
    for (size_t i = 0; i < scheduler->n_running && rc == 0; i++) {
        struct t2v_sequence *sequence = scheduler->running[i];
        if (sequence->n_row == 0)
            continue;
        size_t n = sequence->n_row;
        sequence->generation->work->n_tok += n;
        rc = want_rows(scheduler, team, sequence, err);
        t2v_sequence_advance(sequence, scheduler->pool, n);
    }
    return rc == 0 && scheduler->n_wanted != 0 ? use_logits(scheduler, team, err) : rc;
}

static void end_finished(t2v_scheduler *scheduler)
{
    for (size_t i = scheduler->n_running; i-- > 0;) {
        struct t2v_sequence *sequence = scheduler->running[i];
        if (sequence->choice->finish != T2V_FINISH_NONE) {
            t2v_plan_remove(scheduler, i);
            end_sequence(scheduler, sequence);
        }
    }
}

static void count_step(t2v_scheduler *scheduler)
{
    size_t n_waiting = 0;
    for (const struct t2v_sequence *s = scheduler->waiting; s != NULL; s = s->next)
        n_waiting++;
    for (const struct t2v_generation *g = scheduler->queue; g != NULL; g = g->next_queued)
        n_waiting += g->generate->n_choice - g->n_begun;
    pthread_mutex_lock(&scheduler->lock);
    struct t2v_generator_stats *stats = &scheduler->stats;
    stats->n_step++;
    stats->n_prompt_tok += scheduler->n_prompt;
    stats->n_running = scheduler->n_running;
    stats->n_waiting = n_waiting;
    stats->n_page_used = t2v_pool_size(scheduler->pool) - t2v_pool_n_free(scheduler->pool);
    pthread_mutex_unlock(&scheduler->lock);
}

/* The files of the model are not what they were: no work can be believed. */
static void fail_all(t2v_scheduler *scheduler, const struct t2v_err *err)
{
    for (struct t2v_generation *g = scheduler->generations; g != NULL; g = g->next) {
        if (g->rc == 0)
            g->rc = t2v_fail(&g->work->err, err->code, "%s", err->msg);
    }
    scheduler->n_wanted = 0;
}

static int run_pass(t2v_scheduler *scheduler, t2v_team *team, struct t2v_err *err)
{
    struct t2v_pass *pass = &scheduler->pass;
    uint64_t begin_ns = t2v_clock_ns();
    int rc = t2v_pass_run(pass, team, err);
    if (rc != 0)
        return rc;
    scheduler->compute_ns = t2v_clock_ns() - begin_ns;
    rc = move_on(scheduler, team, err);
    t2v_cost_learn(&scheduler->cost, scheduler->n_prompt, scheduler->n_prompt_key,
                   (double)scheduler->compute_ns);
    return rc;
}

int t2v_scheduler_step(t2v_scheduler *scheduler, t2v_team *team, bool ending,
                       struct t2v_stepped **done, struct t2v_err *err)
{
    int rc = 0;
    if (ask_clients(scheduler, ending))
        drop_failed(scheduler);
    t2v_plan_admit(scheduler);
    t2v_plan_fill(scheduler);
    if (scheduler->pass.seqs.n_tok != 0)
        rc = run_pass(scheduler, team, err);
    if (rc != 0)
        fail_all(scheduler, err);
    end_finished(scheduler);
    drop_failed(scheduler);
    collect_done(scheduler);
    count_step(scheduler);
    *done = scheduler->done;
    scheduler->done = NULL;
    scheduler->done_end = &scheduler->done;
    return rc;
}

void t2v_scheduler_get_stats(t2v_scheduler *scheduler, struct t2v_generator_stats *out)
{
    pthread_mutex_lock(&scheduler->lock);
    *out = scheduler->stats;
    pthread_mutex_unlock(&scheduler->lock);
    out->n_page = t2v_pool_size(scheduler->pool);
    out->page_bytes = scheduler->page_bytes;
}
