/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_CLASSIFY_FAMILY_H
#define T2V_TASK_CLASSIFY_FAMILY_H
/*
 * What each family puts between its net and the logits, and what the tensors are called. Private to
 * task/classify/.
 */
#include <stddef.h>

#include "base/error.h"
#include "task/classify/classifier.h"

/* Reads architectures[0] into kind. T2V_EUNSUPPORTED: neither it nor the model_type has a head
 * here. */
int t2v_classifier_read_kind(t2v_classifier *classifier, struct t2v_err *err);
/* Loads the head's tensors; n_label: of its last layer. After t2v_model_load. */
int t2v_classifier_load(t2v_classifier *classifier, size_t n_label, struct t2v_err *err);

#endif
