/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_MULTI_MULTI_H
#define T2V_TASK_MULTI_MULTI_H
/*
 * The task that makes a vector of each token of a text, for late interaction as in ColBERT (Khattab
 * and Zaharia, 2020): the last hidden states go through a projection, and get length 1. Queries and
 * documents differ in the marker before the text, and in their limits. A query may be expanded:
 * [MASK] tokens are appended to a fixed length, and get vectors, too. A document's tokens that are
 * in the skiplist, punctuation as a rule, get none.
 *
 * Layouts: Stanford's ColBERT (architectures HF_ColBERT, artifact.metadata, linear.weight in the
 * model file), PyLate, and MultiVectorEncoder of sentence-transformers 6, as the latter reads them.
 *
 * Its params are struct t2v_multi_params. Its result is per token, one row for each text; ids are
 * those of the tokens that have a vector.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "model/model.h"
#include "task/task.h"

typedef struct t2v_multi t2v_multi;

struct t2v_multi_params {
    bool query;         /* the texts are queries; else they are documents */
    bool keep_all;      /* a text that is too long is T2V_ETOOLARGE; else it is cut */
    int64_t dimensions; /* vectors are cut to so many components before they get length 1; 0: not;
                         * T2V_EFORMAT if negative, or more than the model has */
};

/* Whether the directory says that the model gives a vector for each token: architectures[0] is
 * HF_ColBERT, or config_sentence_transformers.json has the model_type ColBERT or
 * MultiVectorEncoder, or one of PyLate's keys (query_prefix, document_prefix). */
bool t2v_multi_is_meant(const t2v_model *model);

/* NULL is allowed. */
void t2v_multi_free(t2v_multi *multi);
const struct t2v_task *t2v_multi_task(const t2v_multi *multi);
/* Components of a vector. */
size_t t2v_multi_dim(const t2v_multi *multi);
/* The longest query or document in tokens, with what is added to it. */
size_t t2v_multi_max_tok(const t2v_multi *multi, bool query);

#endif
