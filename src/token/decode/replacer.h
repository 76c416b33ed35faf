/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_DECODE_REPLACER_H
#define T2V_TOKEN_DECODE_REPLACER_H
/*
 * Replaces a string in a text that comes in parts, like Python's str.replace: matches from left to
 * right that do not overlap. The search is that of Knuth, Morris and Pratt: between two parts it
 * keeps only how many bytes of the pattern the text ends with, so time is linear and memory
 * constant. A list of replacers (rules) is run one after another, each on the output of the one
 * before. A replacer is read-only once made; struct t2v_replacing is the state of one text.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

struct t2v_replacer {
    struct t2v_str pattern; /* empty: matches before and after every character, as in Python */
    struct t2v_str content; /* the replacement */
    /* [pattern.len]; border[i]: the length of the longest proper prefix of the pattern that is also
     * a suffix of its first i + 1 bytes. NULL: computed when needed, fast enough if short. */
    const uint32_t *border;
};

enum { T2V_REPLACER_MAX_RULES = 13, T2V_REPLACER_N_TIDY = 10, T2V_REPLACER_N_CLEANUP = 11 };

/* `cleanup` of WordPiece and CTC in the tokenizers library: removes the spaces before punctuation
 * and English contractions. */
extern const struct t2v_replacer t2v_replacer_cleanup[T2V_REPLACER_N_CLEANUP];
/* clean_up_tokenization_spaces of transformers: the same with one rule less. */
extern const struct t2v_replacer t2v_replacer_tidy[T2V_REPLACER_N_TIDY];

/* Fills *out with copies in the arena of two texts (valid UTF-8), and the borders. 0 or T2V_ENOMEM.
 */
int t2v_replacer_make(struct t2v_str pattern, struct t2v_str content, struct t2v_arena *arena,
                      struct t2v_replacer *out);

/* What n rules keep of a text between its parts. The caller of t2v_replacing_init sets the limit of
 * the buffers. */
struct t2v_replacing {
    size_t matched[T2V_REPLACER_MAX_RULES];
    struct t2v_buf made[2];
};
void t2v_replacing_init(struct t2v_replacing *state, size_t max_bytes);
void t2v_replacing_deinit(struct t2v_replacing *state);

/* Runs `in`, the next part of a text, whole characters of UTF-8, through n rules (at most
 * T2V_REPLACER_MAX_RULES). Sets *out to the text that is final: whole characters, valid until the
 * next call (it may be `in` itself). ends: this is the last part; nothing is kept then, and the
 * state is ready for another text. 0, T2V_ENOMEM, T2V_ETOOLARGE. */
int t2v_replacer_run(const struct t2v_replacer *rules, size_t n, struct t2v_replacing *state,
                     struct t2v_str in, bool ends, struct t2v_str *out);

#endif
