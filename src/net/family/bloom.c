/* SPDX-License-Identifier: BSD-3-Clause */
/* BLOOM (Scao and others, 2022): layer norms, also of the embeddings, plain feed-forward nets, and
 * no positions: a score has a bias proportional to the distance, with a slope for each head (ALiBi,
 * Press and others, 2022). */
#include "net/prenorm.h"

#include <math.h>

#include "base/banned.h"

static const struct t2v_prenorm_names bloom_names = {
    .inter = "", /* no such key: it is always four times the hidden size */
    .n_layer = "n_layer",
    .eps = "layer_norm_epsilon",
    .absent = {64, 8, 0, 2, 250880, 0},
    .eps_absent = 1e-5,
    /* The model has no limit of its own; this bounds memory where the tokenizer has none either. */
    .max_tok = 131072,
    .words = {"word_embeddings"},
    .embed_norm = "word_embeddings_layernorm",
    .final_norm = "ln_f",
    .layer = "h.",
    .attention_norm = "input_layernorm",
    .qkv = {"self_attention.query_key_value"},
    .out = "self_attention.dense",
    .mlp_norm = "post_attention_layernorm",
    .up = {"mlp.dense_h_to_4h"},
    .down = "mlp.dense_4h_to_h",
    .norm = T2V_WANT_NORM,
    .biases = T2V_BIAS_ALL,
    .fused = true,
    .ungated = true,
    .head = "lm_head",
    .tied_absent = true,
};

/* The key that config.json has, the second one of older files. */
static const char *either(const struct t2v_loader *loader, const char *newer, const char *older)
{
    bool there = t2v_json_type(t2v_json_get(loader->config, older)) > T2V_JSON_NULL;
    return there ? older : newer;
}

/* Powers of a base that depends on the number of heads; if that is no power of two, those of the
 * next smaller one, and every second power of the base for twice as many. */
static float *slopes_of(const struct t2v_loader *loader, size_t heads)
{
    size_t n = 1;
    while (2 * n <= heads)
        n *= 2;
    float *slopes = t2v_load_alloc(loader, heads, sizeof *slopes);
    for (size_t i = 0; i < heads && slopes != NULL; i++) {
        bool extra = i >= n;
        float base = (float)exp2(-8.0 / (double)(extra ? 2 * n : n));
        slopes[i] = powf(base, (float)(extra ? 2 * (i - n) + 1 : i + 1));
    }
    return slopes;
}

static int bloom_open(struct t2v_loader *loader, struct t2v_shape *shape, void **model)
{
    struct t2v_prenorm_names names = bloom_names;
    struct t2v_prenorm *bloom;
    bool normed;
    names.hidden = either(loader, "hidden_size", "n_embed");
    names.heads = either(loader, "n_head", "num_attention_heads");
    names.n_layer = either(loader, "n_layer", "num_hidden_layers");
    int rc = t2v_config_bool(loader->config, "apply_residual_connection_post_layernorm", false,
                             &normed, loader->err);
    if (rc == 0)
        rc = t2v_prenorm_open(loader, &names, &bloom);
    if (rc != 0)
        return rc;
    t2v_prenorm_causal(bloom);
    bloom->act = T2V_ACT_GELU_TANH;
    bloom->residual = normed ? T2V_RESIDUAL_NORMED : T2V_RESIDUAL_INPUT;
    struct t2v_heads *heads = &bloom->spans[T2V_FULL].heads;
    heads->slopes = slopes_of(loader, heads->heads);
    bloom->shape.alibi = true;
    *shape = bloom->shape;
    *model = bloom;
    return heads->slopes != NULL ? 0 : T2V_ENOMEM;
}

const struct t2v_family t2v_family_bloom = {
    .model_type = "bloom",
    .open = bloom_open,
    .forward = t2v_prenorm_forward,
    .head = t2v_prenorm_head,
};
