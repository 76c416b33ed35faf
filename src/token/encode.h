/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_ENCODE_H
#define T2V_TOKEN_ENCODE_H
/*
 * Encodes texts with an opened tokenizer (see tokenizer.h): token ids, and the part of the text
 * that each token covers. The output of a call that fails is undefined.
 *
 * Offsets are those of the Hugging Face library, one for each id. Each normalised character maps to
 * the original character it came from; an inserted one maps to its neighbour. So two tokens may
 * have the same offset, and some offsets are empty: U+2581 before a word maps to the first
 * character of the word, and each byte of a character maps to the whole character. `offsets` is
 * replaced, as ids are; NULL: offsets are not computed.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "token/first.h"
#include "token/ids.h"
#include "token/tokenizer.h"

/* Replaces *ids by the ids of text (valid UTF-8) with the special tokens of the post-processor, at
 * most max_tok in all (as `truncation=True, max_length=max_tok`). A text that is too long is cut
 * from the end, or from the start if truncation_side is left, before the special tokens are added.
 * max_tok is at least the number of special tokens. If the end is cut, work stops as soon as there
 * are enough ids. T2V_ENOMEM. T2V_ETOOLARGE: the normalised text exceeds 256 MiB (a Replace that
 * grows), a word needs more than 512 MiB of the model's scratch, or a regex of the tokenizer needs
 * more steps or memory than regex.h allows. T2V_EUNSUPPORTED: BPE needs an unknown token, and has
 * none. */
int t2v_tokenizer_encode(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                         struct t2v_str text, size_t max_tok, struct t2v_ids *ids,
                         struct t2v_err *err);
/* The same with offsets. */
int t2v_tokenizer_encode_offsets(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                                 struct t2v_str text, size_t max_tok, struct t2v_ids *ids,
                                 struct t2v_offsets *offsets, struct t2v_err *err);

/* The same with the id `marker` between the special tokens and the text; -1: none. It is never
 * cut. */
int t2v_tokenizer_encode_marked(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                                int32_t marker, struct t2v_str text, size_t max_tok,
                                struct t2v_ids *ids, struct t2v_err *err);

/* Without special tokens: all of the text, or what `truncation` leaves of it. */
int t2v_tokenizer_encode_bare(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                              struct t2v_str text, struct t2v_ids *ids, struct t2v_err *err);
/* The same, at most max_tok ids: cut as t2v_tokenizer_encode cuts. */
int t2v_tokenizer_encode_bare_cut(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                                  struct t2v_str text, size_t max_tok, struct t2v_ids *ids,
                                  struct t2v_err *err);
/* Drops tokens at the start of a text, behind the special tokens there, until max_tok are left: of
 * ids that t2v_tokenizer_encode, or with `bare` t2v_tokenizer_encode_bare_cut, gave without a limit
 * (SIZE_MAX). Special tokens stay. */
void t2v_tokenizer_cut_start(const t2v_tokenizer *tokenizer, size_t max_tok, bool bare,
                             struct t2v_ids *ids);
int t2v_tokenizer_encode_bare_offsets(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                                      struct t2v_str text, struct t2v_ids *ids,
                                      struct t2v_offsets *offsets, struct t2v_err *err);

/* Replaces *ids by text[from .. from + n), which t2v_tokenizer_encode_bare made, with the special
 * tokens of the post-processor. Nothing is cut. T2V_ENOMEM. */
int t2v_tokenizer_join(const t2v_tokenizer *tokenizer, const struct t2v_ids *text, size_t from,
                       size_t n, struct t2v_ids *ids);

/* How a pair that is too long is cut. */
enum t2v_cut {
    T2V_CUT_LONGEST, /* longest_first: the longer text until both are equally long, then both */
    T2V_CUT_SECOND   /* only_second: the second text */
};
struct t2v_text_pair {
    struct t2v_str a, b; /* borrowed */
    size_t max_tok;      /* of both together, at least n_special of t2v_tokenizer_pair */
    enum t2v_cut cut;
    struct t2v_first_text *first; /* NULL: a is encoded. Else it is set to a. Not with offsets */
};
/* Replaces *ids by the ids of a pair of texts with the special tokens of the post-processor, at
 * most max_tok in all, and *types by their token_type_ids (as `tokenizer(a, b, truncation=...,
 * max_length=max_tok)`). An offset is in the text that its token comes from. Errors as above, and
 * T2V_EUNSUPPORTED if the post-processor has no supported form for pairs; T2V_ETOOLARGE if
 * T2V_CUT_SECOND would leave nothing of the second text. */
int t2v_tokenizer_encode_pair(const t2v_tokenizer *tokenizer, t2v_token_space *space,
                              const struct t2v_text_pair *pair, struct t2v_ids *ids,
                              struct t2v_ids *types, struct t2v_offsets *offsets,
                              struct t2v_err *err);
/* The same from ids (t2v_tokenizer_encode_bare): all of a, and b[from .. from + n). Nothing is cut.
 * t2v_tokenizer_pair must return true. T2V_ENOMEM. */
int t2v_tokenizer_join_pair(const t2v_tokenizer *tokenizer, const struct t2v_ids *a,
                            const struct t2v_ids *b, size_t from, size_t n, struct t2v_ids *ids,
                            struct t2v_ids *types);

#endif
