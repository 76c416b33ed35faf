/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_DECODE_REPLACER_H
#define T2V_TOKEN_DECODE_REPLACER_H
/*
 * Replaces a string in a text that comes in parts: hits from left to right, none overlapping, as
 * str.replace of Python has it. What it keeps of a text between two parts is a number: how many
 * bytes of the pattern the text ends with (Knuth, Morris and Pratt's search), so the work is linear
 * and the memory constant. Several in a row are a list of rules, each run on what the one before
 * made. A replacer is read-only once made; the numbers and buffers belong to the text.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

struct t2v_replacer {
    struct t2v_str pattern; /* empty: before and behind every character, as in Rust and Python */
    struct t2v_str content;
    /* [pattern.len]; at i: the length of the longest proper beginning of the pattern that its
     * first i + 1 bytes end with. NULL: looked for when needed, good for short patterns. */
    const uint32_t *border;
};

enum { T2V_REPLACER_MAX_RULES = 13, T2V_REPLACER_N_TIDY = 10, T2V_REPLACER_N_CLEANUP = 11 };

/* The spaces before punctuation and English contractions that WordPiece's and CTC's `cleanup` of
 * the tokenizers library takes away. */
extern const struct t2v_replacer t2v_replacer_cleanup[T2V_REPLACER_N_CLEANUP];
/* The same as clean_up_tokenization_spaces of transformers has it: one rule less. */
extern const struct t2v_replacer t2v_replacer_tidy[T2V_REPLACER_N_TIDY];

/* Fills *out with copies in the arena of two texts (valid UTF-8), and the borders. 0 or T2V_ENOMEM.
 */
int t2v_replacer_make(struct t2v_str pattern, struct t2v_str content, struct t2v_arena *arena,
                      struct t2v_replacer *out);

/* What n rules keep of a text between its parts. Zeroed at a text's start, but for the buffers,
 * whose ceilings are the caller's. */
struct t2v_replacing {
    size_t matched[T2V_REPLACER_MAX_RULES];
    struct t2v_buf made[2];
};
void t2v_replacing_init(struct t2v_replacing *state, size_t max_bytes);
void t2v_replacing_deinit(struct t2v_replacing *state);

/* Runs `in`, the next part of a text, whole characters of UTF-8, through n rules (at most
 * T2V_REPLACER_MAX_RULES). Sets *out to what is certain now, valid until the next call (or `in`
 * itself): whole characters, too. ends: this is the last part; nothing is kept then, and the state
 * is ready for another text. 0, T2V_ENOMEM, T2V_ETOOLARGE. */
int t2v_replacer_run(const struct t2v_replacer *rules, size_t n, struct t2v_replacing *state,
                     struct t2v_str in, bool ends, struct t2v_str *out);

#endif
