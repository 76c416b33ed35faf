/* SPDX-License-Identifier: BSD-3-Clause */
/* Gemma 3's text model (Kamath and others, 2025), of which EmbeddingGemma is made: RMS norms whose
 * stored weight is gamma - 1, also after each sublayer; most layers attend within a sliding window.
 * Embeddings are multiplied by the root of their width. */
#include "net/prenorm.h"

#include <math.h>

#include "base/banned.h"

/* Llama's names, with what differs in Gemma 3. */
static struct t2v_prenorm_names gemma3_names(void)
{
    struct t2v_prenorm_names names = t2v_llama_names;
    names.act = "hidden_activation";
    names.absent = (struct t2v_absent){2304, 8, 9216, 26, 262208, 131072};
    names.eps_absent = 1e-6;
    names.act_absent = "gelu_pytorch_tanh";
    names.kv_heads_absent = 4;
    names.head_dim_absent = 256;
    names.theta_absent = 1000000.0;
    names.q_norm = "self_attn.q_norm";
    names.k_norm = "self_attn.k_norm";
    names.attention_after = "post_attention_layernorm";
    names.mlp_norm = "pre_feedforward_layernorm";
    names.mlp_after = "post_feedforward_layernorm";
    names.norm = T2V_WANT_RMS_MINUS_ONE;
    names.head = "lm_head";
    names.tied_absent = true;
    return names;
}

/* The attention spans. In bidirectional attention half of the window is on each side. */
static int read_span(struct t2v_loader *loader, struct t2v_prenorm *gemma3, size_t window)
{
    bool both;
    int rc =
        t2v_config_bool(loader->config, "use_bidirectional_attention", false, &both, loader->err);
    if (rc != 0)
        return rc;
    if (loader->bidirectional != T2V_BIDIRECTIONAL_AUTO)
        both = loader->bidirectional == T2V_BIDIRECTIONAL_TRUE;
    if (!both)
        t2v_prenorm_causal(gemma3);
    static const struct t2v_rotary_keys rotary = {"sliding_attention", "rope_local_base_freq",
                                                  10000.0, false, false};
    return t2v_prenorm_local(loader, gemma3, both ? window / 2 : window - 1, both ? window / 2 : 0,
                             &rotary);
}

/* Gemma 2's settings, which released checkpoints of Gemma 3 do not use. */
static int refuse(const struct t2v_loader *loader, const char *key)
{
    if (t2v_json_type(t2v_json_get(loader->config, key)) <= T2V_JSON_NULL)
        return 0;
    return t2v_fail(loader->err, T2V_EUNSUPPORTED, "config.json: %s is not supported", key);
}

static int gemma3_open(struct t2v_loader *loader, struct t2v_shape *shape, void **model)
{
    const struct t2v_prenorm_names names = gemma3_names();
    struct t2v_prenorm *gemma3;
    size_t every, window, scalar;
    const struct t2v_size_key keys[] = {
        {"sliding_window_pattern", 1, 1024, 6, &every},
        {"sliding_window", 1, 1 << 24, 4096, &window},
        {"query_pre_attn_scalar", 1, 65536, 256, &scalar},
    };
    int rc = refuse(loader, "attn_logit_softcapping");
    if (rc == 0 && loader->head)
        rc = refuse(loader, "final_logit_softcapping");
    if (rc == 0)
        rc = t2v_config_sizes(loader->config, keys, 3, loader->err);
    if (rc == 0)
        rc = t2v_prenorm_open(loader, &names, &gemma3);
    if (rc != 0)
        return rc;
    gemma3->embed_scale = sqrtf((float)gemma3->shape.hidden);
    gemma3->spans[T2V_FULL].heads.scale = 1.0f / sqrtf((float)scalar);
    for (size_t i = 0; i < gemma3->shape.n_layer; i++)
        gemma3->layers[i].span = (i + 1) % every == 0 ? T2V_FULL : T2V_LOCAL;
    rc = read_span(loader, gemma3, window);
    *shape = gemma3->shape;
    *model = gemma3;
    return rc;
}

const struct t2v_family t2v_family_gemma3 = {
    .model_type = "gemma3_text",
    .open = gemma3_open,
    .forward = t2v_prenorm_forward,
    .head = t2v_prenorm_head,
};
