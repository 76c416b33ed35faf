/* SPDX-License-Identifier: BSD-3-Clause */
/* T5's encoder (Raffel and others, 2020): each sublayer normalised before, not after, by RMS norm,
 * layers without biases, and no positions but a learned number for each distance, which all layers
 * add to their scores. Of a checkpoint with a decoder only the encoder is read. */
#include <stdio.h>

#include "encoder/family.h"

#include "base/banned.h"

/* The model has no limit of its own; this bounds memory where the tokenizer has none either. */
enum { MOST_TOK = 32768 };

struct t5_layer {
    struct t2v_linear qkv;  /* [3 heads * head_dim, hidden] */
    struct t2v_linear out;  /* [hidden, heads * head_dim] */
    struct t2v_linear up;   /* [inter, hidden], or if gated [2 inter, hidden] */
    struct t2v_linear down; /* [hidden, inter] */
    struct t2v_norm attention_norm, norm;
};

struct t5 {
    struct t2v_shape shape;
    enum t2v_act act;
    float eps;
    const struct t2v_tensor *words; /* [vocab, hidden] */
    struct t5_layer *layers;        /* [n_layer] */
    struct t2v_norm norm;
    struct t2v_relative relative;
};

/* feed_forward_proj is "relu", "gated-gelu", ..., and newer files have is_gated_act and
 * dense_act_fn beside it, which win. */
static int read_act(const t2v_json *config, struct t5 *model, struct t2v_err *err)
{
    const struct t2v_str gated = T2V_STR("gated-");
    struct t2v_str proj;
    int rc = t2v_config_word(config, "feed_forward_proj", "relu", &proj, err);
    if (rc == 0)
        rc = t2v_config_bool(config, "is_gated_act", t2v_str_starts(proj, gated),
                             &model->shape.gated, err);
    if (rc != 0)
        return rc;
    if (t2v_json_type(t2v_json_get(config, "dense_act_fn")) > T2V_JSON_NULL)
        return t2v_config_act(config, "dense_act_fn", &model->act, err);
    if (t2v_str_is(proj, "gated-gelu"))
        proj = T2V_STR("gelu_new"); /* Transformers keeps to what its first version took for gelu */
    else if (t2v_str_starts(proj, gated))
        proj = t2v_str_skip(proj, gated.len);
    return t2v_act_of(proj, "feed_forward_proj", &model->act, err);
}

static int read_config(const t2v_json *config, struct t5 *model, size_t *n_bucket,
                       size_t *max_distance, struct t2v_err *err)
{
    struct t2v_shape *shape = &model->shape;
    const struct t2v_size_key keys[] = {
        {"d_model", 1, 65536, -1, &shape->hidden},
        {"num_heads", 1, 1024, -1, &shape->heads},
        {"d_kv", 1, 65536, -1, &shape->head_dim},
        {"d_ff", 1, 1 << 20, -1, &shape->inter},
        {"num_layers", 1, 1024, -1, &shape->n_layer},
        {"vocab_size", 1, 1 << 24, -1, &shape->vocab},
        {"relative_attention_num_buckets", 4, 65536, 32, n_bucket},
        {"relative_attention_max_distance", 1, 1 << 24, 128, max_distance},
    };
    int rc = t2v_config_sizes(config, keys, sizeof keys / sizeof keys[0], err);
    if (rc == 0)
        rc = t2v_config_float(config, "layer_norm_epsilon", 0, 1, 1e-6, &model->eps, err);
    shape->qkv = 3 * shape->heads * shape->head_dim;
    shape->max_tok = MOST_TOK;
    return rc != 0 ? rc : read_act(config, model, err);
}

static int load_layer(struct t5 *model, size_t index, struct t2v_loader *loader,
                      struct t2v_err *err)
{
    struct t5_layer *layer = &model->layers[index];
    const struct t2v_shape *shape = &model->shape;
    size_t hidden = shape->hidden, inter = shape->inter, mixed = shape->heads * shape->head_dim;
    const char *up = shape->gated ? "layer.1.DenseReluDense.wi_0" : "layer.1.DenseReluDense.wi";
    const char *by = shape->gated ? "layer.1.DenseReluDense.wi_1" : NULL;
    const struct t2v_want wants[] = {
        {T2V_WANT_RMS, &layer->attention_norm, {"layer.0.layer_norm"}, 0, hidden},
        {T2V_WANT_MATRIX,
         &layer->qkv,
         {"layer.0.SelfAttention.q", "layer.0.SelfAttention.k", "layer.0.SelfAttention.v"},
         hidden,
         mixed},
        {T2V_WANT_MATRIX, &layer->out, {"layer.0.SelfAttention.o"}, mixed, hidden},
        {T2V_WANT_RMS, &layer->norm, {"layer.1.layer_norm"}, 0, hidden},
        {T2V_WANT_MATRIX, &layer->up, {up, by}, hidden, inter},
        {T2V_WANT_MATRIX, &layer->down, {"layer.1.DenseReluDense.wo"}, inter, hidden},
    };
    char under[64];
    snprintf(under, sizeof under, "encoder.block.%zu.", index);
    return t2v_load(loader, under, wants, sizeof wants / sizeof wants[0], err);
}

