/* SPDX-License-Identifier: BSD-3-Clause */
/* T5's encoder (Raffel and others, 2020): RMS norms, linear layers without biases, and
 * relative positions, a learned bias for each distance that all layers add to their scores. The
 * decoder of a checkpoint is not read. */
#include "net/prenorm.h"

#include "base/banned.h"

static const struct t2v_prenorm_names t5_names = {
    .hidden = "d_model",
    .heads = "num_heads",
    .inter = "d_ff",
    .n_layer = "num_layers",
    .eps = "layer_norm_epsilon",
    .head_dim = "d_kv",
    .absent = {512, 8, 2048, 6, 32128, 0},
    .eps_absent = 1e-6,
    .head_dim_absent = 64,
    /* The model has no limit of its own; this bounds memory where the tokenizer has none either. */
    .max_tok = 32768,
    .words = {"shared", "encoder.embed_tokens"},
    .final_norm = "encoder.final_layer_norm",
    .layer = "encoder.block.",
    .attention_norm = "layer.0.layer_norm",
    .qkv = {"layer.0.SelfAttention.q", "layer.0.SelfAttention.k", "layer.0.SelfAttention.v"},
    .out = "layer.0.SelfAttention.o",
    .mlp_norm = "layer.1.layer_norm",
    .up = {"layer.1.DenseReluDense.wi_0", "layer.1.DenseReluDense.wi_1"},
    .down = "layer.1.DenseReluDense.wo",
    .norm = T2V_WANT_RMS,
};

/* feed_forward_proj is "relu", "gated-gelu", ..., and newer files have is_gated_act and
 * dense_act_fn beside it, which take precedence. */
static int read_act(const struct t2v_loader *loader, bool *gated, enum t2v_act *act)
{
    const struct t2v_str prefix = T2V_STR("gated-");
    struct t2v_str proj;
    int rc = t2v_config_word(loader->config, "feed_forward_proj", "relu", &proj, loader->err);
    if (rc == 0)
        rc = t2v_config_bool(loader->config, "is_gated_act", t2v_str_starts(proj, prefix), gated,
                             loader->err);
    if (rc != 0)
        return rc;
    if (t2v_json_type(t2v_json_get(loader->config, "dense_act_fn")) > T2V_JSON_NULL)
        return t2v_config_act(loader->config, "dense_act_fn", NULL, act, loader->err);
    if (t2v_str_is(proj, "gated-gelu"))
        proj = T2V_STR("gelu_new"); /* as Transformers' first version had it */
    else if (t2v_str_starts(proj, prefix))
        proj = t2v_str_skip(proj, prefix.len);
    return t2v_act_of(proj, "feed_forward_proj", act, loader->err);
}

/* The bias of all layers' scores; the first layer has the table. */
static int load_relative(struct t2v_loader *loader, struct t2v_prenorm *t5)
{
    size_t n_bucket, max_distance;
    const struct t2v_size_key keys[] = {
        {"relative_attention_num_buckets", 4, 65536, 32, &n_bucket},
        {"relative_attention_max_distance", 1, 1 << 24, 128, &max_distance},
    };
    int rc = t2v_config_sizes(loader->config, keys, 2, loader->err);
    if (rc != 0)
        return rc;
    const struct t2v_tensor *table;
    const struct t2v_want want = {T2V_WANT_TABLE,
                                  &table,
                                  {"layer.0.SelfAttention.relative_attention_bias"},
                                  t5->shape.heads,
                                  n_bucket};
    rc = t2v_load(loader, "encoder.block.0.", &want, 1);
    return rc != 0 ? rc
                   : t2v_relative_new(loader, table, (int)n_bucket, (int)max_distance,
                                      t5->shape.max_tok, &t5->relative);
}

static int t5_open(struct t2v_loader *loader, struct t2v_shape *shape, void **model)
{
    struct t2v_prenorm_names names = t5_names;
    struct t2v_prenorm *t5;
    bool gated;
    enum t2v_act act;
    int rc = read_act(loader, &gated, &act);
    if (rc != 0)
        return rc;
    if (!gated) {
        names.ungated = true;
        names.up[0] = "layer.1.DenseReluDense.wi";
        names.up[1] = NULL;
    }
    rc = t2v_prenorm_open(loader, &names, &t5);
    if (rc == 0)
        rc = load_relative(loader, t5);
    if (rc != 0)
        return rc;
    t5->act = act;
    t5->spans[T2V_FULL].heads.scale = 1.0f;
    t5->spans[T2V_FULL].heads.relative = &t5->relative;
    *shape = t5->shape;
    *model = t5;
    return 0;
}

const struct t2v_family t2v_family_t5 = {
    .model_type = "t5", .open = t5_open, .forward = t2v_prenorm_forward};
