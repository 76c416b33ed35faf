/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_GRAMMAR_GRAMMAR_H
#define T2V_TASK_GENERATE_GRAMMAR_GRAMMAR_H
/*
 * Constrained sampling: which tokens may come next so that the text becomes JSON that a schema
 * allows. What is supported of schemas is in schema.h. One grammar serves one sequence, and one
 * thread at a time.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "task/generate/grammar/schema.h"
#include "task/generate/grammar/vocab_trie.h"

typedef struct t2v_grammar t2v_grammar;

/* Both must outlive the grammar, and may be used by others. T2V_ENOMEM. */
int t2v_grammar_new(const t2v_vocab_trie *trie, const struct t2v_schema *schema, t2v_grammar **out);
/* NULL is allowed. */
void t2v_grammar_free(t2v_grammar *grammar);

/* *out: bits [vocab], bit id % 32 of word id / 32: the ids that may come next; end-of-text ids
 * exactly where the value is complete. Valid until the next call. 0; T2V_ENOMEM; T2V_ETOOLARGE: too
 * many ways to read the text would have to be followed. */
int t2v_grammar_allowed(t2v_grammar *grammar, const uint32_t **out);
/* Takes the next id. 0; T2V_EMODEL: it was not allowed; T2V_ETOOLARGE, T2V_ENOMEM. */
int t2v_grammar_take(t2v_grammar *grammar, int32_t id);

#endif
