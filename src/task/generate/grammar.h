/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_GRAMMAR_H
#define T2V_TASK_GENERATE_GRAMMAR_H
/*
 * Constrained sampling: which tokens may come next so that the text becomes JSON that a schema
 * allows. A t2v_vocab_trie is a model's, made once and shared by any number of threads; a
 * t2v_grammar is the state of one sequence, one thread at a time.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "json/json.h"
#include "token/decode/decoder.h"

/* The bytes of all tokens, as decoding gives them in the middle of a text. */
typedef struct t2v_vocab_trie t2v_vocab_trie;

/* vocab: the number of logits; ids that the decoder lacks are never allowed. ends: [n_end], the
 * end-of-text ids; ids outside the vocabulary are ignored. The decoder is not kept. T2V_ENOMEM. */
int t2v_vocab_trie_new(const t2v_decoder *decoder, size_t vocab, const int32_t *ends, size_t n_end,
                       t2v_vocab_trie **out);
/* NULL is allowed. */
void t2v_vocab_trie_free(t2v_vocab_trie *trie);

typedef struct t2v_grammar t2v_grammar;

/* schema: a JSON Schema, not kept; NULL: any JSON object. The trie must outlive the grammar.
 * T2V_EUNSUPPORTED: names the keyword that is not supported; T2V_EFORMAT: not a schema;
 * T2V_ETOOLARGE; T2V_ENOMEM. */
int t2v_grammar_new(const t2v_vocab_trie *trie, const t2v_json *schema, t2v_grammar **out,
                    struct t2v_err *err);
/* NULL is allowed. */
void t2v_grammar_free(t2v_grammar *grammar);

/* Bits [vocab], bit id % 32 of word id / 32: the ids that may come next; end-of-text ids exactly
 * where the value is complete. Valid until the next call. NULL without memory. */
const uint32_t *t2v_grammar_allowed(t2v_grammar *grammar);
/* Takes the next id. 0; T2V_EMODEL: it was not allowed; T2V_ENOMEM. */
int t2v_grammar_take(t2v_grammar *grammar, int32_t id);

#endif
