/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEXT_PUNKT_WORD_H
#define T2V_TEXT_PUNKT_WORD_H
/*
 * The inner half of Punkt: cuts a stretch of text into words (punctuation splits off, final periods
 * stay) and judges from each word and its successor whether a sentence ends. Time is linear in the
 * stretch, memory constant.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct t2v_punkt; /* punkt_data.h */

/* True when a sentence ends at some word of context that has another word behind it. */
bool t2v_punkt_breaks(const struct t2v_punkt *punkt, struct t2v_str context);

/* Takes the next word of context at or after *at; false (and *word untouched) when none is left. */
bool t2v_punkt_word(struct t2v_str context, size_t *at, struct t2v_str *word);

/* One of the marks that end a sentence: . ? ! */
static inline bool t2v_punkt_is_mark(char c)
{
    return c == '.' || c == '?' || c == '!';
}

/* Punctuation that is never inside a word. */
bool t2v_punkt_is_outside(char c);

#endif
