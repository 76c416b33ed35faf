/* SPDX-License-Identifier: BSD-3-Clause */
#include "batch/inbox.h"

#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

#include "base/banned.h"

static const uint64_t second_ns = 1000000000, patience_ns = (uint64_t)T2V_EXPRESS_MS * 1000000,
                      query_patience_ns = (uint64_t)T2V_QUERY_MS * 1000000;

int t2v_inbox_init(struct t2v_inbox *inbox, size_t n_task)
{
    pthread_condattr_t attributes;
    *inbox = (struct t2v_inbox){.of = t2v_alloc_zero(n_task, sizeof *inbox->of)};
    inbox->n_task = inbox->of != NULL ? n_task : 0;
    for (size_t i = 0; i < inbox->n_task; i++) {
        for (int rank = 0; rank < T2V_N_RANK; rank++)
            t2v_list_init(&inbox->of[i].arrived[rank]);
        for (int rank = 0; rank < T2V_N_EXPRESS; rank++)
            t2v_list_init(&inbox->of[i].lent[rank]);
    }
    t2v_list_init(&inbox->stepped);
    t2v_list_init(&inbox->back);
    pthread_mutex_init(&inbox->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&inbox->for_leader, &attributes);
    pthread_cond_init(&inbox->for_express, &attributes);
    pthread_condattr_destroy(&attributes);
    return inbox->of != NULL ? 0 : T2V_ENOMEM;
}

void t2v_inbox_deinit(struct t2v_inbox *inbox)
{
    pthread_cond_destroy(&inbox->for_leader);
    pthread_cond_destroy(&inbox->for_express);
    pthread_mutex_destroy(&inbox->lock);
    t2v_free(inbox->of);
}

/* The next task, from the one whose turn it is, that has works of a rank; NULL: none has. */
static struct t2v_inbox_part *find(const struct t2v_inbox *inbox, enum t2v_rank rank)
{
    for (size_t i = 0; i < inbox->n_task; i++) {
        struct t2v_inbox_part *part = &inbox->of[(inbox->express_turn + i) % inbox->n_task];
        if (part->lent[rank].head != NULL || part->arrived[rank].head != NULL)
            return part;
    }
    return NULL;
}

/* When the express thread may take works of a rank; UINT64_MAX: not as things are. */
static uint64_t due_ns(const struct t2v_inbox *inbox, enum t2v_rank rank)
{
    bool soon = rank == T2V_RANK_QUERY && !inbox->batch_of_queries;
    if (inbox->batch_ns == 0 || find(inbox, rank) == NULL)
        return UINT64_MAX;
    return inbox->batch_ns + (soon ? query_patience_ns : patience_ns);
}

/* When it may take any. */
static uint64_t first_due_ns(const struct t2v_inbox *inbox)
{
    uint64_t query_ns = due_ns(inbox, T2V_RANK_QUERY), small_ns = due_ns(inbox, T2V_RANK_SMALL);
    return query_ns < small_ns ? query_ns : small_ns;
}

/* Wakes the express thread if it would sleep for too long. */
static void alert_express(struct t2v_inbox *inbox)
{
    if (first_due_ns(inbox) < inbox->express_ns) {
        inbox->express_ns = 0;
        pthread_cond_signal(&inbox->for_express);
    }
}

static bool has_arrivals(const struct t2v_inbox *inbox)
{
    for (size_t i = 0; i < inbox->n_task; i++) {
        for (int rank = 0; rank < T2V_N_RANK; rank++) {
            if (inbox->of[i].arrived[rank].head != NULL)
                return true;
        }
    }
    return inbox->stepped.head != NULL;
}

void t2v_inbox_put(struct t2v_inbox *inbox, struct t2v_work *work, bool stepped)
{
    enum t2v_rank rank = t2v_rank_of(work);
    pthread_mutex_lock(&inbox->lock);
    bool was_empty = !has_arrivals(inbox);
    t2v_list_push(stepped ? &inbox->stepped : &inbox->of[work->which].arrived[rank], work);
    if (was_empty)
        pthread_cond_signal(&inbox->for_leader);
    alert_express(inbox);
    pthread_mutex_unlock(&inbox->lock);
}

