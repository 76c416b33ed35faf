/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_REGEX_REGEX_H
#define T2V_REGEX_REGEX_H
/*
 * Regular expressions of tokenizer.json. Their language is Oniguruma's (the `tokenizers` library
 * has it inside); the work is done by PCRE2, which regex.c alone includes. syntax.c writes
 * the one in the language of the other: \s, \w, \b, \h, \p{..} and the like mean other sets in the
 * two, {1,3}+ is a repeat of a repeat and not possessive, (?m) is the other's (?s), ^ and $ stop at
 * every line. What has no counterpart (set intersection, absent operators, callouts, ...) is
 * T2V_EUNSUPPORTED that names it.
 *
 * A pattern may be a stranger's: its length, nesting and code size are bounded, the memory of each
 * match, and the steps of all matches in a text together (t2v_regex_allow). Compiled once, then
 * used by any number of threads.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

typedef struct t2v_regex t2v_regex;

/* where: the pattern's path in the file, for messages. T2V_EFORMAT (not a pattern),
 * T2V_EUNSUPPORTED, T2V_ETOOLARGE, T2V_ENOMEM. */
int t2v_regex_new(struct t2v_str pattern, const char *where, t2v_regex **out, struct t2v_err *err);
/* NULL is fine. */
void t2v_regex_free(t2v_regex *regex);

/* One text (valid UTF-8) on its way through a pattern: hits from left to right, none overlapping;
 * an empty one right behind the hit before does not count. text.ptr may be changed between two
 * calls when the same bytes have moved. */
struct t2v_regex_walk {
    const t2v_regex *regex;
    struct t2v_str text;
    size_t begin, end; /* of the hit */
    size_t at;         /* private, as is the rest: where to look on */
    bool hit_before;
    void *match, *limits;
};
/* To be called before a text of n_byte is walked through by however many patterns and in however
 * many pieces, by the thread that does: what all of them together may take is in proportion to it.
 */
void t2v_regex_allow(size_t n_byte);
/* The same for a text that comes in parts, between which this thread may be at other texts: what
 * it may still take. A zeroed struct is a text of which nothing has come yet. */
struct t2v_regex_account {
    uint64_t left;
    bool open;
};
/* Before a part of n_byte is walked through, and behind it. */
void t2v_regex_enter(struct t2v_regex_account *account, size_t n_byte);
void t2v_regex_leave(struct t2v_regex_account *account);
/* 0 or T2V_ENOMEM; call t2v_regex_end in any case. */
int t2v_regex_begin(struct t2v_regex_walk *walk, const t2v_regex *regex, struct t2v_str text);
/* 1: there is a hit; 0: no more; T2V_ETOOLARGE: more than was allowed, T2V_ENOMEM. */
int t2v_regex_next(struct t2v_regex_walk *walk);
void t2v_regex_end(struct t2v_regex_walk *walk);

/* "10.42, Unicode 14.0.0, JIT". A static text, written anew by each call: for the program's start,
 * and one thread. */
const char *t2v_regex_library(void);

#endif
