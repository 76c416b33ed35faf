/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BATCH_QUEUE_H
#define T2V_BATCH_QUEUE_H
/*
 * Works in a row, and which of them the next sequence of a batch comes from. The works are owned by
 * whoever owns the list or the queue; nothing here locks, allocates or fails.
 */
#include <stdbool.h>

#include "batch/progress.h"

/* Linked by their next: a work is in one list at a time. */
struct t2v_list {
    struct t2v_progress *head, **tail;
};

void t2v_list_init(struct t2v_list *list);
void t2v_list_push(struct t2v_list *list, struct t2v_progress *progress);
/* The oldest; NULL: the list is empty. */
struct t2v_progress *t2v_list_pop(struct t2v_list *list);

/* Works that may have sequences left. They take turns, a sequence each. */
struct t2v_queue {
    struct t2v_list active;
};

void t2v_queue_init(struct t2v_queue *queue);
bool t2v_queue_is_empty(const struct t2v_queue *queue);
/* Adds a work behind the others: a new one, or one that has had its turn. */
void t2v_queue_push(struct t2v_queue *queue, struct t2v_progress *progress);
/* Takes out the work whose turn it is; NULL: there is none. */
struct t2v_progress *t2v_queue_next(struct t2v_queue *queue);
/* Gives a work its turn back: its sequence was not taken. */
void t2v_queue_return(struct t2v_queue *queue, struct t2v_progress *progress);

#endif
