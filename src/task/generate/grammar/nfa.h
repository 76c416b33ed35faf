/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_GRAMMAR_NFA_H
#define T2V_TASK_GENERATE_GRAMMAR_NFA_H
/* A pattern as places between bytes, which pattern.c makes deterministic. Private to this folder.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

enum { T2V_NFA_MAX_PLACES = 8000, T2V_NFA_NONE = -1, T2V_NFA_END = 0 };

/* From a place: a byte in [lo, hi] leads to `to`; lo > hi: nothing is read, and `also` is a second
 * way. T2V_NFA_NONE: no way. */
struct t2v_nfa_place {
    int lo, hi, to, also;
};

struct t2v_nfa {
    struct t2v_nfa_place *places; /* owned; place T2V_NFA_END is the end */
    size_t n, cap;
    int start;
};

/* Parses a pattern. Free it with t2v_nfa_deinit even after a failure. */
int t2v_nfa_parse(struct t2v_str text, struct t2v_nfa *out, struct t2v_err *err);
void t2v_nfa_deinit(struct t2v_nfa *nfa);

#endif
