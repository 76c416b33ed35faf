/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_RUN_H
#define T2V_NET_RUN_H
/*
 * A forward pass as one lane of the team sees it, and its working memory. Private to net/.
 *
 * A pass is a string of blocks (block/). Every block is called by all lanes of the team, does this
 * lane's share, and ends at a barrier, so that the next block may read all of what it wrote.
 */
#include "base/team.h"
#include "kernel/kernel.h"
#include "net/seqs.h"

/* Feed-forward nets take so many tokens at a time: what is between their layers is the widest there
 * is, and would be gigabytes for the longest texts of a large model. */
enum { T2V_FEED_TOK = 1024 };

struct t2v_run;
/* As t2v_block_linear. */
typedef void t2v_linear_step(const struct t2v_run *run, const struct t2v_linear *layer,
                             enum t2v_act act, const float *x, float *y);

/* A forward pass as one lane sees it. */
struct t2v_run {
    const struct t2v_kernels *kernels;
    const struct t2v_lane *lane;
    const struct t2v_seqs *seqs;
    t2v_scratch *scratch;
    /* How a linear layer is computed: t2v_linear_run, except in the calibration pass, which also
     * packs the layer's weights into `packing`, NULL otherwise. */
    t2v_linear_step *linear;
    struct t2v_packing *packing;
};

struct t2v_scratch {
    float *qkv;    /* [max_tok, shape.qkv] */
    float *mixed;  /* [max_tok, heads * head_dim, or hidden if that is more]: the heads' output */
    float *delta;  /* [max_tok, hidden]: what a layer adds */
    float *inter;  /* [T2V_FEED_TOK, inter] */
    float *rotary; /* [shape.n_rotary, n_tok, head_dim]: cos/sin tables, see block/rotary.h */
    float *gate;   /* [T2V_FEED_TOK, 2 inter]; nothing where shape.gated is false */
    char *rows;    /* a layer's input, where the form of its weights wants it otherwise */
    float *lanes;  /* [n_lane, lane_len]: attention's */
    size_t lane_len;
    float *base; /* all of the above */
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

#endif