void t2v_inbox_bring_back(struct t2v_inbox *inbox, struct t2v_progress *progress)
{
    pthread_mutex_lock(&inbox->lock);
    inbox->n_away--;
    t2v_list_push(&inbox->back, progress->work);
    pthread_cond_signal(&inbox->for_leader);
    pthread_mutex_unlock(&inbox->lock);
}

void t2v_inbox_stop(struct t2v_inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    inbox->stop = true;
    pthread_cond_signal(&inbox->for_leader);
    pthread_cond_signal(&inbox->for_express);
    pthread_mutex_unlock(&inbox->lock);
}

void t2v_inbox_wake(struct t2v_inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    inbox->woken = true;
    pthread_cond_signal(&inbox->for_leader);
    pthread_mutex_unlock(&inbox->lock);
}

bool t2v_inbox_has_stopped(struct t2v_inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    bool stop = inbox->stop;
    pthread_mutex_unlock(&inbox->lock);
    return stop;
}

/* Under the lock: waits on a condition until a clock time. False: it has come. */
static bool wait_until(struct t2v_inbox *inbox, pthread_cond_t *condition, uint64_t until_ns)
{
    struct timespec until = {.tv_sec = (time_t)(until_ns / second_ns),
                             .tv_nsec = (long)(until_ns % second_ns)};
    return pthread_cond_timedwait(condition, &inbox->lock, &until) == 0;
}

/* --- the leader --- */

/* Under the lock: waits until the leader has something to do. */
static void await_work(struct t2v_inbox *inbox, const struct t2v_queues *queues,
                       enum t2v_steps steps)
{
    uint64_t until_ns = t2v_clock_ns() + patience_ns;
    while (!has_arrivals(inbox) && inbox->back.head == NULL && t2v_queues_are_empty(queues) &&
           steps != T2V_STEPS_READY && !inbox->woken && !(inbox->stop && inbox->n_away == 0)) {
        if (steps == T2V_STEPS_NONE)
            pthread_cond_wait(&inbox->for_leader, &inbox->lock);
        else if (!wait_until(inbox, &inbox->for_leader, until_ns))
            break;
    }
    inbox->woken = false;
}

bool t2v_inbox_take_all(struct t2v_inbox *inbox, struct t2v_queues *queues, enum t2v_steps steps,
                        struct t2v_work **works)
{
    struct t2v_work *work;
    struct t2v_list taken;
    t2v_list_init(&taken);
    pthread_mutex_lock(&inbox->lock);
    await_work(inbox, queues, steps);
    bool end = inbox->stop && inbox->n_away == 0;
    while ((work = t2v_list_pop(&inbox->back)) != NULL)
        t2v_queues_push(queues, work->progress);
    t2v_list_append(&taken, &inbox->stepped);
    for (size_t i = 0; i < inbox->n_task; i++) {
        for (int rank = 0; rank < T2V_N_RANK; rank++)
            t2v_list_append(&taken, &inbox->of[i].arrived[rank]);
    }
    pthread_mutex_unlock(&inbox->lock);
    *works = taken.head;
    return taken.head != NULL || !t2v_queues_are_empty(queues) || steps != T2V_STEPS_NONE || !end;
}

void t2v_inbox_send_away(struct t2v_inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    inbox->n_away++;
    pthread_mutex_unlock(&inbox->lock);
}

void t2v_inbox_lend(struct t2v_inbox *inbox, struct t2v_queues *queues, bool of_queries)
{
    uint64_t now_ns = t2v_clock_ns();
    pthread_mutex_lock(&inbox->lock);
    inbox->batch_ns = now_ns;
    inbox->batch_of_queries = of_queries;
    for (size_t i = 0; i < queues->n && inbox->has_express; i++)
        t2v_queue_lend(&queues->of[i], inbox->of[i].lent);
    alert_express(inbox);
    pthread_mutex_unlock(&inbox->lock);
}

