/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/pass.h"

#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

int t2v_pass_init(struct t2v_pass *pass, const t2v_net *net, int n_lane)
{
    const struct t2v_shape *shape = t2v_net_shape(net);
    size_t hidden = shape->hidden * sizeof(float), vocab = shape->vocab * sizeof(float);
    pass->net = net;
    pass->hidden = t2v_alloc_aligned(T2V_PASS_TOK, hidden);
    pass->chosen = t2v_alloc_aligned(T2V_PASS_LOGITS, hidden);
    pass->logits = t2v_alloc_aligned(T2V_PASS_LOGITS, vocab);
    t2v_pass_clear(pass);
    if (pass->hidden == NULL || pass->chosen == NULL || pass->logits == NULL)
        return T2V_ENOMEM;
    return t2v_scratch_new(net, T2V_PASS_TOK, n_lane, &pass->scratch);
}

void t2v_pass_deinit(struct t2v_pass *pass)
{
    t2v_scratch_free(pass->scratch);
    t2v_free(pass->hidden);
    t2v_free(pass->chosen);
    t2v_free(pass->logits);
}

void t2v_pass_clear(struct t2v_pass *pass)
{
    pass->start[0] = 0;
    pass->seqs = (struct t2v_seqs){.ids = pass->ids, .start = pass->start, .past = pass->past};
}

size_t t2v_pass_place(struct t2v_pass *pass, struct t2v_kv *kv, const int32_t *ids, size_t n)
{
    struct t2v_seqs *seqs = &pass->seqs;
    size_t first = seqs->n_tok;
    memcpy(pass->ids + first, ids, n * sizeof *ids);
    pass->past[seqs->n_seq++] = kv;
    seqs->n_tok += n;
    pass->start[seqs->n_seq] = seqs->n_tok;
    return first;
}

static void forward(void *arg, const struct t2v_lane *lane)
{
    struct t2v_pass *pass = arg;
    t2v_net_forward(pass->net, lane, &pass->seqs, pass->scratch, pass->hidden);
}

int t2v_pass_run(struct t2v_pass *pass, t2v_team *team, struct t2v_err *err)
{
    return t2v_team_run_guarded(team, forward, pass, err);
}

static void compute_logits(void *arg, const struct t2v_lane *lane)
{
    struct t2v_pass *pass = arg;
    t2v_net_logits(pass->net, lane, pass->chosen, pass->n_chosen, pass->scratch, pass->logits);
}

int t2v_pass_logits(struct t2v_pass *pass, t2v_team *team, const size_t *rows, size_t n,
                    struct t2v_err *err)
{
    size_t width = t2v_net_shape(pass->net)->hidden;
    for (size_t i = 0; i < n; i++)
        memcpy(pass->chosen + i * width, pass->hidden + rows[i] * width, width * sizeof(float));
    pass->n_chosen = n;
    return t2v_team_run_guarded(team, compute_logits, pass, err);
}
