/* SPDX-License-Identifier: BSD-3-Clause */
/* Mistral (Jiang and others, 2023), of which Zephyr is made: Llama's layers with causal attention
 * within a sliding window, if sliding_window is not null. */
#include "net/prenorm.h"

#include "base/banned.h"

static int mistral_open(struct t2v_loader *loader, struct t2v_shape *shape, void **model)
{
    struct t2v_prenorm_names names = t2v_llama_names;
    names.absent = (struct t2v_absent){4096, 32, 14336, 32, 32000, 131072};
    names.eps_absent = 1e-6;
    names.kv_heads_absent = 8;
    names.biases = T2V_BIAS_NONE;
    names.head = "lm_head";
    struct t2v_prenorm *mistral;
    size_t window;
    const struct t2v_size_key key = {"sliding_window", 1, 1 << 24, 4096, &window};
    bool slides = t2v_json_type(t2v_json_get(loader->config, key.key)) != T2V_JSON_NULL;
    int rc = t2v_config_sizes(loader->config, &key, 1, loader->err);
    if (rc == 0)
        rc = t2v_prenorm_open(loader, &names, &mistral);
    if (rc != 0)
        return rc;
    t2v_prenorm_causal(mistral);
    for (size_t i = 0; i < mistral->shape.n_layer && slides; i++)
        mistral->layers[i].span = T2V_LOCAL;
    rc = t2v_prenorm_local(loader, mistral, window - 1, 0, NULL);
    *shape = mistral->shape;
    *model = mistral;
    return rc;
}

const struct t2v_family t2v_family_mistral = {
    .model_type = "mistral",
    .open = mistral_open,
    .forward = t2v_prenorm_forward,
    .head = t2v_prenorm_head,
};
