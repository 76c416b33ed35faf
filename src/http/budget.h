/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_BUDGET_H
#define T2V_HTTP_BUDGET_H
/*
 * The bytes that all clients together make the process hold: requests that come in, texts, vectors
 * and answers to come, answers that are not taken. Each connection and each job has a share, which
 * is set anew after each stage to what it really holds. On the loop thread alone.
 */
#include <stdbool.h>
#include <stddef.h>

/* An eighth of the budget is kept for small shares, so that large ones never keep out the many
 * short texts, or a probe. */
enum { T2V_BUDGET_SMALL = 64 * 1024, T2V_BUDGET_KEPT = 8 };

struct t2v_budget {
    size_t limit;
    size_t held; /* all shares */
};

/* Sets *share to bytes; 0 releases it. False when that is too much: nothing more should be begun
 * for it, though the share is set. */
static inline bool t2v_budget_hold(struct t2v_budget *budget, size_t *share, size_t bytes)
{
    bool small = bytes <= T2V_BUDGET_SMALL, less = bytes <= *share;
    budget->held += bytes - *share;
    *share = bytes;
    size_t limit = budget->limit - (small ? 0 : budget->limit / T2V_BUDGET_KEPT);
    return less || budget->held <= limit;
}

#endif
