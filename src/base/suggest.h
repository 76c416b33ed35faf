/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_SUGGEST_H
#define T2V_BASE_SUGGEST_H
/*
 * "did you mean ...?": finds the known name that is closest to a mistyped one. Case does not
 * matter, nor does '_' in place of '-'.
 *
 *     struct t2v_suggest s = t2v_suggest_for(typed);
 *     for (...)
 *         t2v_suggest_try(&s, name, answer);
 *     if (s.answer != NULL) ...
 */
#include <stddef.h>

#include "base/str.h"

struct t2v_suggest {
    struct t2v_str typed; /* borrowed */
    const char *answer;   /* of the closest name so far; NULL: none is close enough */
    size_t distance;      /* of that name, in edits */
};

struct t2v_suggest t2v_suggest_for(struct t2v_str typed);
/* Compares one more name. answer is borrowed, and is what to suggest if this name is the closest;
 * of equally close names the first wins. */
void t2v_suggest_try(struct t2v_suggest *suggest, const char *name, const char *answer);

#endif
