/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BATCH_QUEUE_H
#define T2V_BATCH_QUEUE_H
/*
 * Works in a row, and which of them the next sequence of a batch comes from: small works before
 * large ones, so that a short text waits for no long one but those in the batch that runs, and for
 * one more at most. Every second turn of small works is the shortest one's, so that a very short
 * text also passes a crowd of longer ones. Large works are sure of half of a batch, or of every
 * second one. The works are owned by whoever owns the list or the queue; nothing here locks,
 * allocates or fails.
 */
#include <stdbool.h>
#include <stddef.h>

#include "batch/progress.h"

/* Linked by their next: a work is in one list at a time. */
struct t2v_list {
    struct t2v_progress *head, **tail;
};

void t2v_list_init(struct t2v_list *list);
void t2v_list_push(struct t2v_list *list, struct t2v_progress *progress);
/* The oldest; NULL: the list is empty. */
struct t2v_progress *t2v_list_pop(struct t2v_list *list);
/* The one of the fewest bytes, the oldest of these; NULL: none has `bytes` or fewer. */
struct t2v_progress *t2v_list_pop_shortest(struct t2v_list *list, size_t bytes);

/* Which works go first. */
enum t2v_rank {
    T2V_RANK_SMALL, /* at most T2V_SMALL_BYTES */
    T2V_RANK_LARGE,
    T2V_N_RANK
};
enum { T2V_SMALL_BYTES = 1024 };

/* Bytes of a work's texts, and one for each text; counted up to the first text at which there are
 * more than T2V_SMALL_BYTES. */
size_t t2v_small_bytes(const struct t2v_work *work);
/* From work->bytes. */
enum t2v_rank t2v_rank_of(const struct t2v_work *work);

/* Works that may have sequences left. Those of one rank take turns, a sequence each; every second
 * turn of small works is the shortest one's. */
struct t2v_queue {
    struct t2v_list active[T2V_N_RANK];
    bool shortest_is_next; /* of small works */
    bool large_due; /* large works waited, and the batch before had none of their sequences */

    /* The batch that is being filled. */
    size_t small_most;        /* tokens of small works, while large ones wait */
    size_t taken[T2V_N_RANK]; /* tokens */
    bool full[T2V_N_RANK];    /* the next sequence of this rank did not fit */
};

void t2v_queue_init(struct t2v_queue *queue);
bool t2v_queue_is_empty(const struct t2v_queue *queue);
/* Adds a work behind the others of progress->rank. */
void t2v_queue_push(struct t2v_queue *queue, struct t2v_progress *progress);

/* A batch of `budget` tokens is going to be filled. */
void t2v_queue_begin(struct t2v_queue *queue, size_t budget);
/* Takes out the work whose turn it is; NULL: there is none, or none for this batch. */
struct t2v_progress *t2v_queue_next(struct t2v_queue *queue);
/* A work that t2v_queue_next gave has had its turn, in which n_tok tokens were placed. */
void t2v_queue_took(struct t2v_queue *queue, struct t2v_progress *progress, size_t n_tok);
/* Its sequence did not fit: its turn is in the next batch. */
void t2v_queue_return(struct t2v_queue *queue, struct t2v_progress *progress);
/* The batch is filled. */
void t2v_queue_end(struct t2v_queue *queue);

/* Moves small works of which no sequence is placed to the end of a list, and back to the front. */
void t2v_queue_lend(struct t2v_queue *queue, struct t2v_list *list);
void t2v_queue_reclaim(struct t2v_queue *queue, struct t2v_list *list);

#endif
