/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/load/calibrate.h"

#include "base/mem.h"
#include "net/block/linear.h"
#include "net/load/pack.h"

#include "base/banned.h"

enum { N_SEQ = 4, SEQ_TOK = 32 };

struct pass {
    const struct t2v_calibration *calibration;
    struct t2v_seqs seqs;
    t2v_scratch *scratch;
    float *hidden;
};

/* A linear layer of the pass. It is packed the first time it is reached. */
static void observe(const struct t2v_run *run, const struct t2v_linear *layer, enum t2v_act act,
                    const float *x, float *y)
{
    struct t2v_pack *pack = t2v_pack_find(run->packing, layer);
    if (pack != NULL)
        t2v_pack_observed(run->packing, pack, run->lane, x, run->seqs->n_tok);
    t2v_linear_run(run, layer, act, x, y);
}

static void run_pass(void *arg, const struct t2v_lane *lane, struct t2v_packing *packing)
{
    const struct pass *pass = arg;
    struct t2v_run run = {
        .kernels = pass->calibration->kernels,
        .lane = lane,
        .seqs = &pass->seqs,
        .scratch = pass->scratch,
        .linear = observe,
        .packing = packing,
    };
    pass->calibration->forward(pass->calibration->model, &run, pass->hidden);
    /* Its output, of the vocabulary's width, is not needed. */
    const struct t2v_linear *head = pass->calibration->head;
    struct t2v_pack *pack = head != NULL ? t2v_pack_find(packing, head) : NULL;
    if (pack != NULL)
        t2v_pack_observed(packing, pack, lane, pass->hidden, pass->seqs.n_tok);
}

int t2v_calibrate(struct t2v_loader *loader, const struct t2v_calibration *calibration, int n_lane)
{
    const struct t2v_shape *shape = calibration->shape;
    size_t len = shape->max_tok < SEQ_TOK ? shape->max_tok : SEQ_TOK;
    int32_t ids[N_SEQ * SEQ_TOK];
    size_t start[N_SEQ + 1];
    uint64_t random = 1;
    for (size_t i = 0; i < N_SEQ * SEQ_TOK; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
        ids[i] = (int32_t)((random >> 33) % shape->vocab);
    }
    for (size_t i = 0; i <= N_SEQ; i++)
        start[i] = i * len;
    struct pass pass = {
        .calibration = calibration,
        .seqs = {.ids = ids, .start = start, .n_seq = N_SEQ, .n_tok = N_SEQ * len},
        .hidden = t2v_alloc_aligned(N_SEQ * len * shape->hidden, sizeof(float)),
    };
    int rc = t2v_scratch_make(shape, calibration->form, N_SEQ * len, n_lane, &pass.scratch);
    if (rc != 0 || pass.hidden == NULL) {
        rc = t2v_fail(loader->err, T2V_ENOMEM, "no memory for the calibration pass");
    } else {
        loader->calibrate = run_pass;
        loader->calibrate_arg = &pass;
        rc = t2v_pack_finish(loader, n_lane);
    }
    t2v_scratch_free(pass.scratch);
    t2v_free(pass.hidden);
    return rc;
}
