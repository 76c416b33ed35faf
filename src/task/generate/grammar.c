/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/grammar.h"

#include "base/banned.h"

int t2v_vocab_trie_new(const t2v_decoder *decoder, size_t vocab, const int32_t *ends, size_t n_end,
                       t2v_vocab_trie **out)
{
    (void)decoder;
    (void)vocab;
    (void)ends;
    (void)n_end;
    *out = NULL;
    return 0;
}

void t2v_vocab_trie_free(t2v_vocab_trie *trie)
{
    (void)trie;
}

int t2v_grammar_new(const t2v_vocab_trie *trie, const t2v_json *schema, t2v_grammar **out,
                    struct t2v_err *err)
{
    (void)trie;
    (void)schema;
    *out = NULL;
    return t2v_fail(err, T2V_EUNSUPPORTED, "constrained sampling is not supported");
}

void t2v_grammar_free(t2v_grammar *grammar)
{
    (void)grammar;
}

const uint32_t *t2v_grammar_allowed(t2v_grammar *grammar)
{
    (void)grammar;
    return NULL;
}

int t2v_grammar_take(t2v_grammar *grammar, int32_t id)
{
    (void)grammar;
    (void)id;
    return 0;
}
