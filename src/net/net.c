/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/net.h"

#include <stdio.h>

#include "base/mem.h"
#include "net/family.h"

#include "base/banned.h"

/* A new family adds its line here. */
static const struct t2v_family *const families[] = {
    &t2v_family_bert,      &t2v_family_distilbert, &t2v_family_roberta,  &t2v_family_xlm_roberta,
    &t2v_family_camembert, &t2v_family_mpnet,      &t2v_family_electra,  &t2v_family_dpr,
    &t2v_family_t5,        &t2v_family_modernbert, &t2v_family_eurobert, &t2v_family_qwen3,
    &t2v_family_gemma3,    &t2v_family_model2vec,
};
enum { N_FAMILY = sizeof families / sizeof families[0] };

struct t2v_net {
    const struct t2v_family *family;
    struct t2v_kernels kernels;
    const struct t2v_form *form;
    struct t2v_arena arena;
    struct t2v_shape shape;
    void *model;
};

static int find_family(const t2v_json *config, const struct t2v_family **out, struct t2v_err *err)
{
    struct t2v_str type = t2v_json_str(t2v_json_get(config, "model_type"));
    if (type.ptr == NULL)
        return t2v_fail(err, T2V_EFORMAT, "config.json: model_type is missing, or not a string");
    char known[160] = "";
    size_t at = 0;
    for (size_t i = 0; i < N_FAMILY; i++) {
        if (t2v_str_is(type, families[i]->model_type)) {
            *out = families[i];
            return 0;
        }
        if (at < sizeof known)
            at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", i > 0 ? ", " : "",
                                   families[i]->model_type);
    }
    return t2v_fail(err, T2V_EUNSUPPORTED,
                    "config.json: model_type '%.*s' is not supported; supported: %s",
                    T2V_STR_ARG(type), known);
}

int t2v_net_check(const t2v_json *config, struct t2v_err *err)
{
    const struct t2v_family *family;
    return find_family(config, &family, err);
}

/* A forward pass over a few random tokens, while weights are packed: its activations tell where a
 * layer's outliers are as well as those of real texts do. */
enum { TRIAL_SEQ = 4, TRIAL_TOK = 32 };

struct trial {
    const t2v_net *encoder;
    struct t2v_seqs seqs;
    t2v_scratch *scratch;
    float *hidden;
};

static void run_trial(void *arg, const struct t2v_lane *lane, struct t2v_packing *packing)
{
    const struct trial *trial = arg;
    struct t2v_run run = {&trial->encoder->kernels, lane, &trial->seqs, trial->scratch, packing};
    trial->encoder->family->forward(trial->encoder->model, &run, trial->hidden);
}

static int pack_by_trial(const t2v_net *encoder, struct t2v_loader *loader, int n_lane,
                         struct t2v_err *err)
{
    const struct t2v_shape *shape = &encoder->shape;
    size_t len = shape->max_tok < TRIAL_TOK ? shape->max_tok : TRIAL_TOK;
    int32_t ids[TRIAL_SEQ * TRIAL_TOK];
    size_t start[TRIAL_SEQ + 1];
    uint64_t random = 1;
    for (size_t i = 0; i < TRIAL_SEQ * TRIAL_TOK; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
        ids[i] = (int32_t)((random >> 33) % shape->vocab);
    }
    for (size_t i = 0; i <= TRIAL_SEQ; i++)
        start[i] = i * len;
    struct trial trial = {.encoder = encoder,
                          .seqs = {ids, start, TRIAL_SEQ, TRIAL_SEQ * len, NULL},
                          .hidden =
                              t2v_alloc_aligned(TRIAL_SEQ * len * shape->hidden, sizeof(float))};
    int rc = t2v_scratch_new(encoder, TRIAL_SEQ * len, n_lane, &trial.scratch);
    if (rc != 0 || trial.hidden == NULL) {
        rc = t2v_fail(err, T2V_ENOMEM, "no memory for the model's trial");
    } else {
        loader->trial = run_trial;
        loader->trial_arg = &trial;
        rc = t2v_pack_finish(loader, n_lane, err);
    }
    t2v_scratch_free(trial.scratch);
    t2v_free(trial.hidden);
    return rc;
}

