/* SPDX-License-Identifier: BSD-3-Clause */
/* EuroBERT (Boizard and others, 2025): Llama's layers, where every token sees all others. */
#include "net/prenorm.h"

#include "base/banned.h"

static const struct t2v_prenorm_names names = {
    .act = "hidden_act",
    .eps = "rms_norm_eps",
    .kv_heads = "num_key_value_heads",
    .head_dim = "head_dim",
    .absent = {768, 12, 3072, 12, 128256, 8192},
    .eps_absent = 1e-5,
    .act_absent = "silu",
    .theta = "rope_theta",
    .theta_absent = 10000.0,
    .words = {"embed_tokens"},
    .final_norm = "norm",
    .layer = "layers.",
    .attention_norm = "input_layernorm",
    .qkv = {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"},
    .out = "self_attn.o_proj",
    .mlp_norm = "post_attention_layernorm",
    .up = {"mlp.gate_proj", "mlp.up_proj"},
    .down = "mlp.down_proj",
    .norm = T2V_WANT_RMS,
};

static int eurobert_open(const t2v_json *config, struct t2v_loader *loader, struct t2v_shape *shape,
                         void **model, struct t2v_err *err)
{
    struct t2v_prenorm *eurobert;
    int rc = t2v_prenorm_open(config, &names, loader, &eurobert, err);
    if (rc != 0)
        return rc;
    *shape = eurobert->shape;
    *model = eurobert;
    return 0;
}

const struct t2v_family t2v_family_eurobert = {
    .model_type = "eurobert", .open = eurobert_open, .forward = t2v_prenorm_forward};
