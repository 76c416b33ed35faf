/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/decode/step.h"

#include "base/banned.h"

static int give(struct t2v_decode_run *run, size_t to, struct t2v_str part, bool ends)
{
    if (to < run->n)
        return run->steps[to].feed(run, to, part, ends);
    return part.len != 0 ? run->take(run->ctx, part) : 0;
}

int t2v_decode_emit(struct t2v_decode_run *run, size_t at, struct t2v_str part, bool ends)
{
    return part.len != 0 || ends ? give(run, at + 1, part, ends) : 0;
}

int t2v_decode_feed_first(struct t2v_decode_run *run, struct t2v_str part, bool ends)
{
    return give(run, 0, part, ends);
}

int t2v_decode_finish_all(struct t2v_decode_run *run)
{
    int rc = 0;
    for (size_t i = 0; i < run->n && rc == 0; i++)
        rc = run->steps[i].finish != NULL ? run->steps[i].finish(run, i) : 0;
    return rc;
}
