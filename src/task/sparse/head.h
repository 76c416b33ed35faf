/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_SPARSE_HEAD_H
#define T2V_TASK_SPARSE_HEAD_H
/*
 * The head of masked language models (...ForMaskedLM), which gives each token a logit for each
 * entry of the vocabulary: a dense layer, an activation, a layer norm, and the decoder, whose
 * weights are the word embeddings unless config.json says otherwise (tie_word_embeddings). Private
 * to task/sparse/.
 */
#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "kernel/kernel.h"
#include "model/model.h"

struct t2v_mlm_head {
    struct t2v_linear dense; /* [hidden, hidden] */
    enum t2v_act act;
    const float *gamma, *beta; /* [hidden]; beta may be NULL */
    float eps;
    struct t2v_linear decoder; /* [vocab, hidden], in f32 */
};

/* Whether architectures[0] of config.json is a ...ForMaskedLM of a family whose head is known here,
 * and the head is among the tensors. */
bool t2v_mlm_head_there(const t2v_model *model);
/* Loads it into the arena; after t2v_model_load. T2V_EUNSUPPORTED: there is no head, or none that
 * is known here; T2V_EFORMAT names the key or tensor; T2V_ENOMEM. */
int t2v_mlm_head_load(const t2v_model *model, struct t2v_arena *arena, struct t2v_mlm_head *out,
                      struct t2v_err *err);

#endif
