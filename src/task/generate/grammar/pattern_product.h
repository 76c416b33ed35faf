/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_GRAMMAR_PATTERN_PRODUCT_H
#define T2V_TASK_GENERATE_GRAMMAR_PATTERN_PRODUCT_H
/*
 * Patterns of the texts that two conditions hold for. The states are pairs, in the schema's arena;
 * they count to T2V_PATTERN_MAX_STATES, as those that the patterns had do. Private to this folder.
 */
#include "task/generate/grammar/pattern.h"

/* *out: of the texts that both patterns have; NULL: there are none. T2V_ETOOLARGE; T2V_ENOMEM. */
int t2v_pattern_both(struct t2v_compiler *c, const struct t2v_pattern *a,
                     const struct t2v_pattern *b, const struct t2v_pattern **out);
/* *out: of the pattern's texts with min to max characters; likewise. max UINT64_MAX: no limit. */
int t2v_pattern_of_length(struct t2v_compiler *c, const struct t2v_pattern *pattern, uint64_t min,
                          uint64_t max, const struct t2v_pattern **out);

#endif
