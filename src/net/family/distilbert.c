/* SPDX-License-Identifier: BSD-3-Clause */
/* DistilBERT (Sanh and others, 2019): BERT with fewer layers, without token types, with other
 * names. Sinusoidal positions are a table in the checkpoint, too. */
#include "net/postnorm.h"

#include "base/banned.h"

static const struct t2v_postnorm_names names = {
    .hidden = "dim",
    .heads = "n_heads",
    .inter = "hidden_dim",
    .n_layer = "n_layers",
    .act = "activation",
    .absent = {768, 12, 3072, 6, 30522, 512},
    .layer = "transformer.layer.",
    .qkv = {"attention.q_lin", "attention.k_lin", "attention.v_lin"},
    .out = "attention.out_lin",
    .attention_norm = "sa_layer_norm",
    .up = "ffn.lin1",
    .down = "ffn.lin2",
    .norm = "output_layer_norm",
};

static int distilbert_open(struct t2v_loader *loader, struct t2v_shape *shape, void **model)
{
    static const char *const prefixes[] = {"", "distilbert.", NULL};
    return t2v_postnorm_open(loader, &names, prefixes, -1, shape, model);
}

const struct t2v_family t2v_family_distilbert = {
    .model_type = "distilbert", .open = distilbert_open, .forward = t2v_postnorm_forward};
