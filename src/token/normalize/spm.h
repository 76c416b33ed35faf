/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_NORMALIZE_SPM_H
#define T2V_TOKEN_NORMALIZE_SPM_H
/* What SentencePiece's tokenizers do to a text, for the table in normalize.c. */
#include <stdbool.h>
#include <stddef.h>

#include "token/normalize/step.h"

t2v_norm_run t2v_norm_run_nmt, t2v_norm_run_precompiled, t2v_norm_run_prepend;
t2v_norm_run t2v_norm_run_strip;
t2v_norm_load t2v_norm_load_precompiled, t2v_norm_load_prepend;

#endif
