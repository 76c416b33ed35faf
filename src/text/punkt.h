/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEXT_PUNKT_H
#define T2V_TEXT_PUNKT_H
/*
 * Splits text into exactly the sentences of NLTK 3.9's PunktSentenceTokenizer with its English
 * parameters (punkt_tab): Kiss and Strunk, "Unsupervised Multilingual Sentence Boundary Detection"
 * (2006), with NLTK's regular expressions and heuristics. The parameters are compiled in from
 * models/punkt-english.txt. A parameter set is read-only once made; a walk belongs to one thread.
 *
 * Every '.', '?' and '!' before punctuation or white space is a mark that may end a sentence. The
 * last mark of a word is judged by the word before it and the one after (punkt_word.h, with the
 * parameters of punkt_data.h). Then quotes and brackets at the start of a sentence move to the end
 * of the one before. Time is linear in the text.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

typedef struct t2v_punkt t2v_punkt;

/* The English parameters, for t2v_punkt_free. 0 or T2V_ENOMEM. */
int t2v_punkt_new(t2v_punkt **out);
/* NULL is allowed. */
void t2v_punkt_free(t2v_punkt *punkt);

/* A mark that may end a sentence (private to the walk). */
struct t2v_punkt_mark {
    size_t at;
    size_t word; /* start of the word that it ends */
    size_t next; /* start of the word after the white space; 0: punctuation follows directly */
};

/* A walk over the sentences of one text, with constant memory whatever the text's length.
 * Borrowed: text, which is valid UTF-8 (white space need not be collapsed). */
struct t2v_punkt_walk {
    const t2v_punkt *punkt;
    struct t2v_str text;
    size_t at;                  /* private, like all below: where the search for marks continues */
    struct t2v_punkt_mark mark; /* the last one found; if has_mark, not judged yet */
    size_t from;                /* start of the slice after [start, end) */
    size_t start, end;          /* the slice of the next sentence, if has_slice */
    size_t moved;               /* bytes of it moved to the sentence before */
    bool has_mark, has_slice, at_end;
};

/* Starts a walk over text; both pointers are borrowed until its end. */
void t2v_punkt_start(struct t2v_punkt_walk *walk, const t2v_punkt *punkt, struct t2v_str text);
/* The next sentence, a non-empty slice of the text; false at the end. Slices come in order, do not
 * overlap, and have white space between them. UPSTREAM: if NLTK's moving of closing punctuation
 * leaves a sentence of nothing else, its slice starts with white space. */
bool t2v_punkt_next(struct t2v_punkt_walk *walk, struct t2v_str *sentence);

#endif
