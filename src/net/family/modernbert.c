/* SPDX-License-Identifier: BSD-3-Clause */
/* ModernBERT (Warner and others, 2024), and mmBERT: layer norms, and a sliding window in
 * most layers. Embeddings are normalised, so the first layer has no norm before attention. */
#include "net/prenorm.h"

#include "base/banned.h"

static const struct t2v_prenorm_names names = {
    .act = "hidden_activation",
    .eps = "norm_eps",
    .absent = {768, 12, 1152, 22, 50368, 8192},
    .eps_absent = 1e-5,
    .act_absent = "gelu",
    .theta = "global_rope_theta",
    .theta_absent = 160000.0,
    .words = {"embeddings.tok_embeddings"},
    .embed_norm = "embeddings.norm",
    .final_norm = "final_norm",
    .layer = "layers.",
    .attention_norm = "attn_norm",
    .qkv = {"attn.Wqkv"},
    .out = "attn.Wo",
    .mlp_norm = "mlp_norm",
    .up = {"mlp.Wi"},
    .down = "mlp.Wo",
    .norm = T2V_WANT_SCALE,
    .first_plain = true,
};

static int modernbert_open(struct t2v_loader *loader, struct t2v_shape *shape, void **model)
{
    struct t2v_prenorm *modernbert;
    size_t every, window;
    const struct t2v_size_key keys[] = {
        {"global_attn_every_n_layers", 1, 1024, 3, &every},
        {"local_attention", 1, 1 << 24, 128, &window},
    };
    int rc = t2v_config_sizes(loader->config, keys, 2, loader->err);
    if (rc == 0)
        rc = t2v_prenorm_open(loader, &names, &modernbert);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < modernbert->shape.n_layer; i++)
        modernbert->layers[i].span = i % every == 0 ? T2V_FULL : T2V_LOCAL;
    struct t2v_rotary_keys rotary = {"sliding_attention", "local_rope_theta", 10000.0, true, false};
    if (t2v_json_type(t2v_json_get(loader->config, rotary.theta)) == T2V_JSON_NULL) {
        rotary.theta = names.theta;
        rotary.theta_absent = names.theta_absent;
    }
    rc = t2v_prenorm_local(loader, modernbert, window / 2, window / 2, &rotary);
    *shape = modernbert->shape;
    *model = modernbert;
    return rc;
}

const struct t2v_family t2v_family_modernbert = {
    .model_type = "modernbert", .open = modernbert_open, .forward = t2v_prenorm_forward};
