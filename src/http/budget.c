/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/budget.h"

#include "base/banned.h"

static bool set_share(struct t2v_budget *budget, size_t *share, size_t bytes)
{
    bool small = bytes <= T2V_BUDGET_SMALL, less = bytes < *share;
    budget->held += bytes - *share;
    *share = bytes;
    size_t limit = budget->limit - (small ? 0 : budget->limit / T2V_BUDGET_KEPT);
    return less || budget->held <= limit;
}

bool t2v_budget_hold(struct t2v_budget *budget, size_t *share, size_t bytes)
{
    while (!set_share(budget, share, bytes)) {
        bool can_fit = bytes <= budget->limit && budget->reclaim != NULL;
        if (!can_fit || !budget->reclaim(budget->user, share))
            return false;
    }
    if (budget->held > budget->peak)
        budget->peak = budget->held;
    return true;
}
