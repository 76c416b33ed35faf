/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_TOKENS_H
#define T2V_TASK_EMBED_TOKENS_H
/*
 * The task that gives the last hidden state of each token of a text, special tokens included: the
 * token embeddings of sentence-transformers, and text-embeddings-inference's /embed_all. Nothing is
 * pooled, and no module of modules.json after the Transformer is run.
 *
 * Its params are struct t2v_embed_params: encode's norm and dimensions have no effect. Its result
 * is per token, and its width the hidden size; a text has one row, or one for each sentence under
 * the default vectorizer. A request of n tokens needs n times the hidden size in floats.
 */
#include "base/error.h"
#include "task/embed/embedder.h"
#include "task/task.h"

typedef struct t2v_token_embedder t2v_token_embedder;

/* Uses the embedder, which must outlive it, and its model; under the default vectorizer one of its
 * own that t2v_embedder_open_texts opens, where it can. *out is set on success alone, and freed by
 * t2v_token_embedder_free. T2V_EUNSUPPORTED for static embeddings, whose tokens have no hidden
 * states; else as t2v_embedder_open_texts. */
int t2v_token_embedder_open(const t2v_embedder *embedder, t2v_token_embedder **out,
                            struct t2v_err *err);
/* NULL is allowed. */
void t2v_token_embedder_free(t2v_token_embedder *tokens);
/* Prepares its texts: for prompts (t2v_embedder_prompt) and limits. */
const t2v_embedder *t2v_token_embedder_embedder(const t2v_token_embedder *tokens);
const struct t2v_task *t2v_token_embedder_task(const t2v_token_embedder *tokens);

#endif
