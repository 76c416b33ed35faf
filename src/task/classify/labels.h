/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_CLASSIFY_LABELS_H
#define T2V_TASK_CLASSIFY_LABELS_H
/* What config.json says of labels, and of what becomes of logits. Private to task/classify/. */
#include <stddef.h>

#include "base/error.h"
#include "task/classify/classifier.h"

/* Reads id2label (or num_labels) into labels, and score_act. T2V_EFORMAT, T2V_EUNSUPPORTED. */
int t2v_classifier_read_labels(t2v_classifier *classifier, size_t *n_label, struct t2v_err *err);

#endif
