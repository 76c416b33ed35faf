/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BERT (Devlin and others, 2018), post-norm: word + position + token type embeddings, then layers
 * of self-attention and a feed-forward net, each added to its input and normalised.
 */
#include <math.h>
#include <stdio.h>

#include "encoder/family.h"

#include "base/banned.h"

struct layer {
    struct t2v_linear qkv;  /* [3 hidden, hidden] */
    struct t2v_linear out;  /* [hidden, hidden] */
    struct t2v_linear up;   /* [inter, hidden] */
    struct t2v_linear down; /* [hidden, inter] */
    struct t2v_norm attention_norm, norm;
};

struct bert {
    struct t2v_shape shape;
    enum t2v_act act;
    float eps;
    const struct t2v_tensor *words;     /* [vocab, hidden] */
    const struct t2v_tensor *positions; /* [max_tok, hidden] */
    const struct t2v_tensor *types;     /* [n_type, hidden]; a lone text has type 0 */
    struct t2v_norm norm;
    struct layer *layers; /* [n_layer] */
};

static int read_config(const t2v_json *config, struct bert *bert, size_t *n_type,
                       struct t2v_err *err)
{
    struct t2v_shape *shape = &bert->shape;
    struct t2v_str kind = t2v_json_str(t2v_json_get(config, "position_embedding_type"));
    if (kind.ptr != NULL && !t2v_str_is(kind, "absolute"))
        return t2v_fail(
            err, T2V_EUNSUPPORTED,
            "config.json: position_embedding_type '%.*s' is not supported (absolute is)",
            T2V_STR_ARG(kind));
    bool decoder = false;
    if (t2v_json_bool(t2v_json_get(config, "is_decoder"), &decoder) && decoder)
        return t2v_fail(err, T2V_EUNSUPPORTED, "config.json: is_decoder is not supported");
    const struct t2v_size_key keys[] = {
        {"hidden_size", 1, 65536, -1, &shape->hidden},
        {"num_attention_heads", 1, 1024, -1, &shape->heads},
        {"intermediate_size", 1, 1 << 20, -1, &shape->inter},
        {"num_hidden_layers", 0, 1024, -1, &shape->n_layer},
        {"vocab_size", 1, 1 << 24, -1, &shape->vocab},
        {"max_position_embeddings", 1, 1 << 20, -1, &shape->max_tok},
        {"type_vocab_size", 1, 1024, 2, n_type},
    };
    int rc = t2v_config_sizes(config, keys, sizeof keys / sizeof keys[0], err);
    if (rc == 0)
        rc = t2v_config_float(config, "layer_norm_eps", 0, 1, 1e-12, &bert->eps, err);
    if (rc == 0)
        rc = t2v_config_act(config, "hidden_act", &bert->act, err);
    if (rc != 0)
        return rc;
    if (shape->hidden % shape->heads != 0)
        return t2v_fail(err, T2V_EFORMAT,
                        "config.json: hidden_size %zu is no multiple of num_attention_heads %zu",
                        shape->hidden, shape->heads);
    shape->head_dim = shape->hidden / shape->heads;
    return 0;
}

static int load_embeddings(struct bert *bert, size_t n_type, struct t2v_loader *loader,
                           struct t2v_err *err)
{
    const struct t2v_shape *shape = &bert->shape;
    const struct t2v_want wants[] = {
        {T2V_WANT_TABLE, &bert->words, {"word_embeddings"}, shape->hidden, shape->vocab},
        {T2V_WANT_TABLE, &bert->positions, {"position_embeddings"}, shape->hidden, shape->max_tok},
        {T2V_WANT_TABLE, &bert->types, {"token_type_embeddings"}, shape->hidden, n_type},
        {T2V_WANT_NORM, &bert->norm, {"LayerNorm"}, 0, shape->hidden},
    };
    return t2v_load(loader, "embeddings.", wants, sizeof wants / sizeof wants[0], err);
}

