/* SPDX-License-Identifier: BSD-3-Clause */
#include "batch/queue.h"

#include <stddef.h>

#include "base/banned.h"

void t2v_list_init(struct t2v_list *list)
{
    list->head = NULL;
    list->tail = &list->head;
}

void t2v_list_push(struct t2v_list *list, struct t2v_progress *progress)
{
    progress->next = NULL;
    *list->tail = progress;
    list->tail = &progress->next;
}

struct t2v_progress *t2v_list_pop(struct t2v_list *list)
{
    struct t2v_progress *progress = list->head;
    if (progress != NULL) {
        list->head = progress->next;
        if (list->head == NULL)
            list->tail = &list->head;
    }
    return progress;
}

static void push_front(struct t2v_list *list, struct t2v_progress *progress)
{
    progress->next = list->head;
    if (list->head == NULL)
        list->tail = &progress->next;
    list->head = progress;
}

void t2v_queue_init(struct t2v_queue *queue)
{
    t2v_list_init(&queue->active);
}

bool t2v_queue_is_empty(const struct t2v_queue *queue)
{
    return queue->active.head == NULL;
}

void t2v_queue_push(struct t2v_queue *queue, struct t2v_progress *progress)
{
    t2v_list_push(&queue->active, progress);
}

struct t2v_progress *t2v_queue_next(struct t2v_queue *queue)
{
    return t2v_list_pop(&queue->active);
}

void t2v_queue_return(struct t2v_queue *queue, struct t2v_progress *progress)
{
    push_front(&queue->active, progress);
}