void t2v_inbox_reclaim(struct t2v_inbox *inbox, struct t2v_queues *queues)
{
    pthread_mutex_lock(&inbox->lock);
    inbox->batch_ns = 0;
    for (size_t i = 0; i < queues->n; i++)
        t2v_queue_reclaim(&queues->of[i], inbox->of[i].lent);
    pthread_mutex_unlock(&inbox->lock);
}

/* --- the express thread --- */

/* Under the lock: waits for anything that could be a reason to work. */
static void await_small(struct t2v_inbox *inbox)
{
    inbox->express_ns = first_due_ns(inbox);
    if (inbox->express_ns == UINT64_MAX)
        pthread_cond_wait(&inbox->for_express, &inbox->lock);
    else
        wait_until(inbox, &inbox->for_express, inbox->express_ns);
    inbox->express_ns = 0;
}

/* Takes the shortest work of a rank of a task, which has one: into queues if it is begun, else into
 * taken. Returns its bytes. */
static size_t take_shortest(struct t2v_inbox_part *part, enum t2v_rank rank,
                            struct t2v_queues *queues, struct t2v_list *taken)
{
    struct t2v_list *arrived = &part->arrived[rank], *lent = &part->lent[rank];
    struct t2v_work **lent_place = t2v_list_shortest(lent), **place = t2v_list_shortest(arrived);
    if (*lent_place != NULL && (*place == NULL || (*lent_place)->bytes <= (*place)->bytes)) {
        struct t2v_work *work = t2v_list_remove(lent, lent_place);
        t2v_queues_push(queues, work->progress);
        return work->bytes;
    }
    struct t2v_work *work = t2v_list_remove(arrived, place);
    t2v_list_push(taken, work);
    return work->bytes;
}

/* The rank of the work that is next among those that are due at now_ns: queries and others take
 * turns. T2V_N_EXPRESS: none is. */
static enum t2v_rank next_rank(struct t2v_inbox *inbox, uint64_t now_ns)
{
    bool query = due_ns(inbox, T2V_RANK_QUERY) <= now_ns;
    bool small = due_ns(inbox, T2V_RANK_SMALL) <= now_ns;
    if (!query && !small)
        return T2V_N_EXPRESS;
    bool is_small = small && (!query || inbox->small_is_next);
    inbox->small_is_next = !is_small;
    return is_small ? T2V_RANK_SMALL : T2V_RANK_QUERY;
}

bool t2v_inbox_take_small(struct t2v_inbox *inbox, struct t2v_queues *queues,
                          struct t2v_work **works, size_t *n)
{
    struct t2v_list taken;
    enum t2v_rank rank;
    size_t bytes = 0;
    *n = 0;
    t2v_list_init(&taken);
    pthread_mutex_lock(&inbox->lock);
    while (!inbox->stop && first_due_ns(inbox) > t2v_clock_ns())
        await_small(inbox);
    bool stop = inbox->stop;
    uint64_t now_ns = t2v_clock_ns();
    while (!stop && bytes < T2V_SMALL_BYTES && (rank = next_rank(inbox, now_ns)) < T2V_N_EXPRESS) {
        struct t2v_inbox_part *part = find(inbox, rank);
        bytes += take_shortest(part, rank, queues, &taken);
        inbox->express_turn = (size_t)(part - inbox->of + 1) % inbox->n_task;
        ++*n;
    }
    inbox->n_away += *n;
    pthread_mutex_unlock(&inbox->lock);
    *works = taken.head;
    return !stop;
}

void t2v_inbox_settle(struct t2v_inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    inbox->n_away--;
    if (inbox->stop)
        pthread_cond_signal(&inbox->for_leader);
    pthread_mutex_unlock(&inbox->lock);
}
