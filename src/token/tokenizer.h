/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_TOKENIZER_H
#define T2V_TOKEN_TOKENIZER_H
/*
 * Text to token ids, exactly as the Hugging Face tokenizer of the model directory gives them:
 *
 *   text -added tokens-> segments -normalizer-> text -pre-tokenizer-> pieces -model-> ids
 * -template-> ids
 *
 * Every stage is read from tokenizer.json, or put together from tokenizer_config.json and the older
 * files (vocab.txt; vocab.json and merges.txt; SentencePiece's models) into the same structures;
 * nothing is assumed. Models are WordPiece, Unigram, BPE and WordLevel. The `padding` of
 * tokenizer.json never counts, its `truncation` only where it is opened alone. A component that we
 * do not know is an error that names it. A tokenizer is read-only once opened and serves any number
 * of threads, each with a workspace of its own.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/notes.h"
#include "base/str.h"

typedef struct t2v_tokenizer t2v_tokenizer;
/* Scratch memory of one thread; grows as texts need it, and keeps no buffer above 1 MiB for the
 * next. */
typedef struct t2v_token_space t2v_token_space;

/* A growing list of token ids. A zeroed struct is empty. */
struct t2v_ids {
    int32_t *ptr;
    size_t len, cap;
    bool cut; /* the last text encoded into it had more tokens than were allowed */
};
int t2v_ids_add(struct t2v_ids *ids, int32_t id); /* 0 or T2V_ENOMEM */
void t2v_ids_deinit(struct t2v_ids *ids);

int t2v_tokenizer_open(const char *model_dir, t2v_tokenizer **out, struct t2v_err *err);
/* The same with args, the text of a JSON object, laid over tokenizer_config.json: the keyword
 * arguments of AutoTokenizer.from_pretrained. Borrowed for the call; ptr NULL: none. */
int t2v_tokenizer_open_with(const char *model_dir, struct t2v_str args, t2v_tokenizer **out,
                            struct t2v_err *err);
/* From tokenizer.json alone, as the tokenizers library opens it by itself: no file beside it
 * counts, and no rule of a class; its `truncation` does, for t2v_tokenizer_encode_bare. */
int t2v_tokenizer_open_alone(const char *model_dir, t2v_tokenizer **out, struct t2v_err *err);
/* The settings of its files that earlier releases ignored. */
const struct t2v_notes *t2v_tokenizer_notes(const t2v_tokenizer *tokenizer);
void t2v_tokenizer_free(t2v_tokenizer *tokenizer);

int t2v_token_space_new(t2v_token_space **out);
void t2v_token_space_free(t2v_token_space *space);

/* Replaces *ids by the ids of text (valid UTF-8), special tokens of the template included, at most
 * max_tok in all: what is too much is cut from the end before the special tokens are put around it
 * (as `truncation=True, max_length=max_tok`). max_tok is at least the number of special tokens.
 * Work stops early once enough ids are there. T2V_ENOMEM; T2V_ETOOLARGE when the normalizer makes
 * more than 256 MiB of it (a Replace that grows), when a word of it takes the model more than 512
 * MiB of scratch, or a pattern of the tokenizer more steps or memory than regex.h allows;
 * T2V_EUNSUPPORTED when BPE needs an unknown token that is not there.
 */
int t2v_tokenizer_encode(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                         struct t2v_str text, size_t max_tok, struct t2v_ids *ids,
                         struct t2v_err *err);

/* The same without special tokens: all of the text, or what `truncation` leaves of it. */
int t2v_tokenizer_encode_bare(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                              struct t2v_str text, struct t2v_ids *ids, struct t2v_err *err);

/* What becomes of two texts that are too long together. */
enum t2v_cut {
    T2V_CUT_LONGEST, /* the longer one is cut until they are equally long, then both */
    T2V_CUT_SECOND   /* the second one is cut */
};
/* Replaces *ids by the ids of a pair of texts, as the template puts them together, at most max_tok
 * in all, and *types by the token type of each (as `tokenizer(a, b, truncation=..., max_length=
 * max_tok)`). Errors as above (messages speak of the text to blame), and T2V_EUNSUPPORTED where
 * the tokenizer says nothing of pairs that we know; T2V_ETOOLARGE where T2V_CUT_SECOND would leave
 * nothing of the second text. max_tok is at least what t2v_tokenizer_pair says of special tokens.
 */
int t2v_tokenizer_encode_pair(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                              struct t2v_str a, struct t2v_str b, size_t max_tok, enum t2v_cut cut,
                              struct t2v_ids *ids, struct t2v_ids *types, struct t2v_err *err);
/* How many ids the template adds to a pair, the largest of them (-1: there are none) and the
 * largest token type; false where pairs are not known. */
bool t2v_tokenizer_pair(const t2v_tokenizer *tokenizer, size_t *n_special, int32_t *max_id,
                        int32_t *max_type);

/* Replaces the `truncation` of a tokenizer that was opened alone: the first max_tok tokens of a
 * text are kept; SIZE_MAX: all. */
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

/* How many ids the template adds to a text. */
size_t t2v_tokenizer_n_special(const t2v_tokenizer *tokenizer);
/* The largest id that can come out. */
int32_t t2v_tokenizer_max_id(const t2v_tokenizer *tokenizer);
/* Appends the token with this id, as the vocabulary spells it; nothing where there is none. Slow,
 * for a message: it goes through the whole vocabulary, see t2v_decoder_token for more than one. 0,
 * T2V_ENOMEM or T2V_ETOOLARGE. */
int t2v_tokenizer_spell(const t2v_tokenizer *tokenizer, int32_t id, struct t2v_buf *out);
/* `model_max_length` of tokenizer_config.json; 0 when there is none, or one above 2^31 - 1. */
size_t t2v_tokenizer_model_max(const t2v_tokenizer *tokenizer);
/* What it is, for `inspect`: "tokenizer.json: BertNormalizer, BertPreTokenizer, WordPiece, ...". */
const char *t2v_tokenizer_describe(const t2v_tokenizer *tokenizer);

#endif
