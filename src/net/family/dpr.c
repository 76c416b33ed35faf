/* SPDX-License-Identifier: BSD-3-Clause */
/* DPR (Karpukhin and others, 2020): a BERT for questions, another for passages. The vector is the
 * first token's last hidden state, through a projection if the checkpoint has one. */
#include <stdio.h>

#include "net/postnorm.h"

#include "base/banned.h"

struct dpr {
    void *bert;                   /* of postnorm.c */
    struct t2v_linear projection; /* [projection_dim, hidden]; n_out is 0: none */
};

/* The prefix of this encoder's tensors, one of two. */
static int find_kind(const struct t2v_loader *loader, const char **kind)
{
    struct t2v_str name =
        t2v_json_str(t2v_json_at(t2v_json_get(loader->config, "architectures"), 0));
    if (name.ptr != NULL && t2v_str_is(name, "DPRContextEncoder"))
        *kind = "ctx_encoder.";
    else if (name.ptr != NULL && t2v_str_is(name, "DPRQuestionEncoder"))
        *kind = "question_encoder.";
    else
        return t2v_fail(loader->err, T2V_EUNSUPPORTED,
                        "config.json: architectures[0] '%.*s' is not supported for dpr "
                        "(DPRContextEncoder, DPRQuestionEncoder are)",
                        T2V_STR_ARG(name));
    return 0;
}

static int dpr_open(struct t2v_loader *loader, struct t2v_shape *shape, void **model)
{
    struct dpr *dpr = t2v_load_alloc(loader, 1, sizeof *dpr);
    if (dpr == NULL)
        return T2V_ENOMEM;
    const char *kind = NULL;
    size_t n_out;
    const struct t2v_size_key key = {"projection_dim", 0, 65536, 0, &n_out};
    int rc = find_kind(loader, &kind);
    if (rc == 0)
        rc = t2v_config_sizes(loader->config, &key, 1, loader->err);
    if (rc != 0)
        return rc;
    char prefix[64];
    snprintf(prefix, sizeof prefix, "%sbert_model.", kind);
    const char *const prefixes[] = {prefix, NULL};
    rc = t2v_postnorm_open(loader, &t2v_bert_names, prefixes, -1, shape, &dpr->bert);
    if (rc != 0)
        return rc;
    *model = dpr;
    if (n_out == 0)
        return 0;
    const struct t2v_want want = {
        T2V_WANT_LINEAR, &dpr->projection, {"encode_proj"}, shape->hidden, n_out};
    loader->prefix[0] = '\0';
    loader->form = loader->f32;
    return t2v_load(loader, kind, &want, 1);
}

static void dpr_forward(const void *model, const struct t2v_run *run, float *hidden)
{
    const struct dpr *dpr = model;
    t2v_postnorm_forward(dpr->bert, run, hidden);
}

static const struct t2v_linear *dpr_projection(const void *model)
{
    const struct dpr *dpr = model;
    return dpr->projection.n_out > 0 ? &dpr->projection : NULL;
}

const struct t2v_family t2v_family_dpr = {
    .model_type = "dpr",
    .open = dpr_open,
    .forward = dpr_forward,
    .pools_first = true,
    .projection = dpr_projection,
};
