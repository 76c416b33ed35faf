/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_GRAMMAR_H
#define T2V_TASK_GENERATE_GRAMMAR_H
/*
 * Constrained sampling: which tokens may come next so that the text becomes JSON that a schema
 * allows. What is supported of schemas is in schema.h. One grammar serves one sequence, and one
 * thread at a time.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "json/json.h"
#include "task/generate/vocab_trie.h"

typedef struct t2v_grammar t2v_grammar;

/* schema: a JSON Schema, not kept; NULL: any JSON object. The trie must outlive the grammar.
 * T2V_EUNSUPPORTED: names the keyword that is not supported; T2V_EFORMAT: not a schema;
 * T2V_ETOOLARGE; T2V_ENOMEM. */
int t2v_grammar_new(const t2v_vocab_trie *trie, const t2v_json *schema, t2v_grammar **out,
                    struct t2v_err *err);
/* NULL is allowed. */
void t2v_grammar_free(t2v_grammar *grammar);

/* Bits [vocab], bit id % 32 of word id / 32: the ids that may come next; end-of-text ids exactly
 * where the value is complete. Valid until the next call. NULL without memory, or if too
 * many ways to read the text would have to be followed. */
const uint32_t *t2v_grammar_allowed(t2v_grammar *grammar);
/* Takes the next id. 0; T2V_EMODEL: it was not allowed; T2V_ETOOLARGE, T2V_ENOMEM. */
int t2v_grammar_take(t2v_grammar *grammar, int32_t id);

#endif
