/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_TOKENIZER_H
#define T2V_TOKEN_TOKENIZER_H
/*
 * Text to token ids, exactly as the Hugging Face tokenizer of the model directory gives them:
 *
 *   text -added tokens-> segments -normalizer-> text -pre-tokenizer-> pre-tokens -model-> ids
 *        -post-processor-> ids with special tokens
 *
 * This is the header to read first: it opens a tokenizer. encode.h has the functions that encode
 * texts, ids.h the lists that they fill, and decode/decoder.h the way back from ids to text.
 * offsets.h, for this folder, computes the part of the text that each token covers.
 *
 * Every stage is read from tokenizer.json, or built from tokenizer_config.json and the older files
 * (vocab.txt; vocab.json and merges.txt; SentencePiece's models) into the same structures. Models
 * are WordPiece, Unigram, BPE and WordLevel. The `padding` of tokenizer.json is ignored; its
 * `truncation` counts only if tokenizer.json is opened alone. An unknown component is an error that
 * names it. A tokenizer is read-only once opened and serves any number of threads, each with a
 * workspace of its own.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/notes.h"
#include "base/str.h"
#include "token/ids.h"

typedef struct t2v_tokenizer t2v_tokenizer;
/* Scratch memory of one thread; grows as texts need it, and keeps no buffer above 1 MiB for the
 * next. */
typedef struct t2v_token_space t2v_token_space;

int t2v_tokenizer_open(const char *model_dir, t2v_tokenizer **out, struct t2v_err *err);
/* The same with args, the text of a JSON object that overrides keys of tokenizer_config.json: the
 * keyword arguments of AutoTokenizer.from_pretrained. Borrowed for the call; ptr NULL: none. */
int t2v_tokenizer_open_with(const char *model_dir, struct t2v_str args, t2v_tokenizer **out,
                            struct t2v_err *err);
/* From tokenizer.json alone, as the tokenizers library opens it by itself: other files and the
 * rules of a tokenizer class are ignored. Its `truncation` counts, for t2v_tokenizer_encode_bare.
 */
int t2v_tokenizer_open_alone(const char *model_dir, t2v_tokenizer **out, struct t2v_err *err);
/* The settings of its files that earlier releases ignored. */
const struct t2v_notes *t2v_tokenizer_notes(const t2v_tokenizer *tokenizer);
void t2v_tokenizer_free(t2v_tokenizer *tokenizer);

int t2v_token_space_new(t2v_token_space **out);
void t2v_token_space_free(t2v_token_space *space);

/* The number of ids that the post-processor adds to a pair, the largest of them (-1: there are
 * none) and the largest token type. False: it does not know pairs. */
bool t2v_tokenizer_pair(const t2v_tokenizer *tokenizer, size_t *n_special, int32_t *max_id,
                        int32_t *max_type);

/* Where the special tokens of the post-processor are. */
struct t2v_layout {
    size_t n_special[3]; /* before the first text; between the two, or after a single one; after the
                          * second */
    int32_t types[2];    /* the token type of each text's own tokens */
};
/* The layout of a pair of texts, or of a single text, which is of type 0. */
struct t2v_layout t2v_tokenizer_layout(const t2v_tokenizer *tokenizer, bool pair);
/* True where the model marks the tokens that continue a word, as WordPiece does ("##"). */
bool t2v_tokenizer_marks_inside(const t2v_tokenizer *tokenizer);

/* Replaces the `truncation` of a tokenizer that was opened alone: keeps the first max_tok tokens of
 * a text; SIZE_MAX: all. */
void t2v_tokenizer_truncate(t2v_tokenizer *tokenizer, size_t max_tok);
/* The tokens that `truncation` keeps of a text; SIZE_MAX: all. */
size_t t2v_tokenizer_truncation(const t2v_tokenizer *tokenizer);
/* The id of the unknown token, or -1. named: only of a model that names it by its text, which
 * Unigram does not. */
int32_t t2v_tokenizer_unk(const t2v_tokenizer *tokenizer, bool named);
/* True where its pre-tokenizer is a ByteLevel, and nothing else, that has add_prefix_space. */
bool t2v_tokenizer_prefix_space(const t2v_tokenizer *tokenizer);
/* The number of tokens, added ones too, and the median of their lengths in characters (the mean of
 * the two middle ones, rounded down). 0 or T2V_ENOMEM. */
int t2v_tokenizer_survey(const t2v_tokenizer *tokenizer, size_t *n_token, size_t *median);

/* The number of ids that the post-processor adds to a text. */
size_t t2v_tokenizer_n_special(const t2v_tokenizer *tokenizer);
/* How many of them come before the text. */
size_t t2v_tokenizer_n_before(const t2v_tokenizer *tokenizer);
/* The largest id that can come out. */
int32_t t2v_tokenizer_max_id(const t2v_tokenizer *tokenizer);
/* Appends the token with this id, as the vocabulary spells it; nothing if there is none. Slow, for
 * messages: it searches the whole vocabulary; use t2v_decoder_token for more than one. 0,
 * T2V_ENOMEM or T2V_ETOOLARGE. */
int t2v_tokenizer_spell(const t2v_tokenizer *tokenizer, int32_t id, struct t2v_buf *out);
/* `model_max_length` of tokenizer_config.json; 0 when there is none, or one above 2^31 - 1. */
size_t t2v_tokenizer_model_max(const t2v_tokenizer *tokenizer);
/* What it is, for `inspect`: "tokenizer.json: BertNormalizer, BertPreTokenizer, WordPiece, ...". */
const char *t2v_tokenizer_describe(const t2v_tokenizer *tokenizer);

#endif
