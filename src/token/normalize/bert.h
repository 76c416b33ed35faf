/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_NORMALIZE_BERT_H
#define T2V_TOKEN_NORMALIZE_BERT_H
/* BertNormalizer, and StripAccents alone. */
#include <stdbool.h>

#include "token/normalize/step.h"

/* Makes *step a BertNormalizer. accents: NULL is null, which means "as lower". */
void t2v_norm_bert(struct t2v_norm_step *step, bool clean, bool chinese, const bool *accents,
                   bool lower);

#endif
