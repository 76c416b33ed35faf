/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_CLASSIFY_CLASSIFIER_PRIVATE_H
#define T2V_TASK_CLASSIFY_CLASSIFIER_PRIVATE_H
/* What the files of task/classify/ know of a head. */
#include <stdbool.h>

#include "base/arena.h"
#include "task/classify/classifier.h"

enum t2v_head_act { T2V_HEAD_ACT_NONE, T2V_HEAD_ACT_SIGMOID, T2V_HEAD_ACT_TANH };

struct t2v_head {
    enum t2v_head_kind kind;
    const struct t2v_head_family *family;
    t2v_json *config;
    t2v_json *st_config; /* config_sentence_transformers.json; NULL where there is none */
    t2v_store *store;
    struct t2v_kernels kernels;
    t2v_net *encoder;
    t2v_tokenizer *tokenizer;
    struct t2v_arena arena;
    size_t max_tok;

    /* Pooling (a sequence's head alone), then dense, act, tanh, norm, so far as they are there;
     * then out. */
    bool mean;               /* the mean of all tokens; else the first token */
    struct t2v_linear dense; /* [hidden, hidden]; n_out is 0: there is none */
    enum t2v_act act;
    bool tanh;
    const float *gamma, *beta; /* [hidden] of a layer norm; NULL: none, no bias */
    float eps;
    struct t2v_linear out; /* [n_label, hidden] */

    struct t2v_str *labels;      /* [out.n_out] */
    enum t2v_head_act score_act; /* see t2v_head_score */
};

/* --- family.c: reads architectures[0] and model_type into kind and family, then the head's
 * tensors; n_label: of out. --- */
int t2v_head_read_kind(t2v_head *head, struct t2v_err *err);
int t2v_head_load(t2v_head *head, size_t n_label, struct t2v_err *err);

/* --- labels.c: reads id2label (or num_labels) into labels, and score_act. --- */
int t2v_head_read_labels(t2v_head *head, size_t *n_label, struct t2v_err *err);

#endif
