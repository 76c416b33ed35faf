/* SPDX-License-Identifier: BSD-3-Clause */
/* GPT-2 (Radford and others, 2019): learned positions, layer norms, plain feed-forward nets, and
 * weights stored as [n_in, n_out]. */
#include "net/prenorm.h"

#include "base/banned.h"

static const struct t2v_prenorm_names names = {
    .hidden = "n_embd",
    .heads = "n_head",
    .inter = "n_inner",
    .n_layer = "n_layer",
    .eps = "layer_norm_epsilon",
    .act = "activation_function",
    .max_tok_key = "n_positions",
    .absent = {768, 12, 0, 12, 50257, 1024},
    .eps_absent = 1e-5,
    .act_absent = "gelu_new",
    .words = {"wte"},
    .positions = "wpe",
    .final_norm = "ln_f",
    .layer = "h.",
    .attention_norm = "ln_1",
    .qkv = {"attn.c_attn"},
    .out = "attn.c_proj",
    .mlp_norm = "ln_2",
    .up = {"mlp.c_fc"},
    .down = "mlp.c_proj",
    .norm = T2V_WANT_NORM,
    .biases = T2V_BIAS_ALL,
    .transposed = true,
    .ungated = true,
    .head = "lm_head",
    .tied_absent = true,
};

static int gpt2_open(struct t2v_loader *loader, struct t2v_shape *shape, void **model)
{
    struct t2v_prenorm *gpt2;
    bool scaled, by_layer;
    int rc = t2v_config_bool(loader->config, "scale_attn_weights", true, &scaled, loader->err);
    if (rc == 0)
        rc = t2v_config_bool(loader->config, "scale_attn_by_inverse_layer_idx", false, &by_layer,
                             loader->err);
    if (rc == 0)
        rc = t2v_prenorm_open(loader, &names, &gpt2);
    if (rc != 0)
        return rc;
    t2v_prenorm_causal(gpt2);
    gpt2->scale_by_layer = by_layer;
    if (!scaled)
        gpt2->spans[T2V_FULL].heads.scale = 1.0f;
    *shape = gpt2->shape;
    *model = gpt2;
    return 0;
}

const struct t2v_family t2v_family_gpt2 = {
    .model_type = "gpt2",
    .open = gpt2_open,
    .forward = t2v_prenorm_forward,
    .head = t2v_prenorm_head,
};
