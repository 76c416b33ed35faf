/* SPDX-License-Identifier: BSD-3-Clause */
#include "regex/fold.h"

#include <string.h>

#include "unicode/code_point.h"

#include "base/banned.h"

const struct t2v_fold *t2v_fold_of(uint32_t cp)
{
    for (size_t i = 0; i < t2v_n_fold; i++) {
        if (t2v_folds[i].from == cp)
            return &t2v_folds[i];
    }
    return NULL;
}

size_t t2v_fold_len(const struct t2v_fold *fold)
{
    return fold->to[2] != 0 ? 3 : 2;
}

static uint32_t folded(uint32_t cp)
{
    uint32_t lower[2];
    if (t2v_unicode_lower(cp, lower) != 1)
        return cp;
    return cp == 0x17f ? 's' : lower[0]; /* the long s, which is a small letter already */
}

static bool begins_with(const uint32_t *cps, size_t n, const struct t2v_fold *fold)
{
    size_t len = t2v_fold_len(fold);
    for (size_t i = 0; i < len && len <= n; i++) {
        if (folded(cps[i]) != fold->to[i])
            return false;
    }
    return len <= n;
}

const struct t2v_fold *t2v_fold_longest(const uint32_t *cps, size_t n)
{
    const struct t2v_fold *best = NULL;
    for (size_t i = 0; i < t2v_n_fold; i++) {
        if (begins_with(cps, n, &t2v_folds[i]) &&
            (best == NULL || t2v_fold_len(&t2v_folds[i]) > t2v_fold_len(best)))
            best = &t2v_folds[i];
    }
    return best;
}

void t2v_fold_add(struct t2v_buf *out, const struct t2v_fold *fold)
{
    t2v_buf_adds(out, "(?:");
    for (size_t i = 0; i < t2v_fold_len(fold); i++)
        t2v_buf_addf(out, "\\x{%x}", (unsigned)fold->to[i]);
    t2v_buf_adds(out, "|[");
    for (size_t i = 0; i < t2v_n_fold; i++) {
        if (memcmp(t2v_folds[i].to, fold->to, sizeof fold->to) == 0)
            t2v_buf_addf(out, "\\x{%x}", (unsigned)t2v_folds[i].from);
    }
    t2v_buf_adds(out, "])");
}