static int open_family(const struct t2v_family *family, const t2v_json *config,
                       const t2v_store *store, const struct t2v_kernels *kernels,
                       const struct t2v_form *form, bool weighted,
                       const struct t2v_net_options *options, t2v_net **out, struct t2v_err *err)
{
    t2v_net *encoder = t2v_alloc_zero(1, sizeof *encoder);
    if (encoder == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    encoder->family = family;
    encoder->kernels = *kernels;
    encoder->form = form;
    struct t2v_loader loader = {.store = store,
                                .form = form,
                                .f32 = kernels->f32,
                                .kernels = kernels,
                                .arena = &encoder->arena,
                                .weighted = weighted,
                                .finite = form->takes_outliers,
                                .bidirectional = options->bidirectional};
    int rc = family->open(config, &loader, &encoder->shape, &encoder->model, err);
    if (rc == 0)
        rc = form->takes_outliers && loader.n_pack > 0
                 ? pack_by_trial(encoder, &loader, options->n_lane, err)
                 : t2v_pack_finish(&loader, options->n_lane, err);
    t2v_free(loader.packs);
    if (rc != 0) {
        t2v_net_free(encoder);
        return rc;
    }
    *out = encoder;
    return 0;
}

int t2v_net_open(const t2v_json *config, const t2v_store *store, const struct t2v_kernels *kernels,
                 const struct t2v_form *form, const struct t2v_net_options *options, t2v_net **out,
                 struct t2v_err *err)
{
    const struct t2v_family *family;
    int rc = find_family(config, &family, err);
    return rc == 0 ? open_family(family, config, store, kernels, form, false, options, out, err)
                   : rc;
}

int t2v_net_open_static(const t2v_store *store, const struct t2v_kernels *kernels, bool weighted,
                        t2v_net **out, struct t2v_err *err)
{
    const struct t2v_net_options one = {.n_lane = 1};
    return open_family(&t2v_family_model2vec, NULL, store, kernels, kernels->f32, weighted, &one,
                       out, err);
}

void t2v_net_free(t2v_net *encoder)
{
    if (encoder == NULL)
        return;
    t2v_arena_free(&encoder->arena);
    t2v_free(encoder);
}

const char *t2v_net_family(const t2v_net *encoder)
{
    return encoder->family->model_type;
}

const struct t2v_shape *t2v_net_shape(const t2v_net *encoder)
{
    return &encoder->shape;
}

bool t2v_net_is_static(const t2v_net *encoder)
{
    return encoder->family->is_static;
}

bool t2v_net_pools_first(const t2v_net *encoder)
{
    return encoder->family->pools_first;
}

const struct t2v_linear *t2v_net_projection(const t2v_net *encoder)
{
    const struct t2v_family *family = encoder->family;
    return family->projection != NULL ? family->projection(encoder->model) : NULL;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* The scratch's parts, in the order in which they lie. */
enum { QKV, MIXED, DELTA, INTER, GATE, TURNS, ROWS, LANES, N_SCRATCH };

int t2v_scratch_new(const t2v_net *encoder, size_t max_tok, int n_lane, t2v_scratch **out)
{
    const struct t2v_shape *shape = &encoder->shape;
    size_t longest = max_tok < shape->max_tok ? max_tok : shape->max_tok;
    size_t lane_len = (t2v_attention_scratch(longest, shape->head_dim) + 15) / 16 * 16;
    /* The factors are bounded by config.c, so the products fit 64 bits. */
    const struct t2v_form *form = encoder->form;
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
        [TURNS] = max_tok * shape->n_turn * shape->head_dim,
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
    scratch->qkv = at;
    scratch->mixed = at += sizes[QKV];
    scratch->delta = at += sizes[MIXED];
    scratch->inter = at += sizes[DELTA];
    scratch->gate = at += sizes[INTER];
    scratch->turns = at += sizes[GATE];
    at += sizes[TURNS];
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

void t2v_net_forward(const t2v_net *encoder, const struct t2v_lane *lane,
                     const struct t2v_seqs *seqs, t2v_scratch *scratch, float *hidden)
{
    struct t2v_run run = {&encoder->kernels, lane, seqs, scratch, NULL};
    encoder->family->forward(encoder->model, &run, hidden);
}
