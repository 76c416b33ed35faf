/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_PASS_H
#define T2V_TASK_GENERATE_PASS_H
/*
 * One pass of the net over rows of several sequences, with their pasts, and the logits of some of
 * the rows. For task/generate, and for bench.
 */
#include "base/error.h"
#include "base/team.h"
#include "net/kv.h"
#include "net/net.h"

enum {
    T2V_PASS_TOK = 512,  /* rows of a pass */
    T2V_PASS_SEQ = 64,   /* sequences of a pass */
    T2V_PASS_LOGITS = 32 /* rows whose logits are computed at a time */
};

struct t2v_pass {
    const t2v_net *net;
    t2v_scratch *scratch;
    struct t2v_seqs seqs;
    int32_t ids[T2V_PASS_TOK];
    size_t start[T2V_PASS_SEQ + 1];
    struct t2v_kv *past[T2V_PASS_SEQ];
    float *hidden; /* [T2V_PASS_TOK, hidden] */
    float *chosen; /* [T2V_PASS_LOGITS, hidden] */
    float *logits; /* [T2V_PASS_LOGITS, vocab] */
    size_t n_chosen;
};

/* The net is borrowed. T2V_ENOMEM; the pass is for t2v_pass_deinit then, too. */
int t2v_pass_init(struct t2v_pass *pass, const t2v_net *net, int n_lane);
void t2v_pass_deinit(struct t2v_pass *pass);

void t2v_pass_clear(struct t2v_pass *pass);
/* Adds the next n tokens of a sequence; there must be room. Returns its first row. */
size_t t2v_pass_place(struct t2v_pass *pass, struct t2v_kv *kv, const int32_t *ids, size_t n);
/* Computes the hidden states of all rows, and writes keys and values. T2V_EIO if a file of the
 * model is not what it was: nothing may be used then. */
int t2v_pass_run(struct t2v_pass *pass, t2v_team *team, struct t2v_err *err);
/* The logits of these rows [n], n at most T2V_PASS_LOGITS, to pass->logits. Errors as above. */
int t2v_pass_logits(struct t2v_pass *pass, t2v_team *team, const size_t *rows, size_t n,
                    struct t2v_err *err);

#endif
