/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_MULTI_MULTI_PRIVATE_H
#define T2V_TASK_MULTI_MULTI_PRIVATE_H
/* The struct of the task, for the files of task/multi/. */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "task/embed/embedder.h"
#include "task/embed/steps.h"
#include "task/multi/multi.h"
#include "task/multi/settings.h"

enum { T2V_MULTI_STEPS = 8 };

struct t2v_multi {
    struct t2v_task task;   /* the first member: a task of this kind is a t2v_multi */
    t2v_embedder *embedder; /* owns the model where that had to be opened again */
    struct t2v_arena arena;
    struct t2v_multi_settings settings; /* max_tok of both sides is set */
    struct t2v_str prompts[T2V_N_MULTI];
    int32_t markers[T2V_N_MULTI]; /* comes before the prompt; -1: none */
    int32_t *skips;               /* [n_skip], the ids of the skiplist */
    size_t n_skip;
    int32_t expand_id;
    struct t2v_step steps[T2V_MULTI_STEPS]; /* the projection */
    size_t n_step;
    size_t width; /* of the widest row */
    size_t dim;
    bool normalize;
};

#endif
