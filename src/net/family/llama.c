/* SPDX-License-Identifier: BSD-3-Clause */
/* Llama (Touvron and others, 2023), with causal attention. Later families kept its names of
 * settings and tensors; defaults of settings are each family's own. */
#include "net/prenorm.h"

#include "base/banned.h"

const struct t2v_prenorm_names t2v_llama_names = {
    .act = "hidden_act",
    .eps = "rms_norm_eps",
    .kv_heads = "num_key_value_heads",
    .head_dim = "head_dim",
    .theta = "rope_theta",
    .theta_absent = 10000.0,
    .act_absent = "silu",
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

static int llama_open(struct t2v_loader *loader, struct t2v_shape *shape, void **model)
{
    struct t2v_prenorm_names names = t2v_llama_names;
    names.absent = (struct t2v_absent){4096, 32, 11008, 32, 32000, 2048};
    names.eps_absent = 1e-6;
    names.head = "lm_head";
    struct t2v_prenorm *llama;
    int rc = t2v_prenorm_open(loader, &names, &llama);
    if (rc != 0)
        return rc;
    t2v_prenorm_causal(llama);
    *shape = llama->shape;
    *model = llama;
    return 0;
}

const struct t2v_family t2v_family_llama = {
    .model_type = "llama",
    .open = llama_open,
    .forward = t2v_prenorm_forward,
    .head = t2v_prenorm_head,
};
