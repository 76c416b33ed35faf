/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_ENCODE_H
#define T2V_TOKEN_ENCODE_H
/*
 * Text to ids with an opened tokenizer, see tokenizer.h, and the part of the text that each token
 * stands for. What comes out of a call is undefined where it fails.
 *
 * Offsets are those that the Hugging Face library says, in characters, one for each id: through
 * normalizer and pre-tokenizer every character keeps the place in the text that it was made of, or
 * that it was put beside. So two tokens may have the same (a mark in front of a word has the first
 * character's, each byte of a character that of the whole character), and some are empty. `offsets`
 * may be NULL: not wanted, and then nothing is tracked. It is replaced, as ids are.
 */
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "token/ids.h"
#include "token/tokenizer.h"

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
/* The same with offsets. */
int t2v_tokenizer_encode_offsets(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                                 struct t2v_str text, size_t max_tok, struct t2v_ids *ids,
                                 struct t2v_offsets *offsets, struct t2v_err *err);

/* Without special tokens: all of the text, or what `truncation` leaves of it. */
int t2v_tokenizer_encode_bare(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                              struct t2v_str text, struct t2v_ids *ids, struct t2v_err *err);
/* The same, at most max_tok ids: cut as t2v_tokenizer_encode cuts. */
int t2v_tokenizer_encode_bare_cut(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                                  struct t2v_str text, size_t max_tok, struct t2v_ids *ids,
                                  struct t2v_err *err);
int t2v_tokenizer_encode_bare_offsets(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                                      struct t2v_str text, struct t2v_ids *ids,
                                      struct t2v_offsets *offsets, struct t2v_err *err);

/* What becomes of two texts that are too long together. */
enum t2v_cut {
    T2V_CUT_LONGEST, /* the longer one is cut until they are equally long, then both */
    T2V_CUT_SECOND   /* the second one is cut */
};
struct t2v_text_pair {
    struct t2v_str a, b; /* borrowed */
    size_t max_tok;      /* of both, at least what t2v_tokenizer_pair says of special tokens */
    enum t2v_cut cut;
};
/* Replaces *ids by the ids of a pair of texts, as the template puts them together, at most max_tok
 * in all, and *types by the token type of each (as `tokenizer(a, b, truncation=..., max_length=
 * max_tok)`); offsets are in the text that the token is of. Errors as above (messages speak of the
 * text to blame), and T2V_EUNSUPPORTED where the tokenizer says nothing of pairs that we know;
 * T2V_ETOOLARGE where T2V_CUT_SECOND would leave nothing of the second text. */
int t2v_tokenizer_encode_pair(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                              const struct t2v_text_pair *pair, struct t2v_ids *ids,
                              struct t2v_ids *types, struct t2v_offsets *offsets,
                              struct t2v_err *err);
/* The same of texts whose ids are known (t2v_tokenizer_encode_bare): all of a, and n of b from
 * `from` on; nothing is cut. Where t2v_tokenizer_pair says true. T2V_ENOMEM. */
int t2v_tokenizer_join_pair(const t2v_tokenizer *tokenizer, const struct t2v_ids *a,
                            const struct t2v_ids *b, size_t from, size_t n, struct t2v_ids *ids,
                            struct t2v_ids *types);

#endif
