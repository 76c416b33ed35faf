/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/answer/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

static void softmax(float *x, size_t n)
{
    float top = -INFINITY;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        top = x[i] > top ? x[i] : top;
    for (size_t i = 0; i < n; i++)
        sum += exp((double)x[i] - (double)top);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(exp((double)x[i] - (double)top) / sum);
}

void t2v_apply(enum t2v_apply apply, float *logits, size_t n)
{
    if (apply == T2V_APPLY_SOFTMAX)
        softmax(logits, n);
    for (size_t i = 0; i < n && apply == T2V_APPLY_SIGMOID; i++)
        logits[i] = (float)(1.0 / (1.0 + exp(-(double)logits[i])));
}

static bool is_problem(const t2v_classifier *classifier, const char *type)
{
    const t2v_json *config = t2v_model_settings(t2v_classifier_model(classifier));
    struct t2v_str problem = t2v_json_str(t2v_json_get(config, "problem_type"));
    return problem.ptr != NULL && t2v_str_is(problem, type);
}

enum t2v_apply t2v_apply_tei(const t2v_classifier *classifier)
{
    bool each = t2v_classifier_n_label(classifier) == 1 ||
                is_problem(classifier, "multi_label_classification");
    return each ? T2V_APPLY_SIGMOID : T2V_APPLY_SOFTMAX;
}

enum t2v_apply t2v_apply_pipeline(const t2v_classifier *classifier)
{
    return is_problem(classifier, "regression") ? T2V_APPLY_NONE : t2v_apply_tei(classifier);
}

/* --- order --- */

struct by_score {
    const float *scores;
    enum t2v_ties ties;
};

static int compare(const void *a, const void *b, void *arg)
{
    const struct by_score *by = arg;
    size_t i, j;
    memcpy(&i, a, sizeof i);
    memcpy(&j, b, sizeof j);
    if (by->scores[i] != by->scores[j])
        return by->scores[i] > by->scores[j] ? -1 : 1;
    int rising = i < j ? -1 : i > j;
    return by->ties == T2V_TIES_FIRST ? rising : -rising;
}

void t2v_rank(const float *scores, size_t n, enum t2v_ties ties, size_t *order)
{
    struct by_score by = {scores, ties};
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    qsort_r(order, n, sizeof *order, compare, &by);
}
