/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BATCH_QUEUE_H
#define T2V_BATCH_QUEUE_H
/*
 * The order of works: which one gives the next sequence of a batch. Queries go first, in batches of
 * their own; while other works wait, every second batch is theirs. Small works go before large
 * ones. A short text waits for the running batch, and for at most one more batch with long texts.
 * Every second turn of the small works goes to the shortest, so that a very short text need not
 * wait for many longer ones. Large works get at least half of each batch; a sequence too long for
 * that goes into every second batch. Each task has a queue of its own, and batches of the tasks
 * that have works take turns. The owner of a list or queue owns the works in it. Nothing here
 * locks; nothing but t2v_queues_init allocates or fails.
 */
#include <stdbool.h>
#include <stddef.h>

#include "batch/progress.h"

/* Works, begun or not, linked by their next: a work is in one list at a time. */
struct t2v_list {
    struct t2v_work *head, **tail;
};

void t2v_list_init(struct t2v_list *list);
void t2v_list_push(struct t2v_list *list, struct t2v_work *work);
/* Moves all works of `from` to the end of list. */
void t2v_list_append(struct t2v_list *list, struct t2v_list *from);
/* Removes the work that *place links, which must be in the list. */
struct t2v_work *t2v_list_remove(struct t2v_list *list, struct t2v_work **place);
/* The oldest; NULL: the list is empty. */
struct t2v_work *t2v_list_pop(struct t2v_list *list);
/* Where the work with the fewest bytes is linked; of equal ones, the oldest. *place is NULL if the
 * list is empty. */
struct t2v_work **t2v_list_shortest(struct t2v_list *list);

/* In the order in which works go. */
enum t2v_rank {
    T2V_RANK_QUERY, /* a query, at most T2V_SMALL_BYTES */
    T2V_RANK_SMALL, /* at most T2V_SMALL_BYTES */
    T2V_RANK_LARGE,
    T2V_N_RANK,
    T2V_N_EXPRESS = T2V_RANK_LARGE /* those before it may go to the express thread */
};
enum { T2V_SMALL_BYTES = 1024 };

/* It is of a stepped task. */
static inline bool t2v_work_is_stepped(const struct t2v_work *work)
{
    return work->task != NULL && work->task->steps != NULL;
}

/* Sum of the lengths of a work's texts in bytes, plus 1 per input; counting stops once the sum is
 * above T2V_SMALL_BYTES. */
size_t t2v_small_bytes(const struct t2v_work *work);
/* From work->bytes and work->is_query. */
enum t2v_rank t2v_rank_of(const struct t2v_work *work);

/* Works of one task, all begun, that may have sequences left. Those of one rank take turns, a
 * sequence each; every second turn of small works is the shortest one's. */
struct t2v_queue {
    struct t2v_list active[T2V_N_RANK];
    bool shortest_is_next; /* of small works */
    bool large_due; /* large works wait, and the previous batch had none of their sequences */

    /* The batch that is being filled. */
    bool of_queries;          /* it has queries only, or none */
    size_t small_most;        /* max. tokens of small works, while large ones wait */
    size_t taken[T2V_N_RANK]; /* tokens */
    bool full[T2V_N_RANK];    /* the next sequence of this rank did not fit */
};

void t2v_queue_init(struct t2v_queue *queue);
bool t2v_queue_is_empty(const struct t2v_queue *queue);
/* Adds a work after the others of progress->rank. */
void t2v_queue_push(struct t2v_queue *queue, struct t2v_progress *progress);

/* Begins a batch of `budget` tokens. */
void t2v_queue_begin(struct t2v_queue *queue, size_t budget);
/* Removes the work whose turn it is; NULL: there is none, or none for this batch. */
struct t2v_progress *t2v_queue_next(struct t2v_queue *queue);
/* Counts the n_tok tokens that were placed in the turn of a work from t2v_queue_next;
 * t2v_queue_push puts it back. */
void t2v_queue_took(struct t2v_queue *queue, const struct t2v_progress *progress, size_t n_tok);
/* Puts it back when its sequence did not fit; its turn comes in the next batch. */
void t2v_queue_return(struct t2v_queue *queue, struct t2v_progress *progress);
/* Ends the batch. */
void t2v_queue_end(struct t2v_queue *queue);

/* Moves the queries and small works that have no sequence in the batch to the ends of
 * lists[T2V_N_EXPRESS], by rank. */
void t2v_queue_lend(struct t2v_queue *queue, struct t2v_list *lists);
/* Moves all works of lists[T2V_N_EXPRESS] back into the queue, before the others of their rank. */
void t2v_queue_reclaim(struct t2v_queue *queue, struct t2v_list *lists);

/* A queue for each task. */
struct t2v_queues {
    struct t2v_queue *of; /* [n] */
    size_t n;
    size_t turn; /* the task whose batch is next, if it has works */
};

/* T2V_ENOMEM; the queues are for t2v_queues_deinit then, too. */
int t2v_queues_init(struct t2v_queues *queues, size_t n);
/* They must be empty. A zeroed struct is allowed. */
void t2v_queues_deinit(struct t2v_queues *queues);
bool t2v_queues_are_empty(const struct t2v_queues *queues);
/* Adds a work to the queue of its task, progress->which. */
void t2v_queues_push(struct t2v_queues *queues, struct t2v_progress *progress);
/* Index of the task of the next batch: the tasks that have works take turns. If there are no works,
 * any task's. */
size_t t2v_queues_next(struct t2v_queues *queues);

#endif
