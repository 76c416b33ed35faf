/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/run.h"

#include "base/mem.h"

#include "base/banned.h"

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* The parts of the scratch, in order. */
enum { QKV, MIXED, DELTA, INTER, GATE, ROTARY, ROWS, LANES, N_SCRATCH };

int t2v_scratch_make(const struct t2v_shape *shape, const struct t2v_form *form, size_t max_tok,
                     int n_lane, t2v_scratch **out)
{
    size_t longest = max_tok < shape->max_tok ? max_tok : shape->max_tok;
    size_t alibi_at = t2v_attention_scratch(longest, shape->head_dim);
    size_t lane_len =
        larger(alibi_at + (shape->alibi ? 2 * longest : 0), t2v_past_scratch(shape->head_dim));
    lane_len = (lane_len + 15) / 16 * 16;
    /* The factors are bounded by config.c, so the products fit 64 bits. */
    size_t mixed = larger(shape->hidden, shape->heads * shape->head_dim);
    size_t feed_tok = max_tok < T2V_FEED_TOK ? max_tok : T2V_FEED_TOK;
    size_t row = form->rows != NULL ? form->row_bytes(mixed) / sizeof(float) : 0;
    size_t feed_row = form->rows != NULL ? form->row_bytes(shape->inter) / sizeof(float) : 0;
    size_t sizes[N_SCRATCH] = {
        [QKV] = max_tok * shape->qkv,
        [MIXED] = max_tok * mixed,
        [DELTA] = max_tok * shape->hidden,
        [INTER] = feed_tok * shape->inter,
        [GATE] = shape->gated ? feed_tok * 2 * shape->inter : 0,
        [ROTARY] = max_tok * shape->n_rotary * shape->head_dim,
        [ROWS] = larger(max_tok * row, feed_tok * feed_row),
        [LANES] = (size_t)n_lane * lane_len,
    };
    size_t total = 0;
    for (int i = 0; i < N_SCRATCH; i++)
        total += sizes[i] = (sizes[i] + 15) / 16 * 16;
    t2v_scratch *scratch = t2v_alloc_zero(1, sizeof *scratch);
    float *at = t2v_alloc_aligned(total, sizeof(float));
    if (scratch == NULL || at == NULL) {
        t2v_free(scratch);
        t2v_free(at);
        return T2V_ENOMEM;
    }
    scratch->base = at;
    scratch->lane_len = lane_len;
    scratch->alibi_at = alibi_at;
    scratch->qkv = at;
    scratch->mixed = at += sizes[QKV];
    scratch->delta = at += sizes[MIXED];
    scratch->inter = at += sizes[DELTA];
    scratch->gate = at += sizes[INTER];
    scratch->rotary = at += sizes[GATE];
    at += sizes[ROTARY];
    scratch->rows = (char *)at;
    scratch->lanes = at + sizes[ROWS];
    *out = scratch;
    return 0;
}

void t2v_scratch_free(t2v_scratch *scratch)
{
    if (scratch == NULL)
        return;
    t2v_free(scratch->base);
    t2v_free(scratch);
}
