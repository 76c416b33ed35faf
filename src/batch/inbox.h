/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BATCH_INBOX_H
#define T2V_BATCH_INBOX_H
/*
 * Where works wait for one of the engine's two threads, and where these wait for works. The leader
 * takes all; while its batch runs for longer than T2V_EXPRESS_MS, the express thread takes small
 * ones, of each task in turn; and queries from T2V_QUERY_MS on, unless the batch is of queries. All
 * of the engine's shared lists are here, under one lock; a work that was taken is its taker's
 * alone. Any thread may call these functions, except where they say whose they are.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch/queue.h"

/* Long enough that ordinary batches, which aim at T2V_BATCH_NS, have ended by then. */
enum { T2V_EXPRESS_MS = 100 };
/* Long enough that the batch is not one of a few short texts, for which a query may wait. */
enum { T2V_QUERY_MS = 2 };

/* The works of one task. */
struct t2v_inbox_part {
    struct t2v_list arrived[T2V_N_RANK]; /* nobody has begun them */
    /* The leader's of which no sequence is in its batch. */
    struct t2v_list lent[T2V_N_EXPRESS];
};

struct t2v_inbox {
    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t for_leader, for_express;
    struct t2v_inbox_part *of; /* [n_task] */
    size_t n_task;
    size_t express_turn;     /* the task of which the express thread takes the next work */
    struct t2v_list stepped; /* arrived, of stepped tasks */
    bool woken;              /* t2v_inbox_wake was called */
    struct t2v_list back;    /* from the feeder or the express thread, for the leader */
    size_t n_away;           /* works that are with the feeder or the express thread */
    uint64_t batch_ns;       /* when the leader's batch began; 0: none runs */
    bool batch_of_queries;   /* that batch */
    bool small_is_next;      /* for the express thread; else a query */
    bool has_express;        /* there is such a thread */
    uint64_t express_ns;     /* until then the express thread sleeps; UINT64_MAX: until it is
                              * woken; 0: it is awake */
    bool stop;
};

/* T2V_ENOMEM; the inbox is for t2v_inbox_deinit then, too. */
int t2v_inbox_init(struct t2v_inbox *inbox, size_t n_task);
/* Nobody may wait, and it must be empty. */
void t2v_inbox_deinit(struct t2v_inbox *inbox);

/* stepped: of a stepped task, which the express thread does not take. */
void t2v_inbox_put(struct t2v_inbox *inbox, struct t2v_work *work, bool stepped);
/* What was away is for the leader again. */
void t2v_inbox_bring_back(struct t2v_inbox *inbox, struct t2v_progress *progress);
/* Both threads end: the express thread at once, the leader when all works are complete. */
void t2v_inbox_stop(struct t2v_inbox *inbox);

/* What works of stepped tasks want of the leader. */
enum t2v_steps {
    T2V_STEPS_NONE, /* there are none */
    T2V_STEPS_WAIT, /* they wait: look again after t2v_inbox_wake, or T2V_EXPRESS_MS */
    T2V_STEPS_READY /* a step */
};

/* The leader's. Waits until something has arrived or come back, the queues hold something, or works
 * of stepped tasks need it. Moves what came back into the queues; returns what has arrived, linked
 * by next, those of stepped tasks first, small works of a task before its large ones. False: the
 * end; not while there are works of stepped tasks. */
bool t2v_inbox_take_all(struct t2v_inbox *inbox, struct t2v_queues *queues, enum t2v_steps steps,
                        struct t2v_work **works);
/* Any thread: the leader looks again. */
void t2v_inbox_wake(struct t2v_inbox *inbox);
/* Whether t2v_inbox_stop was called. */
bool t2v_inbox_has_stopped(struct t2v_inbox *inbox);
/* It gives a work away, for which t2v_inbox_bring_back is called. */
void t2v_inbox_send_away(struct t2v_inbox *inbox);
/* Its batch, or a step, begins: small works in the queues that are not in it may be taken; and has
 * ended. of_queries: the batch has only such. */
void t2v_inbox_lend(struct t2v_inbox *inbox, struct t2v_queues *queues, bool of_queries);
void t2v_inbox_reclaim(struct t2v_inbox *inbox, struct t2v_queues *queues);

/* The express thread's. Waits until queries or small works wait and the leader's batch has run for
 * long enough; takes about T2V_SMALL_BYTES of them, queries and others in turn, of each task in
 * turn the shortest: those that the leader had begun into *queues, the others linked by next. *n:
 * how many. False: the end. */
bool t2v_inbox_take_small(struct t2v_inbox *inbox, struct t2v_queues *queues,
                          struct t2v_work **works, size_t *n);
/* A work that it took is complete. */
void t2v_inbox_settle(struct t2v_inbox *inbox);

#endif
