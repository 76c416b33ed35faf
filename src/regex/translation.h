/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_REGEX_TRANSLATION_H
#define T2V_REGEX_TRANSLATION_H
/*
 * The state of translating one pattern, and what syntax.c and escape.c both write with it. Failures
 * of out are sticky (base/buf.h).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

enum { T2V_TR_MAX_GROUPS = 50, T2V_TR_MAX_FOLDED = 16, T2V_TR_NO_ATOM = -1 };

struct t2v_fold; /* regex/fold.h */

struct t2v_translation {
    const char *at, *end; /* the part of the pattern that is not read yet */
    struct t2v_buf *out;
    const char *where; /* the path of the pattern, for messages */
    struct t2v_err *err;
    int64_t atom;  /* offset in out of the last thing that can be repeated, or T2V_TR_NO_ATOM */
    bool repeated; /* it has a quantifier already */
    int64_t groups[T2V_TR_MAX_GROUPS]; /* [n_group] offsets in out of the open groups */
    size_t n_group;
    /* [n_folded] the characters of the current class that fold to more than one */
    const struct t2v_fold *folded[T2V_TR_MAX_FOLDED];
    size_t n_folded;
    bool any_case;                           /* (?i) is on */
    bool any_case_before[T2V_TR_MAX_GROUPS]; /* [n_group] it was, where the group began */
};

/* Fail with T2V_EUNSUPPORTED or T2V_EFORMAT, which they return; what names the construct. */
int t2v_tr_unsupported(const struct t2v_translation *tr, const char *what);
int t2v_tr_broken(const struct t2v_translation *tr, const char *what);

/* Writes a literal character, escaped where PCRE2 may read it otherwise. */
void t2v_tr_add_char(struct t2v_translation *tr, uint32_t cp);
/* What is written next can be repeated. */
void t2v_tr_begin_atom(struct t2v_translation *tr);
/* Puts (?: ) around the last atom, so that it can be repeated once more. */
void t2v_tr_wrap_atom(struct t2v_translation *tr);

/* The next byte of the pattern, or '\0' at its end. */
static inline char t2v_tr_peek(const struct t2v_translation *tr)
{
    return tr->at < tr->end ? *tr->at : '\0';
}

static inline void t2v_tr_add(struct t2v_translation *tr, const char *s)
{
    t2v_buf_adds(tr->out, s);
}

static inline bool t2v_regex_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool t2v_regex_is_alnum(char c)
{
    return t2v_regex_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

#endif
