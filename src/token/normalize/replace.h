/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_NORMALIZE_REPLACE_H
#define T2V_TOKEN_NORMALIZE_REPLACE_H
/* Replace. */
#include <stddef.h>

#include "token/normalize/step.h"

/* Sets the step's run, too. Errors as t2v_normalizer_load. */
t2v_norm_load t2v_norm_load_replace;
/* Replaces runs of run_of, of at least run_min, by content. */
t2v_norm_run t2v_norm_run_runs;
/* How many bytes it replaces at the beginning of in. 0, or a failure of the pattern. */
int t2v_norm_replaced_first(const struct t2v_norm_step *step, struct t2v_str in, size_t *len);

#endif
