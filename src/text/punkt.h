/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEXT_PUNKT_H
#define T2V_TEXT_PUNKT_H
/*
 * Sentences as NLTK 3.9's PunktSentenceTokenizer finds them with its English parameters
 * (punkt_tab), exactly: Kiss and Strunk, "Unsupervised Multilingual Sentence Boundary Detection"
 * (2006), with NLTK's regular expressions and heuristics. The parameters are compiled in from
 * models/punkt-english.txt. The parameter set is read-only once made; a walk belongs to one thread.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

typedef struct t2v_punkt t2v_punkt;

/* The English parameters. T2V_ENOMEM. */
int t2v_punkt_new(t2v_punkt **out);
void t2v_punkt_free(t2v_punkt *punkt);

/* A walk over the sentences of one text, with constant memory whatever the text's length.
 * Borrowed: text, which is valid UTF-8 (white space need not be collapsed). */
struct t2v_punkt_walk {
    const t2v_punkt *punkt;
    struct t2v_str text;
    size_t at; /* private, as is what the implementation adds below */
};

void t2v_punkt_start(struct t2v_punkt_walk *walk, const t2v_punkt *punkt, struct t2v_str text);
/* The next sentence, a slice of the text; false at the end. */
bool t2v_punkt_next(struct t2v_punkt_walk *walk, struct t2v_str *sentence);

#endif
