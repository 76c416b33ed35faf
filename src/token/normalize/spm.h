/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_NORMALIZE_SPM_H
#define T2V_TOKEN_NORMALIZE_SPM_H
/* What SentencePiece's tokenizers do to a text, for the table in normalize.c. */
#include <stdbool.h>
#include <stddef.h>

#include "token/normalize/step.h"

t2v_norm_run t2v_norm_run_nmt, t2v_norm_run_precompiled, t2v_norm_run_prepend, t2v_norm_run_runs;
t2v_norm_run t2v_norm_run_strip;
t2v_norm_load t2v_norm_load_precompiled, t2v_norm_load_prepend;
/* The bytes of the run that in begins with, where it is long enough to be replaced; else 0. */
size_t t2v_norm_run_len(const struct t2v_norm_step *step, struct t2v_str in);
/* True when regex is a run of one character, such as " {2,}" or "\s+": then sets run_of and
 * run_min. */
bool t2v_norm_read_run(struct t2v_str regex, struct t2v_norm_step *step);

#endif
