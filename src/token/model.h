/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_MODEL_H
#define T2V_TOKEN_MODEL_H
/*
 * The model: a piece of text to ids. Each kind is a file of its own that fills the table below; the
 * rest of the room knows models only through it. Read-only once loaded, any thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "token/tokenizer.h"
#include "token/trie.h"
#include "json/json.h"

enum { T2V_MODEL_SCRATCH = 4 };

struct t2v_token_model {
    const struct t2v_token_model_ops {
        const char *name; /* "WordPiece" */
        /* Appends the ids of a piece (not empty) to ids. scratch: [T2V_MODEL_SCRATCH] buffers of
         * this thread, for anything. 0, T2V_ENOMEM, T2V_ETOOLARGE (a scratch buffer's ceiling), or
         * T2V_EUNSUPPORTED: the piece needs the unknown token, and there is none. */
        int (*encode)(const struct t2v_token_model *model, struct t2v_buf *scratch,
                      struct t2v_str piece, struct t2v_ids *ids);
        /* The id of a token of the vocabulary, or -1. */
        int32_t (*id_of)(const struct t2v_token_model *model, struct t2v_str token);
        void (*free)(struct t2v_token_model *model);
        /* Calls take for every token of the vocabulary, as t2v_trie_each does. */
        int (*each)(const struct t2v_token_model *model, t2v_trie_take *take, void *ctx);
    } * ops;
    size_t n_vocab; /* entries */
    int32_t max_id;
    int32_t unk_id; /* of the unknown token; -1: none, or not in the vocabulary */
};

/* The long lists of a `model`: their text in the file, to be read with json/pull.h. ptr is NULL for
 * one that is null or not there. A tree of 250,000 entries takes a second to make. */
struct t2v_model_lists {
    struct t2v_str vocab, merges;
};

/* True when the kind of model that value describes, beside these lists, is read from lists; then
 * value need not have them. */
bool t2v_token_model_takes_lists(const t2v_json *value, const struct t2v_model_lists *lists);
/* Reads the `model` of tokenizer.json; where is its path there. lists: may be NULL for a kind that
 * is read from the tree alone. T2V_EFORMAT, T2V_EUNSUPPORTED (a kind that we do not know),
 * T2V_ETOOLARGE, T2V_ENOMEM. */
int t2v_token_model_load(const t2v_json *value, const struct t2v_model_lists *lists,
                         const char *where, struct t2v_token_model **out, struct t2v_err *err);
/* Calls add for every entry of vocab, an object of tokens and ids, whose path is where.vocab.
 * Errors as above; add returns 0, T2V_ENOMEM or T2V_ETOOLARGE. */
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
/* NULL is fine. */
void t2v_token_model_free(struct t2v_token_model *model);

/* wordpiece.c: a WordPiece model made step by step: new, add each token, finish. n_byte: about how
 * many bytes the tokens have. After a failure free it. */
int t2v_wordpiece_new(size_t n_byte, struct t2v_token_model **out);
int t2v_wordpiece_add(struct t2v_token_model *model, struct t2v_str token, int32_t id);
/* Where the vocabulary lacks unk_token, a text that needs it fails. */
void t2v_wordpiece_finish(struct t2v_token_model *model, struct t2v_str unk_token,
                          struct t2v_str prefix, size_t max_chars);
int t2v_wordpiece_load(const t2v_json *value, const char *where, struct t2v_token_model **out,
                       struct t2v_err *err);

/* wordlevel.c */
int t2v_wordlevel_load(const t2v_json *value, const char *where, struct t2v_token_model **out,
                       struct t2v_err *err);

/* bpe.c: a BPE model made step by step: new, add each token, then each merge in its order, finish.
 * After a failure free it. */
struct t2v_bpe_settings {
    struct t2v_str unk_token;      /* ptr NULL: characters that are no token vanish */
    struct t2v_str prefix, suffix; /* of what continues, of what ends a word */
    bool fuse_unk, byte_fallback, ignore_merges;
};
/* n_vocab, n_merge: about how many there will be. 0 or T2V_ENOMEM, which add gives, too. */
int t2v_bpe_new(size_t n_vocab, size_t n_merge, const struct t2v_bpe_settings *settings,
                struct t2v_token_model **out);
int t2v_bpe_add(struct t2v_token_model *model, struct t2v_str token, int32_t id);
/* T2V_EFORMAT (not of tokens, or to none), T2V_ETOOLARGE (too many), T2V_ENOMEM. */
int t2v_bpe_merge(struct t2v_token_model *model, struct t2v_str left, struct t2v_str right,
                  uint32_t rank, struct t2v_err *err);
int t2v_bpe_finish(struct t2v_token_model *model, struct t2v_err *err);
/* True when this merge is there already. */
bool t2v_bpe_has_merge(const struct t2v_token_model *model, struct t2v_str left,
                       struct t2v_str right);
/* bpe_load.c: adds all of the text of a vocab.json, called name in messages. */
int t2v_bpe_read_vocab(struct t2v_token_model *model, struct t2v_str text, const char *name,
                       struct t2v_err *err);
int t2v_bpe_load(const t2v_json *value, const struct t2v_model_lists *lists, const char *where,
                 struct t2v_token_model **out, struct t2v_err *err);

/* unigram.c: the same for a Unigram model; a token's id is the number of those added before it.
 * add: T2V_ENOMEM, T2V_ETOOLARGE. */
int t2v_unigram_new(size_t n_byte, struct t2v_token_model **out);
int t2v_unigram_add(struct t2v_token_model *model, struct t2v_str token, double score);
/* unk_id: -1 for none. */
int t2v_unigram_finish(struct t2v_token_model *model, int64_t unk_id, bool byte_fallback,
                       struct t2v_err *err);
int t2v_unigram_load(const t2v_json *value, const struct t2v_model_lists *lists, const char *where,
                     struct t2v_token_model **out, struct t2v_err *err);

#endif
