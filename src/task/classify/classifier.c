/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/classify/classifier.h"

#include <math.h>

#include "base/mem.h"
#include "task/classify/classifier_private.h"

#include "base/banned.h"

void t2v_classifier_free(t2v_classifier *classifier)
{
    if (classifier == NULL)
        return;
    t2v_model_free(classifier->model);
    t2v_json_file_deinit(&classifier->st_config);
    t2v_arena_free(&classifier->arena);
    t2v_free(classifier);
}

/* --- what it is --- */

const struct t2v_task *t2v_classifier_task(const t2v_classifier *classifier)
{
    return &classifier->task;
}

const t2v_model *t2v_classifier_model(const t2v_classifier *classifier)
{
    return classifier->model;
}

enum t2v_classifier_kind t2v_classifier_kind(const t2v_classifier *classifier)
{
    return classifier->kind;
}

size_t t2v_classifier_n_label(const t2v_classifier *classifier)
{
    return classifier->out.n_out;
}

struct t2v_str t2v_classifier_label(const t2v_classifier *classifier, size_t i)
{
    return classifier->labels[i];
}

/* --- what becomes of logits --- */

void t2v_classifier_score(const t2v_classifier *classifier, float *logits)
{
    for (size_t i = 0; i < classifier->out.n_out; i++) {
        if (classifier->score_act == T2V_SCORE_SIGMOID)
            logits[i] = 1.0F / (1.0F + expf(-logits[i]));
        else if (classifier->score_act == T2V_SCORE_TANH)
            logits[i] = tanhf(logits[i]);
    }
}

size_t t2v_classify_best(const float *logits, size_t n, float *share)
{
    size_t best = 0;
    double sum = 0;
    for (size_t i = 1; i < n; i++)
        best = logits[i] > logits[best] ? i : best;
    for (size_t i = 0; i < n; i++)
        sum += exp((double)logits[i] - (double)logits[best]);
    *share = (float)(1.0 / sum);
    return best;
}