static int load(struct t5 *model, size_t n_bucket, size_t max_distance, struct t2v_loader *loader,
                struct t2v_err *err)
{
    static const char *const prefixes[] = {"", "transformer.", NULL};
    const struct t2v_shape *shape = &model->shape;
    const struct t2v_tensor *buckets;
    const struct t2v_want wants[] = {
        {T2V_WANT_TABLE,
         &model->words,
         {"shared", "encoder.embed_tokens"},
         shape->hidden,
         shape->vocab},
        {T2V_WANT_TABLE,
         &buckets,
         {"encoder.block.0.layer.0.SelfAttention.relative_attention_bias"},
         shape->heads,
         n_bucket},
        {T2V_WANT_RMS, &model->norm, {"encoder.final_layer_norm"}, 0, shape->hidden},
    };
    int rc = t2v_load_prefix(loader, prefixes, "encoder.final_layer_norm.weight", err);
    if (rc == 0)
        rc = t2v_load(loader, "", wants, sizeof wants / sizeof wants[0], err);
    for (size_t i = 0; i < shape->n_layer && rc == 0; i++)
        rc = load_layer(model, i, loader, err);
    return rc != 0 ? rc
                   : t2v_relative_new(loader, buckets, (int)n_bucket, (int)max_distance,
                                      shape->max_tok, &model->relative, err);
}

static int t5_open(const t2v_json *config, struct t2v_loader *loader, struct t2v_shape *shape,
                   void **out, struct t2v_err *err)
{
    struct t5 *model = t2v_arena_alloc(loader->arena, 1, sizeof *model);
    if (model == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    *model = (struct t5){0};
    size_t n_bucket, max_distance;
    int rc = read_config(config, model, &n_bucket, &max_distance, err);
    if (rc != 0)
        return rc;
    model->layers = t2v_arena_alloc(loader->arena, model->shape.n_layer, sizeof *model->layers);
    if (model->layers == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    rc = load(model, n_bucket, max_distance, loader, err);
    *shape = model->shape;
    *out = model;
    return rc;
}

static void t5_forward(const void *model_, const struct t2v_run *run, float *hidden)
{
    const struct t5 *model = model_;
    const struct t2v_shape *shape = &model->shape;
    t2v_scratch *s = run->scratch;
    struct t2v_heads how = t2v_heads_plain(shape);
    how.scale = 1.0f;
    how.relative = &model->relative;
    const float *add = NULL; /* what the last layer adds */
    t2v_block_embed(run, model->words, shape->hidden, hidden);
    for (size_t i = 0; i < shape->n_layer; i++) {
        const struct t5_layer *layer = &model->layers[i];
        t2v_block_norm(run, hidden, add, shape->hidden, &layer->attention_norm, model->eps,
                       s->delta);
        t2v_block_linear(run, &layer->qkv, T2V_ACT_NONE, s->delta, s->qkv);
        t2v_block_attention(run, &how, s->qkv, s->mixed);
        t2v_block_linear(run, &layer->out, T2V_ACT_NONE, s->mixed, s->delta);
        t2v_block_norm(run, hidden, s->delta, shape->hidden, &layer->norm, model->eps, s->delta);
        if (shape->gated) {
            t2v_block_linear(run, &layer->up, T2V_ACT_NONE, s->delta, s->gate);
            t2v_block_gate(run, model->act, s->gate, shape->inter, s->inter);
        } else {
            t2v_block_linear(run, &layer->up, model->act, s->delta, s->inter);
        }
        t2v_block_linear(run, &layer->down, T2V_ACT_NONE, s->inter, s->delta);
        add = s->delta;
    }
    t2v_block_norm(run, hidden, add, shape->hidden, &model->norm, model->eps, hidden);
}

const struct t2v_family t2v_family_t5 = {
    .model_type = "t5", .open = t5_open, .forward = t5_forward};
