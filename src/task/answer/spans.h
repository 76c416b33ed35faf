/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_ANSWER_SPANS_H
#define T2V_TASK_ANSWER_SPANS_H
/* The most probable spans of a window, see reader.h. Private to task/answer/. */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* One window, and where the context is in it. */
struct t2v_window {
    const float *logits; /* [n_tok, 2]: start, end */
    const int32_t *ids;  /* [n_tok] */
    size_t n_tok;
    size_t from, n; /* the context's tokens are [from, from + n) */
    int32_t cls;    /* id of the token that is not masked; -1: none */
};

/* A span of the context's tokens, counted from the window's first: [start, end], both included. */
struct t2v_window_span {
    double score;
    uint32_t start, end;
};

struct t2v_spans {
    struct t2v_window_span *ptr; /* owned */
    size_t len, cap;
};

/* Replaces *out by the at most `most` best spans of at most max_len tokens, best first. *null: the
 * probability of "no answer". T2V_ENOMEM. A zeroed *out is empty; free out->ptr. */
int t2v_spans_find(const struct t2v_window *window, size_t most, size_t max_len,
                   struct t2v_spans *out, double *null);

#endif
