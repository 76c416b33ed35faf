/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/block/ffn.h"

#include "base/banned.h"

void t2v_block_gate(const struct t2v_run *run, enum t2v_act act, const float *ab, size_t n,
                    float *y)
{
    size_t begin, end;
    t2v_block_rows(run, &begin, &end);
    run->kernels->gate(act, ab + begin * 2 * n, end - begin, n, y + begin * n);
    t2v_lane_barrier(run->lane);
}

void t2v_block_feed(const struct t2v_run *run, const struct t2v_linear *up,
                    const struct t2v_linear *down, enum t2v_act act, bool gated, const float *x,
                    float *y)
{
    t2v_scratch *s = run->scratch;
    size_t n_tok = run->seqs->n_tok;
    for (size_t at = 0; at < n_tok; at += T2V_FEED_TOK) {
        /* Of the sequences the blocks below read the number of rows only. */
        struct t2v_seqs part = {.n_tok = n_tok - at < T2V_FEED_TOK ? n_tok - at : T2V_FEED_TOK};
        struct t2v_run part_run = *run;
        part_run.seqs = &part;
        t2v_block_linear(&part_run, up, gated ? T2V_ACT_NONE : act, x + at * up->n_in,
                         gated ? s->gate : s->inter);
        if (gated)
            t2v_block_gate(&part_run, act, s->gate, down->n_in, s->inter);
        t2v_block_linear(&part_run, down, T2V_ACT_NONE, s->inter, y + at * down->n_out);
    }
}
