/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_SPARSE_SPARSE_H
#define T2V_TASK_SPARSE_SPARSE_H
/*
 * The task that makes a sparse vector of a text, as SPLADE (Formal and others, 2021) does: the head
 * of a masked language model gives each token a logit for each entry of the vocabulary, and the
 * weight of an entry is the largest of log(1 + relu(logit)) over the text's tokens, or their sum.
 *
 * Its params are struct t2v_embed_params: what encode says of prompts and limits counts, norm and
 * dimensions have no effect. Its result is a per-token result of width 1, with one row for each
 * text: its `ids` are entries of the vocabulary in rising order, its `values` their weights. Zeros
 * are left out, so a row may be empty. Not all tokens of the text are among the ids.
 *
 * A batch needs a row of vocabulary-many floats for each of its texts; a result does not.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "task/embed/embedder.h"
#include "task/task.h"

typedef struct t2v_sparse t2v_sparse;

/* Whether sparse vectors can be made with the model: architectures[0] is a ...ForMaskedLM of a
 * family whose head is known here (bert, distilbert, roberta, xlm-roberta, camembert, mpnet,
 * modernbert), and the head is in the weights. A model whose modules.json does not say
 * SpladePooling was hardly trained for it; it is run as SparseEncoder of sentence-transformers runs
 * it. */
bool t2v_sparse_can(const t2v_model *model);
/* Whether modules.json says that the model makes sparse vectors: it has a SpladePooling. Such a
 * directory cannot be opened under the vectorizer sentence-transformers. */
bool t2v_sparse_is_meant(const t2v_model *model);

/* NULL is allowed. */
void t2v_sparse_free(t2v_sparse *sparse);

const struct t2v_task *t2v_sparse_task(const t2v_sparse *sparse);
/* Entries of the vocabulary: ids are below it. */
size_t t2v_sparse_vocab(const t2v_sparse *sparse);
/* Prepares its texts: for prompts (t2v_embedder_prompt) and limits. */
const t2v_embedder *t2v_sparse_embedder(const t2v_sparse *sparse);

#endif
