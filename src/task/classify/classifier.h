/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_CLASSIFY_CLASSIFIER_H
#define T2V_TASK_CLASSIFY_CLASSIFIER_H
/*
 * A classifier computes logits for a text or a pair of texts, with one of the three heads that
 * Transformers puts on an encoder; architectures[0] of config.json names it. t2v_classifier_open
 * (open.h) opens it.
 *
 * Its params are struct t2v_classify_params. The result of a sequence classifier has a fixed width,
 * the number of labels; the other two kinds have a per-token result, a row of logits for each
 * token; task/answer/ makes answers of them. A classifier is read-only once opened, and any number
 * of threads may use it.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "model/model.h"
#include "task/task.h"

enum t2v_classifier_kind {
    T2V_CLASSIFY_SEQUENCE, /* ...ForSequenceClassification: one row of logits for a sequence.
                            * Rerankers are usually such a model with one label */
    T2V_CLASSIFY_SPAN,     /* ...ForQuestionAnswering: two logits for each token: it is the first
                            * token of the answer, it is the last one */
    T2V_CLASSIFY_TOKEN     /* ...ForTokenClassification: one row of logits for each token */
};

typedef struct t2v_classifier t2v_classifier;

/* NULL is allowed. */
void t2v_classifier_free(t2v_classifier *classifier);

const struct t2v_task *t2v_classifier_task(const t2v_classifier *classifier);
const t2v_model *t2v_classifier_model(const t2v_classifier *classifier);
enum t2v_classifier_kind t2v_classifier_kind(const t2v_classifier *classifier);
/* Width of a row of logits; 2 for a span. */
size_t t2v_classifier_n_label(const t2v_classifier *classifier);
/* The name that config.json gives to label i < n_label, "LABEL_0" where it gives none; borrowed. */
struct t2v_str t2v_classifier_label(const t2v_classifier *classifier, size_t i);

/* The parameters of a request. A pair that is too long is cut: T2V_CLASSIFY_SPAN cuts the second
 * text (the context), the other kinds the longer one. T2V_ETOOLARGE if nothing of the context would
 * be left. */
struct t2v_classify_params {
    size_t max_tok; /* of a row, special tokens included; 0, or above the model's: the model's */
    bool windows;   /* T2V_CLASSIFY_SPAN, T2V_CLASSIFY_TOKEN: nothing is cut; a long context, or a
                     * long text alone, is split into windows, each with the whole question.
                     * t2v_result_row.first is the index of a window's first token in the context */
    size_t overlap; /* `stride` in transformers: tokens of the context that two consecutive windows
                     * share; fewer than a window has */
    bool as_qna;    /* T2V_CLASSIFY_SPAN: rows as Weaviate's qna-transformers makes them, of at most
                     * 512 tokens; windows and overlap do not count. See task/answer/qna.h */
};

/* Turns the logits[n_label] of a sequence into the scores of sentence-transformers' CrossEncoder,
 * in place: applies the activation that config.json names. If it names none, this is the sigmoid
 * for one label, and nothing for several. */
void t2v_classifier_score(const t2v_classifier *classifier, float *logits);
/* The index of the largest of n logits. *share: its softmax probability. */
size_t t2v_classify_best(const float *logits, size_t n, float *share);

#endif
