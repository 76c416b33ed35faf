/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_FILTER_H
#define T2V_TASK_GENERATE_FILTER_H
/*
 * Which tokens sampling chooses among: temperature, top_k, top_p, min_p and typical_p, as the
 * processors of transformers have it, in expected linear time (no sort). Where top_p cuts among
 * equal logits the lowest ids stay; transformers' sort leaves that open. Private to this folder.
 */
#include <stddef.h>
#include <stdint.h>

#include "task/generate/sampling.h"

struct t2v_candidate {
    int32_t id;
    float logit; /* divided by the temperature */
    float p;     /* its probability among the candidates that are left */
    float key;
};

/* Applies the settings to candidates [n], n at least 1, with id and finite logit set, and reorders
 * them. Returns how many are left, at least 1: the first ones, with p set. */
size_t t2v_filter(const struct t2v_sampling *sampling, struct t2v_candidate *candidates, size_t n);

#endif
