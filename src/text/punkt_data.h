/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEXT_PUNKT_DATA_H
#define T2V_TEXT_PUNKT_DATA_H
/*
 * What Punkt has learnt of English words: the parts of models/punkt-english.txt (its head tells the
 * format), looked up by type, that is by the word in small letters. All types are ASCII and shorter
 * than T2V_PUNKT_TYPE_MAX. Read-only once made; any thread.
 */
#include "base/map.h"
#include "base/str.h"
#include "text/punkt.h"

enum { T2V_PUNKT_TYPE_MAX = 64 };

/* What a type is known as. */
enum {
    T2V_PUNKT_ABBREVIATION = 1, /* without its final period */
    T2V_PUNKT_STARTER = 2,      /* often begins a sentence */
    T2V_PUNKT_COLLOCATION = 4,  /* "first second", where first is written with a period */
    T2V_PUNKT_FIRST = 8         /* the first word of some collocation */
};

/* How a type has been seen. */
enum {
    T2V_PUNKT_LOWER = 1,
    T2V_PUNKT_UPPER = 2,
    T2V_PUNKT_UPPER_INSIDE = 4, /* with a capital, not at a sentence's beginning */
    T2V_PUNKT_LOWER_FIRST = 8   /* without one, at a sentence's beginning */
};

struct t2v_punkt {
    struct t2v_map known;     /* type or collocation -> bits */
    struct t2v_str spellings; /* the file's last part; each line ends with '\n' */
};

/* The bits of one enum or the other; 0 when type is not in the data. */
int t2v_punkt_known(const t2v_punkt *punkt, struct t2v_str type);
int t2v_punkt_seen(const t2v_punkt *punkt, struct t2v_str type);

#endif
