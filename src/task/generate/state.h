/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_STATE_H
#define T2V_TASK_GENERATE_STATE_H
/* The state of a scheduler. Private to scheduler.c and plan.c. */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "task/generate/causal.h"
#include "task/generate/cost.h"
#include "task/generate/generate.h"
#include "task/generate/pass.h"
#include "task/generate/pool.h"
#include "task/generate/sequence.h"
#include "task/task.h"

/* A work. */
struct t2v_generation {
    const struct t2v_generate *generate;
    struct t2v_stepped *work;
    uint64_t added_ns;
    size_t n_begun; /* choices that have a sequence, or had one */
    size_t n_left;  /* choices that have not ended */
    size_t n_running;
    bool paused;    /* its client is slow */
    int rc;         /* it has failed */
    double pick_ns; /* that a token takes of late once the logits are there; 0: unknown */
    struct t2v_generation *next;
    struct t2v_generation *next_queued;
};

/* A row of the pass whose logits are wanted. */
struct wanted {
    struct t2v_sequence *sequence;
    size_t at; /* the prompt's token that they rate; 0: they pick the next token */
};

struct t2v_scheduler {
    const struct t2v_causal *causal;
    t2v_pool *pool;
    size_t page_bytes, vocab;
    struct t2v_generation *generations;
    struct t2v_generation *queue, **queue_end;   /* those with choices that have not begun */
    struct t2v_sequence *waiting, **waiting_end; /* that gave their pages back; they go on before
                                                  * others begin */
    struct t2v_sequence *running[T2V_PASS_SEQ];  /* [n_running], those that began first first */
    size_t n_running;
    struct t2v_stepped *done, **done_end;
    size_t slow_turn; /* of the running sequences that take long, the one whose turn it is */
    struct t2v_cost cost;
    size_t n_prompt;     /* rows of prompts in this step */
    double n_prompt_key; /* keys that they attend to */
    uint64_t compute_ns; /* that this step's pass and logits took */
    struct t2v_pass pass;
    size_t rows[T2V_PASS_LOGITS];
    struct wanted wanted[T2V_PASS_LOGITS]; /* [n_wanted] */
    size_t n_wanted;

    pthread_mutex_t lock;
    struct t2v_generator_stats stats; /* under the lock */
};

#endif
