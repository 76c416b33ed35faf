/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_EMBEDDER_H
#define T2V_TASK_EMBED_EMBEDDER_H
/*
 * The task that makes a vector of a text, once t2v_embedder_open (open.h) has opened it: the
 * vectorizer says how a text becomes sequences of tokens and how their hidden states become one
 * vector.
 *
 * Its params are struct t2v_embed_params; its result has a fixed width, the dimension of the
 * vectors. Read-only once opened; any number of threads may use it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "model/model.h"
#include "task/task.h"
#include "text/punkt.h"

typedef struct t2v_embedder t2v_embedder;

/* NULL is allowed. */
void t2v_embedder_free(t2v_embedder *embedder);

const struct t2v_task *t2v_embedder_task(const t2v_embedder *embedder);
const t2v_model *t2v_embedder_model(const t2v_embedder *embedder);

/* The text of config.json, for /meta: one JSON object. */
struct t2v_str t2v_embedder_meta(const t2v_embedder *embedder);
const char *t2v_embedder_vectorizer(const t2v_embedder *embedder); /* "default" */
/* Length of its vectors where a request asks for no other, and the most that one can ask for. They
 * differ where the model's settings cut vectors (truncate_dim). */
size_t t2v_embedder_dim(const t2v_embedder *embedder);
size_t t2v_embedder_max_dim(const t2v_embedder *embedder);
/* The longest sequence it makes, special tokens included. */
size_t t2v_embedder_max_tok(const t2v_embedder *embedder);
/* The longest sequence of a request that names no task. */
size_t t2v_embedder_text_tok(const t2v_embedder *embedder);
/* The prompts that a request can name, in the order of config_sentence_transformers.json: the name
 * of prompt i, and its text unless text is NULL; borrowed. None under a vectorizer other than
 * sentence-transformers. */
size_t t2v_embedder_n_prompt(const t2v_embedder *embedder);
struct t2v_str t2v_embedder_prompt(const t2v_embedder *embedder, size_t i, struct t2v_str *text);
/* Whether pooling leaves out the tokens of these prompts (include_prompt is false). */
bool t2v_embedder_skips_prompt(const t2v_embedder *embedder);
/* What cuts a text, its white space made single, into the sentences that are encoded one by one.
 * Borrowed. NULL: this embedder encodes a text as a whole. */
const t2v_punkt *t2v_embedder_splitter(const t2v_embedder *embedder);
/* "mean, Dense to 24, Normalize": what becomes of hidden states, for people. */
const char *t2v_embedder_pipeline(const t2v_embedder *embedder);

#endif
