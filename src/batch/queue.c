/* SPDX-License-Identifier: BSD-3-Clause */
#include "batch/queue.h"

#include "base/mem.h"

#include "base/banned.h"

void t2v_list_init(struct t2v_list *list)
{
    list->head = NULL;
    list->tail = &list->head;
}

void t2v_list_push(struct t2v_list *list, struct t2v_work *work)
{
    work->next = NULL;
    *list->tail = work;
    list->tail = &work->next;
}

void t2v_list_append(struct t2v_list *list, struct t2v_list *from)
{
    if (from->head == NULL)
        return;
    *list->tail = from->head;
    list->tail = from->tail;
    t2v_list_init(from);
}

struct t2v_work *t2v_list_remove(struct t2v_list *list, struct t2v_work **place)
{
    struct t2v_work *work = *place;
    *place = work->next;
    if (work->next == NULL)
        list->tail = place;
    return work;
}

struct t2v_work *t2v_list_pop(struct t2v_list *list)
{
    return list->head != NULL ? t2v_list_remove(list, &list->head) : NULL;
}

struct t2v_work **t2v_list_shortest(struct t2v_list *list)
{
    struct t2v_work **shortest = &list->head;
    for (struct t2v_work **place = &list->head; *place != NULL; place = &(*place)->next) {
        if ((*place)->bytes < (*shortest)->bytes)
            shortest = place;
    }
    return shortest;
}

static void push_front(struct t2v_list *list, struct t2v_work *work)
{
    work->next = list->head;
    if (list->head == NULL)
        list->tail = &work->next;
    list->head = work;
}

size_t t2v_small_bytes(const struct t2v_work *work)
{
    size_t bytes = 0;
    for (size_t t = 0; t < work->n_text && bytes <= T2V_SMALL_BYTES; t++)
        bytes += work->texts[t].len + (work->seconds != NULL ? work->seconds[t].len : 0) + 1;
    return bytes;
}

enum t2v_rank t2v_rank_of(const struct t2v_work *work)
{
    if (work->bytes > T2V_SMALL_BYTES)
        return T2V_RANK_LARGE;
    return work->is_query ? T2V_RANK_QUERY : T2V_RANK_SMALL;
}

void t2v_queue_init(struct t2v_queue *queue)
{
    *queue = (struct t2v_queue){0};
    for (int rank = 0; rank < T2V_N_RANK; rank++)
        t2v_list_init(&queue->active[rank]);
}

static bool waits(const struct t2v_queue *queue, enum t2v_rank rank)
{
    return queue->active[rank].head != NULL;
}

static bool others_wait(const struct t2v_queue *queue)
{
    return waits(queue, T2V_RANK_SMALL) || waits(queue, T2V_RANK_LARGE);
}

bool t2v_queue_is_empty(const struct t2v_queue *queue)
{
    return !waits(queue, T2V_RANK_QUERY) && !others_wait(queue);
}

void t2v_queue_push(struct t2v_queue *queue, struct t2v_progress *progress)
{
    t2v_list_push(&queue->active[progress->rank], progress->work);
}

void t2v_queue_begin(struct t2v_queue *queue, size_t budget)
{
    bool others_turn = queue->of_queries && others_wait(queue);
    queue->of_queries = waits(queue, T2V_RANK_QUERY) && !others_turn;
    queue->small_most = budget / 2;
    for (int rank = 0; rank < T2V_N_RANK; rank++) {
        queue->taken[rank] = 0;
        queue->full[rank] = false;
    }
}

/* There must be one. */
static struct t2v_work *pop_small(struct t2v_queue *queue)
{
    struct t2v_list *small = &queue->active[T2V_RANK_SMALL];
    queue->shortest_is_next = !queue->shortest_is_next;
    return queue->shortest_is_next ? t2v_list_pop(small)
                                   : t2v_list_remove(small, t2v_list_shortest(small));
}

static struct t2v_progress *next_query(struct t2v_queue *queue)
{
    if (!waits(queue, T2V_RANK_QUERY) || queue->full[T2V_RANK_QUERY])
        return NULL;
    return t2v_list_pop(&queue->active[T2V_RANK_QUERY])->progress;
}

struct t2v_progress *t2v_queue_next(struct t2v_queue *queue)
{
    if (queue->of_queries)
        return next_query(queue);
    bool small = waits(queue, T2V_RANK_SMALL) && !queue->full[T2V_RANK_SMALL];
    bool large = waits(queue, T2V_RANK_LARGE) && !queue->full[T2V_RANK_LARGE];
    bool large_first = queue->large_due && queue->taken[T2V_RANK_LARGE] == 0;
    if (large && (!small || large_first || queue->taken[T2V_RANK_SMALL] >= queue->small_most))
        return t2v_list_pop(&queue->active[T2V_RANK_LARGE])->progress;
    return small ? pop_small(queue)->progress : NULL;
}

void t2v_queue_took(struct t2v_queue *queue, const struct t2v_progress *progress, size_t n_tok)
{
    queue->taken[progress->rank] += n_tok;
}

void t2v_queue_return(struct t2v_queue *queue, struct t2v_progress *progress)
{
    queue->full[progress->rank] = true;
    push_front(&queue->active[progress->rank], progress->work);
}

void t2v_queue_end(struct t2v_queue *queue)
{
    if (!queue->of_queries)
        queue->large_due = waits(queue, T2V_RANK_LARGE) && queue->taken[T2V_RANK_LARGE] == 0;
}

static void lend(struct t2v_list *kept, struct t2v_list *list)
{
    struct t2v_work *work = kept->head, *next;
    t2v_list_init(kept);
    for (; work != NULL; work = next) {
        next = work->next;
        t2v_list_push(work->progress->placed ? kept : list, work);
    }
}

void t2v_queue_lend(struct t2v_queue *queue, struct t2v_list *lists)
{
    for (int rank = 0; rank < T2V_N_EXPRESS; rank++)
        lend(&queue->active[rank], &lists[rank]);
}

void t2v_queue_reclaim(struct t2v_queue *queue, struct t2v_list *lists)
{
    for (int rank = 0; rank < T2V_N_EXPRESS; rank++) {
        t2v_list_append(&lists[rank], &queue->active[rank]);
        t2v_list_append(&queue->active[rank], &lists[rank]);
    }
}

/* --- of all tasks --- */

int t2v_queues_init(struct t2v_queues *queues, size_t n)
{
    *queues = (struct t2v_queues){.of = t2v_alloc_zero(n, sizeof *queues->of)};
    if (queues->of == NULL)
        return T2V_ENOMEM;
    queues->n = n;
    for (size_t i = 0; i < n; i++)
        t2v_queue_init(&queues->of[i]);
    return 0;
}

void t2v_queues_deinit(struct t2v_queues *queues)
{
    t2v_free(queues->of);
    *queues = (struct t2v_queues){0};
}

bool t2v_queues_are_empty(const struct t2v_queues *queues)
{
    for (size_t i = 0; i < queues->n; i++) {
        if (!t2v_queue_is_empty(&queues->of[i]))
            return false;
    }
    return true;
}

void t2v_queues_push(struct t2v_queues *queues, struct t2v_progress *progress)
{
    t2v_queue_push(&queues->of[progress->which], progress);
}

size_t t2v_queues_next(struct t2v_queues *queues)
{
    size_t which = queues->turn;
    for (size_t i = 1; i < queues->n && t2v_queue_is_empty(&queues->of[which]); i++)
        which = (which + 1) % queues->n;
    queues->turn = (which + 1) % queues->n;
    return which;
}
