/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_GRAMMAR_VOCAB_TRIE_H
#define T2V_TASK_GENERATE_GRAMMAR_VOCAB_TRIE_H
/*
 * The bytes of all tokens of a model, as decoding gives them in the middle of a text, sorted, so
 * that tokens with a common beginning are neighbours: a trie without nodes. Made once per model;
 * read-only then, any number of threads.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "token/decode/decoder.h"

struct t2v_vocab_token {
    int32_t id;
    uint32_t begin, len; /* its bytes; len is not 0 */
    uint32_t common;     /* bytes that it shares with the token before it in the list */
};

struct t2v_vocab_list {
    struct t2v_vocab_token *tokens; /* [n], sorted by their bytes */
    size_t n;
};

typedef struct t2v_vocab_trie {
    size_t vocab;
    struct t2v_buf bytes;
    /* Whole characters that are content of a JSON string as they are; and the others. */
    struct t2v_vocab_list plain, other;
    uint32_t *plain_bits;   /* [(vocab + 31) / 32] */
    uint32_t longest_plain; /* characters */
    int32_t *ends;          /* [n_end] */
    size_t n_end;
    struct t2v_str *text_of; /* [vocab]; ptr NULL: the token adds no text */
} t2v_vocab_trie;

/* vocab: the number of logits; ids that the decoder lacks, and special ones, are never allowed.
 * ends: [n_end], the end-of-text ids; ids outside the vocabulary are ignored. The decoder is not
 * kept. T2V_ENOMEM, or an error of t2v_decode. */
int t2v_vocab_trie_new(const t2v_decoder *decoder, size_t vocab, const int32_t *ends, size_t n_end,
                       t2v_vocab_trie **out);
/* NULL is allowed. */
void t2v_vocab_trie_free(t2v_vocab_trie *trie);

#endif
