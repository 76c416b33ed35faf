/* SPDX-License-Identifier: BSD-3-Clause */
/* GPT-NeoX (Black and others, 2022), and Pythia: layer norms, plain feed-forward nets, rotary
 * positions on the first part of each head; attention and feed-forward net read the same input. */
#include "net/prenorm.h"

#include "base/banned.h"

static const struct t2v_prenorm_names neox_names = {
    .act = "hidden_act",
    .eps = "layer_norm_eps",
    .theta = "rotary_emb_base",
    .theta_absent = 10000.0,
    .absent = {6144, 64, 24576, 44, 50432, 2048},
    .eps_absent = 1e-5,
    .act_absent = "gelu",
    .words = {"embed_in"},
    .final_norm = "final_layer_norm",
    .layer = "layers.",
    .attention_norm = "input_layernorm",
    .qkv = {"attention.query_key_value"},
    .out = "attention.dense",
    .mlp_norm = "post_attention_layernorm",
    .up = {"mlp.dense_h_to_4h"},
    .down = "mlp.dense_4h_to_h",
    .norm = T2V_WANT_NORM,
    .fused = true,
    .ungated = true,
    .head = "embed_out",
};

/* The part of each head that is rotated; in files of Transformers 5 in rope_parameters. */
static int read_part(const struct t2v_loader *loader, double *out)
{
    const t2v_json *rope = t2v_json_get(loader->config, "rope_parameters");
    bool newer = t2v_json_type(t2v_json_get(rope, "partial_rotary_factor")) > T2V_JSON_NULL;
    const t2v_json *settings = newer ? rope : loader->config;
    const char *key = newer ? "partial_rotary_factor" : "rotary_pct";
    float checked;
    int rc = t2v_config_float(settings, key, 1e-3, 1, 0.25, &checked, loader->err);
    *out = (double)checked;
    if (rc == 0)
        t2v_json_double(t2v_json_get(settings, key), out); /* all its digits */
    return rc;
}

static int neox_open(struct t2v_loader *loader, struct t2v_shape *shape, void **model)
{
    struct t2v_prenorm_names names = neox_names;
    struct t2v_prenorm *neox;
    bool bias, parallel;
    int rc = t2v_config_bool(loader->config, "attention_bias", true, &bias, loader->err);
    if (rc == 0)
        rc = t2v_config_bool(loader->config, "use_parallel_residual", true, &parallel, loader->err);
    if (rc == 0)
        rc = read_part(loader, &names.rotary_part);
    if (rc != 0)
        return rc;
    names.biases = bias ? T2V_BIAS_ALL : T2V_BIAS_MLP;
    rc = t2v_prenorm_open(loader, &names, &neox);
    if (rc != 0)
        return rc;
    t2v_prenorm_causal(neox);
    neox->residual = parallel ? T2V_RESIDUAL_PARALLEL : T2V_RESIDUAL_INPUT;
    *shape = neox->shape;
    *model = neox;
    return 0;
}

const struct t2v_family t2v_family_gpt_neox = {
    .model_type = "gpt_neox",
    .open = neox_open,
    .forward = t2v_prenorm_forward,
    .head = t2v_prenorm_head,
};
