/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEXT_PUNKT_WORD_H
#define T2V_TEXT_PUNKT_WORD_H
/*
 * Punkt's decision: splits a stretch of text into words (punctuation is separate, final periods
 * stay) and decides from each word and the next whether a sentence ends. Time is linear in the
 * stretch, memory constant.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct t2v_punkt; /* punkt_data.h */

/* Whether a sentence ends at a word of context that another word follows. */
bool t2v_punkt_breaks(const struct t2v_punkt *punkt, struct t2v_str context);

/* Finds the next word of context at or after *at, which advances. False, with *word unchanged, if
 * none is left. */
bool t2v_punkt_word(struct t2v_str context, size_t *at, struct t2v_str *word);

/* Whether c may end a sentence: . ? ! */
static inline bool t2v_punkt_is_mark(char c)
{
    return c == '.' || c == '?' || c == '!';
}

/* Whether c is punctuation that is never inside a word. */
bool t2v_punkt_is_outside(char c);

#endif
