/* SPDX-License-Identifier: BSD-3-Clause */
/* MPNet (Song and others, 2020): RoBERTa without token types, and all layers add a learned number
 * for each distance to their scores. */
#include "net/postnorm.h"

#include "base/banned.h"

static const struct t2v_postnorm_names names = {
    .hidden = "hidden_size",
    .heads = "num_attention_heads",
    .inter = "intermediate_size",
    .n_layer = "num_hidden_layers",
    .act = "hidden_act",
    .eps = "layer_norm_eps",
    .absent = {768, 12, 3072, 12, 30527, 512},
    .layer = "encoder.layer.",
    .qkv = {"attention.attn.q", "attention.attn.k", "attention.attn.v"},
    .out = "attention.attn.o",
    .attention_norm = "attention.LayerNorm",
    .up = "intermediate.dense",
    .down = "output.dense",
    .norm = "output.LayerNorm",
};

/* UPSTREAM: Transformers has these three in its code, and heeds neither pad_token_id nor (but for
 * the size of the table) relative_attention_num_buckets. */
enum { PAD = 1, BUCKETS = 32, MAX_DISTANCE = 128 };

static int mpnet_open(const t2v_json *config, struct t2v_loader *loader, struct t2v_shape *shape,
                      void **model, struct t2v_err *err)
{
    static const char *const prefixes[] = {"", "mpnet.", NULL};
    int rc = t2v_postnorm_open(config, &names, prefixes, PAD, loader, shape, model, err);
    if (rc != 0)
        return rc;
    struct t2v_postnorm *mpnet = *model;
    size_t n_row;
    const struct t2v_size_key key = {"relative_attention_num_buckets", BUCKETS, 65536, BUCKETS,
                                     &n_row};
    rc = t2v_config_sizes(config, &key, 1, err);
    if (rc != 0)
        return rc;
    const struct t2v_tensor *table;
    const struct t2v_want want = {
        T2V_WANT_TABLE, &table, {"relative_attention_bias"}, shape->heads, n_row};
    rc = t2v_load(loader, "encoder.", &want, 1, err);
    if (rc != 0)
        return rc;
    return t2v_relative_new(loader, table, BUCKETS, MAX_DISTANCE, shape->max_tok, &mpnet->relative,
                            err);
}

const struct t2v_family t2v_family_mpnet = {
    .model_type = "mpnet", .open = mpnet_open, .forward = t2v_postnorm_forward};
