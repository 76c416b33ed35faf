/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_MODEL_MODEL_H
#define T2V_TOKEN_MODEL_MODEL_H
/*
 * The model: turns a pre-token into ids. Each kind is a file of its own that fills the table below;
 * the rest of the room knows models only through it. Read-only once loaded, any thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "json/json.h"
#include "token/ids.h"
#include "token/span.h"
#include "token/trie.h"

enum { T2V_MODEL_SCRATCH = 4 };

struct t2v_token_model {
    const struct t2v_token_model_ops {
        const char *name; /* "WordPiece" */
        /* Appends the ids of a pre-token (not empty) to ids. scratch: [T2V_MODEL_SCRATCH] buffers
         * of this thread, for anything. spans: NULL, or a buffer that gets a span of the piece for
         * each id (token/span.h), as the library says what a token covers. 0, T2V_ENOMEM,
         * T2V_ETOOLARGE (a scratch buffer's ceiling), or T2V_EUNSUPPORTED: the piece needs the
         * unknown token, and there is none. */
        int (*encode)(const struct t2v_token_model *model, struct t2v_buf *scratch,
                      struct t2v_str piece, struct t2v_ids *ids, struct t2v_buf *spans);
        /* The id of a token of the vocabulary, or -1. */
        int32_t (*id_of)(const struct t2v_token_model *model, struct t2v_str token);
        void (*free)(struct t2v_token_model *model);
        /* Calls take for every token of the vocabulary, as t2v_trie_each does. */
        int (*each)(const struct t2v_token_model *model, t2v_trie_take *take, void *ctx);
    } * ops;
    size_t n_vocab; /* entries */
    int32_t max_id;
    bool marks_inside; /* it has a continuing_subword_prefix that is not empty */
    int32_t unk_id;    /* of the unknown token; -1: none, or not in the vocabulary */
    /* Pairs of ids with the same text, in the order of `later`, which is the text's id: Unigram's
     * list may have one twice. Owned. */
    struct t2v_token_twins {
        int32_t earlier, later;
    } * twins;
    size_t n_twin;
};

/* The long lists of a `model`: their text in the file, to be read with json/pull.h. ptr is NULL for
 * one that is null or not there. A tree of 250,000 entries takes a second to make. */
struct t2v_model_lists {
    struct t2v_str vocab, merges;
};

/* Calls add for every entry of vocab, an object of tokens and ids, whose path is where.vocab.
 * T2V_EFORMAT; add returns 0, T2V_ENOMEM or T2V_ETOOLARGE. */
typedef int t2v_token_model_add(struct t2v_token_model *model, struct t2v_str token, int32_t id);
int t2v_token_model_read_vocab(const t2v_json *vocab, const char *where, t2v_token_model_add *add,
                               struct t2v_token_model *model, struct t2v_err *err);
/* Puts a token into the trie of a model's vocabulary, and counts it. 0, T2V_ENOMEM, T2V_ETOOLARGE.
 */
int t2v_token_model_put(struct t2v_token_model *model, struct t2v_trie *trie, struct t2v_str token,
                        int32_t id);
/* The ids of the tokens <0x00> to <0xFF>, which stand for bytes; -1 for those that are not there.
 */
void t2v_token_model_bytes(const struct t2v_token_model *model, int32_t ids[256]);
/* For models: a token that covers bytes [begin, end) of the piece. spans may be NULL. 0 or
 * T2V_ENOMEM; a failure of spans sticks in it. */
static inline int t2v_token_model_give(struct t2v_ids *ids, struct t2v_buf *spans, int32_t id,
                                       size_t begin, size_t end)
{
    if (spans != NULL)
        t2v_span_fill(spans, (struct t2v_span){(uint32_t)begin, (uint32_t)end}, 1);
    return t2v_ids_add(ids, id);
}
/* NULL is fine. */
void t2v_token_model_free(struct t2v_token_model *model);

#endif
