/* SPDX-License-Identifier: BSD-3-Clause */
/* Llama's names of settings and tensors (Touvron and others, 2023), which later families kept.
 * Defaults of settings are each family's own. */
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
