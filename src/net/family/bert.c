/* SPDX-License-Identifier: BSD-3-Clause */
/* BERT (Devlin and others, 2018): three embeddings and post-norm layers, see postnorm.c. */
#include "net/postnorm.h"

#include "base/banned.h"

const struct t2v_postnorm_names t2v_bert_names = {
    .hidden = "hidden_size",
    .heads = "num_attention_heads",
    .inter = "intermediate_size",
    .n_layer = "num_hidden_layers",
    .act = "hidden_act",
    .eps = "layer_norm_eps",
    .n_type = "type_vocab_size",
    .absent = {768, 12, 3072, 12, 30522, 512},
    .layer = "encoder.layer.",
    .qkv = {"attention.self.query", "attention.self.key", "attention.self.value"},
    .out = "attention.output.dense",
    .attention_norm = "attention.output.LayerNorm",
    .up = "intermediate.dense",
    .down = "output.dense",
    .norm = "output.LayerNorm",
};

static int bert_open(struct t2v_loader *loader, struct t2v_shape *shape, void **model)
{
    static const char *const prefixes[] = {"", "bert.", NULL};
    return t2v_postnorm_open(loader, &t2v_bert_names, prefixes, -1, shape, model);
}

const struct t2v_family t2v_family_bert = {
    .model_type = "bert", .open = bert_open, .forward = t2v_postnorm_forward};
