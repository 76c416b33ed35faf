/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_BUDGET_H
#define T2V_HTTP_BUDGET_H
/*
 * The bytes that the process holds for all clients together: requests being received, texts,
 * vectors and answers to come, answers not yet sent. Each connection and each job has a share,
 * which is set after each stage to what it holds then. For the loop thread alone.
 */
#include <stdbool.h>
#include <stddef.h>

/* 1 / T2V_BUDGET_KEPT of the budget is for shares up to T2V_BUDGET_SMALL bytes alone, so that large
 * requests never keep out short texts or a probe. */
enum { T2V_BUDGET_SMALL = 64 * 1024, T2V_BUDGET_KEPT = 8 };

struct t2v_budget {
    size_t limit;
    size_t held; /* all shares */
    size_t peak; /* the most that was held since its reader last reset it */
    /* Releases a share other than this one, to make room; false when none may be. NULL: never. */
    bool (*reclaim)(void *user, const size_t *share);
    void *user;
};

/* The most that one share may have when there is no other: `bytes` above it never fit. */
size_t t2v_budget_most(const struct t2v_budget *budget, size_t bytes);

/* Sets *share to bytes; 0 releases it. Other shares are reclaimed when the budget is exceeded.
 * False when that was not enough and the share has grown: it is set all the same, but nothing more
 * should be begun for it. */
bool t2v_budget_hold(struct t2v_budget *budget, size_t *share, size_t bytes);

#endif
