/* SPDX-License-Identifier: BSD-3-Clause */
/* Gemma 3's text model (Kamath and others, 2025), of which EmbeddingGemma is made: RMS norms whose
 * weights are told less one, also behind each sublayer; most layers see only the tokens near each.
 * Embeddings are multiplied by the root of their width. */
#include "net/prenorm.h"

#include <math.h>

#include "base/banned.h"

static const struct t2v_prenorm_names names = {
    .act = "hidden_activation",
    .eps = "rms_norm_eps",
    .kv_heads = "num_key_value_heads",
    .head_dim = "head_dim",
    .absent = {2304, 8, 9216, 26, 262208, 131072},
    .eps_absent = 1e-6,
    .act_absent = "gelu_pytorch_tanh",
    .kv_heads_absent = 4,
    .head_dim_absent = 256,
    .theta = "rope_theta",
    .theta_absent = 1000000.0,
    .words = {"embed_tokens"},
    .final_norm = "norm",
    .layer = "layers.",
    .attention_norm = "input_layernorm",
    .qkv = {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"},
    .q_norm = "self_attn.q_norm",
    .k_norm = "self_attn.k_norm",
    .out = "self_attn.o_proj",
    .attention_after = "post_attention_layernorm",
    .mlp_norm = "pre_feedforward_layernorm",
    .up = {"mlp.gate_proj", "mlp.up_proj"},
    .down = "mlp.down_proj",
    .mlp_after = "post_feedforward_layernorm",
    .norm = T2V_WANT_RMS_LESS_ONE,
};

/* How far a token sees: where it sees what follows, half of the window is on each side. */
static int read_sight(const t2v_json *config, struct t2v_prenorm *gemma3, size_t window,
                      struct t2v_loader *loader, struct t2v_err *err)
{
    struct t2v_heads *heads = &gemma3->sight[T2V_FULL].heads;
    bool both;
    int rc = t2v_config_bool(config, "use_bidirectional_attention", false, &both, err);
    if (rc != 0)
        return rc;
    if (loader->bidirectional != T2V_BIDIRECTIONAL_AUTO)
        both = loader->bidirectional == T2V_BIDIRECTIONAL_TRUE;
    if (!both)
        heads->after = 0;
    static const struct t2v_turn turn = {"rope_local_base_freq", 10000.0, false};
    return t2v_prenorm_local(config, gemma3, both ? window / 2 : window - 1, both ? window / 2 : 0,
                             &turn, loader, err);
}

static int gemma3_open(const t2v_json *config, struct t2v_loader *loader, struct t2v_shape *shape,
                       void **model, struct t2v_err *err)
{
    struct t2v_prenorm *gemma3;
    size_t every, window, scalar;
    const struct t2v_size_key keys[] = {
        {"sliding_window_pattern", 1, 1024, 6, &every},
        {"sliding_window", 1, 1 << 24, 4096, &window},
        {"query_pre_attn_scalar", 1, 65536, 256, &scalar},
    };
    if (t2v_json_type(t2v_json_get(config, "attn_logit_softcapping")) > T2V_JSON_NULL)
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "config.json: attn_logit_softcapping is not supported");
    int rc = t2v_config_sizes(config, keys, 3, err);
    if (rc == 0)
        rc = t2v_prenorm_open(config, &names, loader, &gemma3, err);
    if (rc != 0)
        return rc;
    gemma3->embed_scale = sqrtf((float)gemma3->shape.hidden);
    gemma3->sight[T2V_FULL].heads.scale = 1.0f / sqrtf((float)scalar);
    for (size_t i = 0; i < gemma3->shape.n_layer; i++)
        gemma3->layers[i].sight = (i + 1) % every == 0 ? T2V_FULL : T2V_LOCAL;
    rc = read_sight(config, gemma3, window, loader, err);
    *shape = gemma3->shape;
    *model = gemma3;
    return rc;
}

const struct t2v_family t2v_family_gemma3 = {
    .model_type = "gemma3_text", .open = gemma3_open, .forward = t2v_prenorm_forward};
