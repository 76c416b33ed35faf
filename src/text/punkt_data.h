/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEXT_PUNKT_DATA_H
#define T2V_TEXT_PUNKT_DATA_H
/*
 * Punkt's parameters for English: the parts of models/punkt-english.txt, whose head describes the
 * format. The key is the type, that is the word in lower case. All types are ASCII and shorter than
 * T2V_PUNKT_TYPE_MAX. Read-only once made; any thread.
 */
#include "base/map.h"
#include "base/str.h"
#include "text/punkt.h"

enum { T2V_PUNKT_TYPE_MAX = 64 };

/* The parameters that a type is in, as bits. */
enum {
    T2V_PUNKT_ABBREVIATION = 1, /* without its final period */
    T2V_PUNKT_STARTER = 2,      /* often starts a sentence */
    T2V_PUNKT_COLLOCATION = 4,  /* "first second", where first is written with a period */
    T2V_PUNKT_FIRST = 8         /* the first word of some collocation */
};

/* The spellings and positions in which a type has been seen, as bits. */
enum {
    T2V_PUNKT_LOWER = 1,
    T2V_PUNKT_UPPER = 2,
    T2V_PUNKT_UPPER_INSIDE = 4, /* capitalised, not at the start of a sentence */
    T2V_PUNKT_LOWER_FIRST = 8   /* in lower case, at the start of a sentence */
};

struct t2v_punkt {
    struct t2v_map known;     /* type or collocation -> bits */
    struct t2v_str spellings; /* the last part of the file; each line ends with '\n' */
};

/* The bits of the first and of the second enum; 0 if type is not in the data. */
int t2v_punkt_known(const t2v_punkt *punkt, struct t2v_str type);
int t2v_punkt_seen(const t2v_punkt *punkt, struct t2v_str type);

#endif
