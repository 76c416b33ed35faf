/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_ANSWER_SCORE_H
#define T2V_TASK_ANSWER_SCORE_H
/*
 * From logits of a sequence classifier to scores, and their order. Each API has its own rule:
 *
 *   Weaviate's /rerank            t2v_classifier_score, of texts that t2v_space_strip has stripped;
 *                                 the order of the request
 *   TEI's /rerank, /predict       t2v_apply_tei, T2V_TIES_LAST
 *   Cohere, Jina                  T2V_APPLY_SIGMOID, T2V_TIES_LAST
 *   Hub's text classification     t2v_apply_pipeline, T2V_TIES_FIRST
 */
#include <stddef.h>

#include "task/classify/classifier.h"

enum t2v_apply {
    T2V_APPLY_NONE,    /* the score is the logit */
    T2V_APPLY_SIGMOID, /* each by itself */
    T2V_APPLY_SOFTMAX  /* over all n */
};

/* In place: logits[n], of one sequence; with T2V_APPLY_SIGMOID or NONE of any number of them. */
void t2v_apply(enum t2v_apply apply, float *logits, size_t n);

/* What text-embeddings-inference applies: the sigmoid for one label, softmax for several. Unlike
 * there, it is the sigmoid also where problem_type is multi_label_classification. */
enum t2v_apply t2v_apply_tei(const t2v_classifier *classifier);
/* What the text-classification pipeline of transformers 4.57 applies unless the request says
 * otherwise: the same, but nothing where problem_type is regression. */
enum t2v_apply t2v_apply_pipeline(const t2v_classifier *classifier);

/* The order of equal scores. */
enum t2v_ties {
    T2V_TIES_FIRST, /* the lower index first */
    T2V_TIES_LAST   /* UPSTREAM: the higher index first: TEI sorts upwards, then reverses */
};

/* The indexes of scores[n] (finite), best first, into order[n]. */
void t2v_rank(const float *scores, size_t n, enum t2v_ties ties, size_t *order);

#endif
