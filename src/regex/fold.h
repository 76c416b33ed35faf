/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_REGEX_FOLD_H
#define T2V_REGEX_FOLD_H
/*
 * Characters that are several others once their case is folded: U+00DF is "ss". Oniguruma lets
 * (?i)ss match it, and the other way round; PCRE2 folds one character to one. For syntax.c
 * alone.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { T2V_FOLD_MAX = 3 };

/* fold_data.c; to is padded with zeros. */
struct t2v_fold {
    uint32_t from, to[T2V_FOLD_MAX];
};
extern const struct t2v_fold t2v_folds[];
extern const size_t t2v_n_fold;

/* What cp is folded to, or NULL where that is one character. */
const struct t2v_fold *t2v_fold_of(uint32_t cp);
/* The folding of 2 or 3 characters that cps[n] begins with, in whatever case, the longest of those;
 * or NULL. */
const struct t2v_fold *t2v_fold_longest(const uint32_t *cps, size_t n);
/* The characters in fold->to: 2 or 3. */
size_t t2v_fold_len(const struct t2v_fold *fold);
/* Appends a group that matches what is folded to fold->to: those characters, or one of the others.
 */
void t2v_fold_add(struct t2v_buf *out, const struct t2v_fold *fold);

#endif
