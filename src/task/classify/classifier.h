/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_CLASSIFY_CLASSIFIER_H
#define T2V_TASK_CLASSIFY_CLASSIFIER_H
/*
 * The tasks that give logits: numbers for what a text, or a pair of texts, is, by one of the three
 * heads that Transformers puts on an encoder. config.json's architectures[0] says which. It is
 * opened by t2v_classifier_open (open.h).
 *
 * Its params are struct t2v_classify_params. The result of a sequence's head has a fixed width, the
 * number of labels; the other two give a row of logits for each token, with the tokens. Read-only
 * once opened; any number of threads may use it. No route of the server uses it yet.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "model/model.h"
#include "task/task.h"

enum t2v_classifier_kind {
    T2V_CLASSIFY_SEQUENCE, /* ...ForSequenceClassification: a row for all of a sequence. A
                              cross-encoder (reranker) is one with a single label */
    T2V_CLASSIFY_SPAN,     /* ...ForQuestionAnswering: two numbers a token, for "the answer begins
                              here" and "it ends here" (this token being the last of it) */
    T2V_CLASSIFY_TOKEN     /* ...ForTokenClassification: a row for each token */
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

/* What a request may say beside its texts. A pair that is too long is cut: of a span's pair the
 * second text, else the longer one. T2V_ETOOLARGE where that leaves nothing of a span's context. */
struct t2v_classify_params {
    size_t max_tok; /* of a row, special tokens included; 0, or above the model's: the model's */
    bool windows;   /* of a span's pair: nothing is cut, a long context becomes several rows, each
                       with the whole question. t2v_result_row.first is the token of the context
                       that a row begins with */
    size_t overlap; /* tokens of the context that two windows share; fewer than a window has */
};

/* Turns a sequence's logits[n_label] into what sentence-transformers' CrossEncoder answers: by the
 * activation that config.json names, or else the sigmoid where there is one label. In place. */
void t2v_classifier_score(const t2v_classifier *classifier, float *logits);
/* The largest of a row's n logits, and its share of their softmax: a token's label and how sure. */
size_t t2v_classify_best(const float *logits, size_t n, float *share);

#endif
