/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEXT_PUNKT_H
#define T2V_TEXT_PUNKT_H
/*
 * Sentences as NLTK 3.9's PunktSentenceTokenizer finds them with its English parameters
 * (punkt_tab), exactly: Kiss and Strunk, "Unsupervised Multilingual Sentence Boundary Detection"
 * (2006), with NLTK's regular expressions and heuristics. The parameters are compiled in from
 * models/punkt-english.txt. The parameter set is read-only once made; a walk belongs to one thread.
 *
 * How: every '.', '?' and '!' before punctuation or white space is a mark that may end a sentence.
 * Of the marks of one word the last is judged, by the word before it and the one after
 * (punkt_word.h, with what punkt_data.h knows of them). Then quotes and brackets at the beginning
 * of a sentence are moved to the end of the one before. Time is linear in the text.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

typedef struct t2v_punkt t2v_punkt;

/* The English parameters. T2V_ENOMEM. */
int t2v_punkt_new(t2v_punkt **out);
void t2v_punkt_free(t2v_punkt *punkt);

/* A mark that may end a sentence (private to the walk). */
struct t2v_punkt_mark {
    size_t at;
    size_t word; /* where the word that it ends begins */
    size_t next; /* where the word behind the white space begins; 0: punctuation follows at once */
};

/* A walk over the sentences of one text, with constant memory whatever the text's length.
 * Borrowed: text, which is valid UTF-8 (white space need not be collapsed). */
struct t2v_punkt_walk {
    const t2v_punkt *punkt;
    struct t2v_str text;
    size_t at;                  /* private, as all below: where the search for marks goes on */
    struct t2v_punkt_mark mark; /* the last one found, not judged yet if has_mark */
    size_t from;                /* where the slice after `start, end` begins */
    size_t start, end;          /* the slice that is the next sentence, if has_slice */
    size_t moved;               /* how much of it the sentence before has taken */
    bool has_mark, has_slice, at_end;
};

void t2v_punkt_start(struct t2v_punkt_walk *walk, const t2v_punkt *punkt, struct t2v_str text);
/* The next sentence, a slice of the text that is not empty; false at the end. Slices come in order
 * and do not overlap. White space lies between them; but where NLTK's moving of closing punctuation
 * leaves a sentence of nothing else, the slice has white space at its start, as NLTK's. */
bool t2v_punkt_next(struct t2v_punkt_walk *walk, struct t2v_str *sentence);

#endif
