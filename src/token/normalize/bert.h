/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_NORMALIZE_BERT_H
#define T2V_TOKEN_NORMALIZE_BERT_H
/* BertNormalizer, and StripAccents alone. */
#include <stdbool.h>
#include <stddef.h>

#include "token/normalize/step.h"

/* Makes *step a BertNormalizer. accents: NULL is null, which means "as lower". */
void t2v_norm_bert(struct t2v_norm_step *step, bool clean, bool chinese, const bool *accents,
                   bool lower);

/* Where strip_accents moves and drops marks, alignments are those of the library's passes, one
 * after the other: makes the passes of such a step, which have the same output as the step, and
 * returns how many; 0 for any other step. */
size_t t2v_norm_bert_passes(const struct t2v_norm_step *step, struct t2v_norm_step passes[3]);

#endif
