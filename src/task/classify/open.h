/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_CLASSIFY_OPEN_H
#define T2V_TASK_CLASSIFY_OPEN_H
/* A classifier opens the model, and loads its head, which comes after the net. */
#include "base/error.h"
#include "task/classify/classifier.h"

/* Strings are borrowed for the call. */
struct t2v_classifier_options {
    const char *dir;
    const char *precision; /* of the net: "f32", "bf16", "int8", "auto" */
    const char *cpu;       /* cap on the instruction set; "": none */
    int threads;           /* that pack its weights; below 1: one */
};

/* *out is set on success alone, and freed by t2v_classifier_free. T2V_EUNSUPPORTED names the
 * model_type or architecture, T2V_EFORMAT the key or tensor; else as t2v_model_find. */
int t2v_classifier_open(const struct t2v_classifier_options *options, t2v_classifier **out,
                        struct t2v_err *err);

#endif
