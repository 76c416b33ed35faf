/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/budget.h"

#include "base/banned.h"

size_t t2v_budget_most(const struct t2v_budget *budget, size_t bytes)
{
    return budget->limit - (bytes <= T2V_BUDGET_SMALL ? 0 : budget->limit / T2V_BUDGET_KEPT);
}

static bool set_share(struct t2v_budget *budget, size_t *share, size_t bytes)
{
    bool less = bytes < *share;
    budget->held += bytes - *share;
    *share = bytes;
    return less || budget->held <= t2v_budget_most(budget, bytes);
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
