/* SPDX-License-Identifier: BSD-3-Clause */
/* Qwen3 (Yang and others, 2025), of which Qwen3-Embedding is made: Llama's layers
 * with causal attention, where the queries and keys of each head are normalised. */
#include "net/prenorm.h"

#include <stdint.h>

#include "base/banned.h"

/* Llama's names, with Qwen3's defaults and norms. */
static struct t2v_prenorm_names qwen3_names(void)
{
    struct t2v_prenorm_names names = t2v_llama_names;
    names.absent = (struct t2v_absent){4096, 32, 22016, 32, 151936, 32768};
    names.eps_absent = 1e-6;
    names.kv_heads_absent = 32;
    names.head_dim_absent = 128;
    names.q_norm = "self_attn.q_norm";
    names.k_norm = "self_attn.k_norm";
    names.head = "lm_head";
    return names;
}

static int qwen3_open(struct t2v_loader *loader, struct t2v_shape *shape, void **model)
{
    const struct t2v_prenorm_names names = qwen3_names();
    struct t2v_prenorm *qwen3;
    bool slides = false;
    size_t first = 0, window = SIZE_MAX;
    const struct t2v_size_key keys[] = {
        {"max_window_layers", 0, 1024, 28, &first},
        {"sliding_window", 1, 1 << 24, 4096, &window},
    };
    int rc = t2v_config_bool(loader->config, "use_sliding_window", false, &slides, loader->err);
    if (t2v_json_type(t2v_json_get(loader->config, "sliding_window")) == T2V_JSON_NULL)
        slides = false;
    if (rc == 0 && slides)
        rc = t2v_config_sizes(loader->config, keys, 2, loader->err);
    if (rc == 0)
        rc = t2v_prenorm_open(loader, &names, &qwen3);
    if (rc != 0)
        return rc;
    t2v_prenorm_causal(qwen3);
    for (size_t i = first; i < qwen3->shape.n_layer && slides; i++)
        qwen3->layers[i].span = T2V_LOCAL;
    rc = t2v_prenorm_local(loader, qwen3, window - 1, 0, NULL);
    *shape = qwen3->shape;
    *model = qwen3;
    return rc;
}

const struct t2v_family t2v_family_qwen3 = {
    .model_type = "qwen3",
    .open = qwen3_open,
    .forward = t2v_prenorm_forward,
    .head = t2v_prenorm_head,
};
