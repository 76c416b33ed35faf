/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_REGEX_SETS_H
#define T2V_REGEX_SETS_H
/*
 * Sets of characters that Oniguruma has names for, as PCRE2 writes them between [ and ]: general
 * categories, the names of POSIX, \w. Each comes with the code points that the library knows and
 * PCRE2 10.42 does not. For escape.c alone; failures stick in the buffer.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* A general category: "L", "Lu", or "LC". */
void t2v_regex_add_category(struct t2v_buf *out, const char *category);
/* \w. inside: it stands between brackets of the pattern. */
void t2v_regex_add_word(struct t2v_buf *out, bool inside);
/* The set of a name, small letters only, without '-' and '_'; false when it is none of ours. */
bool t2v_regex_add_named(struct t2v_buf *out, const char *name, bool inside);
/* The complement of a set, where it cannot be written with [^..]; the young ones of a category stay
 * in it. False when there is none. */
bool t2v_regex_add_negated(struct t2v_buf *out, const char *name);

/* Adds the set of a script or an emoji property; name is in small letters, without '_'. A name that
 * is neither is left to PCRE2 to refuse. */
void t2v_regex_add_script(struct t2v_buf *out, const char *name);

/* young_data.c: the code points that are too young for PCRE2; sorted. */
struct t2v_regex_young {
    unsigned first, last;
    char category[3]; /* "Lu" */
    bool alphabetic;
};
extern const struct t2v_regex_young t2v_regex_young[];
extern const size_t t2v_regex_n_young;

/* more_data.c: what scripts and properties have more than in PCRE2. */
struct t2v_regex_more {
    const char *name;
    unsigned first, last;
    bool whole; /* PCRE2 does not know the name: these ranges are all of it */
};
extern const struct t2v_regex_more t2v_regex_more[];
extern const size_t t2v_regex_n_more;

#endif
