/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_SPARSE_SPARSE_PRIVATE_H
#define T2V_TASK_SPARSE_SPARSE_PRIVATE_H
/* The struct of the task, for the files of task/sparse/. */
#include <stdbool.h>

#include "base/arena.h"
#include "task/sparse/head.h"
#include "task/sparse/sparse.h"

struct t2v_sparse {
    struct t2v_task task;   /* the first member: a task of this kind is a t2v_sparse */
    t2v_embedder *embedder; /* prepares texts */
    struct t2v_arena arena;
    struct t2v_mlm_head head;
    bool sum;   /* weights are added over tokens; else the largest counts */
    bool twice; /* log(1 + log(1 + relu(logit))), which sentence-transformers calls log1p_relu */
};

#endif
