/* SPDX-License-Identifier: BSD-3-Clause */
/* Qwen3 (Yang and others, 2025), of which Qwen3-Embedding is made: Qwen2's layers without those
 * biases, where the queries and keys of each head are normalised. */
#include "net/family/qwen.h"

#include "base/banned.h"

static int qwen3_open(struct t2v_loader *loader, struct t2v_shape *shape, void **model)
{
    struct t2v_prenorm_names names = t2v_llama_names;
    names.absent = (struct t2v_absent){4096, 32, 22016, 32, 151936, 32768};
    names.eps_absent = 1e-6;
    names.kv_heads_absent = 32;
    names.head_dim_absent = 128;
    names.q_norm = "self_attn.q_norm";
    names.k_norm = "self_attn.k_norm";
    names.head = "lm_head";
    return t2v_qwen_open(loader, &names, shape, model);
}

const struct t2v_family t2v_family_qwen3 = {
    .model_type = "qwen3",
    .open = qwen3_open,
    .forward = t2v_prenorm_forward,
    .head = t2v_prenorm_head,
};
