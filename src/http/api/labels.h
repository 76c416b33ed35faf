/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_LABELS_H
#define T2V_HTTP_API_LABELS_H
/* The labels of texts, with their scores, best first. */
#include "http/api/api.h"

/* POST /predict of text-embeddings-inference: {"inputs": "text", or a pair ["a", "b"], or a batch
 * [["a"], ["a", "b"]]} to [{"score", "label"}], of a batch a list of these. */
extern const struct t2v_operation t2v_labels_predict;
/* Hugging Face's text classification: {"inputs": "text" or ["text"], "parameters": {"top_k",
 * "function_to_apply"}} to a list of [{"label", "score"}]. */
extern const struct t2v_operation t2v_labels_classify;

#endif
