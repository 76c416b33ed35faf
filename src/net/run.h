/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_RUN_H
#define T2V_NET_RUN_H
/*
 * One lane's view of a forward pass, and the working memory. Private to net/.
 *
 * A pass is a string of blocks (block/). All lanes of the team call every block. A block does this
 * lane's share and ends at a barrier, so that the next block can read all of its output.
 */
#include "base/team.h"
#include "kernel/kernel.h"
#include "net/kv.h"
#include "net/seqs.h"

/* Feed-forward nets process this many tokens at a time. Their intermediate rows are the widest of
 * all, and would take gigabytes for the longest texts of a large model. */
enum { T2V_FEED_TOK = 1024 };

struct t2v_run;
/* As t2v_block_linear. */
typedef void t2v_linear_step(const struct t2v_run *run, const struct t2v_linear *layer,
                             enum t2v_act act, const float *x, float *y);

/* One lane's view of a forward pass. */
struct t2v_run {
    const struct t2v_kernels *kernels;
    const struct t2v_lane *lane;
    const struct t2v_seqs *seqs;
    t2v_scratch *scratch;
    bool half_kv; /* shape.half_kv */
    /* How a linear layer is computed: t2v_linear_run, except in the calibration pass, which also
     * packs the layer's weights into `packing`, NULL otherwise. */
    t2v_linear_step *linear;
    struct t2v_packing *packing;
};

struct t2v_scratch {
    float *qkv;    /* [max_tok, shape.qkv] */
    float *mixed;  /* [max_tok, heads * head_dim, or hidden if that is more]: the heads' output */
    float *delta;  /* [max_tok, hidden]: the output of a sublayer */
    float *inter;  /* [T2V_FEED_TOK, inter] */
    float *rotary; /* [shape.n_rotary, n_tok, head_dim]: cos/sin tables, see block/rotary.h */
    float *gate;   /* [T2V_FEED_TOK, 2 inter]; empty unless shape.gated */
    char *rows;    /* a layer's input, converted by its form's `rows` */
    float *lanes;  /* [n_lane, lane_len]: scratch of attention */
    size_t lane_len, alibi_at; /* floats; where in a lane's scratch the ALiBi bias is */
    float *base;               /* the allocation of all of the above */
};

/* Room for batches of up to max_tok tokens of a net of that shape and form, on n_lane lanes.
 * T2V_ENOMEM. */
int t2v_scratch_make(const struct t2v_shape *shape, const struct t2v_form *form, size_t max_tok,
                     int n_lane, t2v_scratch **out);

/* The rows of this lane. */
static inline void t2v_block_rows(const struct t2v_run *run, size_t *begin, size_t *end)
{
    t2v_lane_share(run->lane, run->seqs->n_tok, 1, begin, end);
}

/* The position of row t in its sequence, after the past. *s: the sequence of an earlier row, at
 * first 0; it becomes that of row t. */
static inline size_t t2v_block_position(const struct t2v_run *run, size_t t, size_t *s)
{
    const struct t2v_seqs *seqs = run->seqs;
    while (seqs->start[*s + 1] <= t)
        ++*s;
    const struct t2v_kv *past = seqs->past != NULL ? seqs->past[*s] : NULL;
    return t - seqs->start[*s] + (past != NULL ? past->n_tok : 0);
}

#endif
