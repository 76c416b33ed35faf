/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_CLASSIFY_CLASSIFIER_PRIVATE_H
#define T2V_TASK_CLASSIFY_CLASSIFIER_PRIVATE_H
/* The struct of a classifier, for the files of task/classify/. */
#include <stdbool.h>

#include "base/arena.h"
#include "model/json_file.h"
#include "task/classify/classifier.h"

enum t2v_score_act { T2V_SCORE_NONE, T2V_SCORE_SIGMOID, T2V_SCORE_TANH };

struct t2v_classifier {
    struct t2v_task task; /* the first member: a task of this kind is a classifier */
    enum t2v_classifier_kind kind;
    t2v_model *model;
    struct t2v_json_file st_config; /* config_sentence_transformers.json; empty: there is none */
    struct t2v_arena arena;

    /* The head. A sequence classifier pools first. Then dense, act, tanh and norm follow, as far as
     * the model has them, and `out` comes last. */
    bool mean;               /* pools the mean of all tokens; else takes the first token */
    struct t2v_linear dense; /* [hidden, hidden]; n_out 0: the model has none */
    enum t2v_act act;
    bool tanh;
    const float *gamma, *beta; /* [hidden], of a layer norm. gamma NULL: there is no norm; beta
                                * NULL: it has no bias */
    float eps;
    struct t2v_linear out; /* [n_label, hidden] */

    struct t2v_str *labels;       /* [out.n_out] */
    enum t2v_score_act score_act; /* see t2v_classifier_score */
};

#endif