static int load_layer(struct layer *layer, size_t index, const struct t2v_shape *shape,
                      struct t2v_loader *loader, struct t2v_err *err)
{
    size_t hidden = shape->hidden, inter = shape->inter;
    const struct t2v_want wants[] = {
        {T2V_WANT_LINEAR,
         &layer->qkv,
         {"attention.self.query", "attention.self.key", "attention.self.value"},
         hidden,
         hidden},
        {T2V_WANT_LINEAR, &layer->out, {"attention.output.dense"}, hidden, hidden},
        {T2V_WANT_NORM, &layer->attention_norm, {"attention.output.LayerNorm"}, 0, hidden},
        {T2V_WANT_LINEAR, &layer->up, {"intermediate.dense"}, hidden, inter},
        {T2V_WANT_LINEAR, &layer->down, {"output.dense"}, inter, hidden},
        {T2V_WANT_NORM, &layer->norm, {"output.LayerNorm"}, 0, hidden},
    };
    char under[64];
    snprintf(under, sizeof under, "encoder.layer.%zu.", index);
    return t2v_load(loader, under, wants, sizeof wants / sizeof wants[0], err);
}

static int bert_open(const t2v_json *config, struct t2v_loader *loader, struct t2v_shape *shape,
                     void **model, struct t2v_err *err)
{
    static const char *const prefixes[] = {"", "bert.", NULL};
    struct bert *bert = t2v_arena_alloc(loader->arena, 1, sizeof *bert);
    if (bert == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    *bert = (struct bert){0};
    size_t n_type;
    int rc = read_config(config, bert, &n_type, err);
    if (rc != 0)
        return rc;
    bert->layers = t2v_arena_alloc(loader->arena, bert->shape.n_layer, sizeof *bert->layers);
    if (bert->layers == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    rc = t2v_load_prefix(loader, prefixes, "embeddings.word_embeddings.weight", err);
    if (rc == 0)
        rc = load_embeddings(bert, n_type, loader, err);
    for (size_t i = 0; i < bert->shape.n_layer && rc == 0; i++)
        rc = load_layer(&bert->layers[i], i, &bert->shape, loader, err);
    *shape = bert->shape;
    *model = bert;
    return rc;
}

/* hidden[t] = norm(word + position + type 0) */
static void embed(const struct bert *bert, const struct t2v_run *run, float *hidden)
{
    const struct t2v_seqs *seqs = run->seqs;
    size_t n = bert->shape.hidden, begin, end, s = 0;
    float *row = run->scratch->delta;
    t2v_block_rows(run, &begin, &end);
    for (size_t t = begin; t < end; t++) {
        while (seqs->start[s + 1] <= t)
            s++;
        float *x = hidden + t * n, *add = row + t * n;
        t2v_tensor_f32(bert->words, (size_t)seqs->ids[t] * n, n, x);
        t2v_tensor_f32(bert->types, 0, n, add);
        for (size_t i = 0; i < n; i++)
            x[i] += add[i];
        t2v_tensor_f32(bert->positions, (t - seqs->start[s]) * n, n, add);
    }
    t2v_block_add_norm(run, hidden, row, n, &bert->norm, bert->eps);
}

static void bert_forward(const void *model, const struct t2v_run *run, float *hidden)
{
    const struct bert *bert = model;
    const struct t2v_shape *shape = &bert->shape;
    t2v_scratch *s = run->scratch;
    float scale = 1.0f / sqrtf((float)shape->head_dim);
    embed(bert, run, hidden);
    for (size_t i = 0; i < shape->n_layer; i++) {
        const struct layer *layer = &bert->layers[i];
        t2v_block_linear(run, &layer->qkv, T2V_ACT_NONE, hidden, s->qkv);
        t2v_block_attention(run, s->qkv, shape->heads, shape->head_dim, scale, s->mixed);
        t2v_block_linear(run, &layer->out, T2V_ACT_NONE, s->mixed, s->delta);
        t2v_block_add_norm(run, hidden, s->delta, shape->hidden, &layer->attention_norm, bert->eps);
        t2v_block_linear(run, &layer->up, bert->act, hidden, s->inter);
        t2v_block_linear(run, &layer->down, T2V_ACT_NONE, s->inter, s->delta);
        t2v_block_add_norm(run, hidden, s->delta, shape->hidden, &layer->norm, bert->eps);
    }
}

const struct t2v_family t2v_family_bert = {"bert", bert_open, bert_forward};
