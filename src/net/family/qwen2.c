/* SPDX-License-Identifier: BSD-3-Clause */
/* Qwen2 and Qwen2.5 (Yang and others, 2024): Llama's layers with causal attention, where queries,
 * keys and values have biases. */
#include "net/family/qwen.h"

#include <stdint.h>

#include "base/banned.h"

int t2v_qwen_open(struct t2v_loader *loader, const struct t2v_prenorm_names *names,
                  struct t2v_shape *shape, void **model)
{
    struct t2v_prenorm *qwen;
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
        rc = t2v_prenorm_open(loader, names, &qwen);
    if (rc != 0)
        return rc;
    t2v_prenorm_causal(qwen);
    for (size_t i = first; i < qwen->shape.n_layer && slides; i++)
        qwen->layers[i].span = T2V_LOCAL;
    rc = t2v_prenorm_local(loader, qwen, window - 1, 0, NULL);
    *shape = qwen->shape;
    *model = qwen;
    return rc;
}

static int qwen2_open(struct t2v_loader *loader, struct t2v_shape *shape, void **model)
{
    struct t2v_prenorm_names names = t2v_llama_names;
    names.absent = (struct t2v_absent){4096, 32, 22016, 32, 151936, 32768};
    names.eps_absent = 1e-6;
    names.kv_heads_absent = 32;
    names.head_dim = NULL;
    names.biases = T2V_BIAS_QKV;
    names.head = "lm_head";
    return t2v_qwen_open(loader, &names, shape, model);
}

const struct t2v_family t2v_family_qwen2 = {
    .model_type = "qwen2",
    .open = qwen2_open,
    .forward = t2v_prenorm_forward,
    .head = t2v_prenorm_head,
};
