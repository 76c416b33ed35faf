/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/prenorm.h"

#include <stdio.h>

#include "net/block/ffn.h"
#include "net/block/linear.h"

#include "base/banned.h"

static const char *or_else(const char *key, const char *usual)
{
    return key != NULL ? key : usual;
}

/* As in Transformers, in double. */
static size_t rotary_dim(const struct t2v_prenorm_names *names, const struct t2v_shape *shape)
{
    double part = names->rotary_part;
    return part > 0 ? (size_t)((double)shape->head_dim * part) : shape->head_dim;
}

/* Checks the sizes against each other, and derives others. */
static int check_sizes(const struct t2v_loader *loader, const struct t2v_prenorm_names *names,
                       struct t2v_prenorm *model, size_t kv_heads)
{
    struct t2v_shape *shape = &model->shape;
    if (shape->head_dim == 0 && shape->hidden % shape->heads != 0)
        return t2v_fail(loader->err, T2V_EFORMAT, "config.json: %s %zu is not a multiple of %s %zu",
                        or_else(names->hidden, "hidden_size"), shape->hidden,
                        or_else(names->heads, "num_attention_heads"), shape->heads);
    if (shape->head_dim == 0)
        shape->head_dim = shape->hidden / shape->heads;
    if (shape->inter == 0)
        shape->inter = 4 * shape->hidden;
    if (names->theta != NULL && rotary_dim(names, shape) % 2 != 0)
        return t2v_fail(loader->err, T2V_EUNSUPPORTED,
                        "config.json: head_dim %zu is odd, which rotary positions do not support",
                        rotary_dim(names, shape));
    if (kv_heads == 0)
        kv_heads = shape->heads;
    if (shape->heads % kv_heads != 0)
        return t2v_fail(
            loader->err, T2V_EFORMAT,
            "config.json: num_attention_heads %zu is not a multiple of num_key_value_heads %zu",
            shape->heads, kv_heads);
    shape->qkv = (shape->heads + 2 * kv_heads) * shape->head_dim;
    shape->gated = !names->ungated;
    shape->n_rotary = names->theta != NULL ? T2V_N_SPAN : 0;
    model->spans[T2V_FULL].heads = t2v_heads_plain(shape);
    model->spans[T2V_FULL].heads.kv_heads = kv_heads;
    return 0;
}

/* The default of a size. 0, meaning that it is derived from others, if the key is null: as in
 * Transformers. */
static int64_t absent_of(const struct t2v_loader *loader, const char *key, int64_t absent)
{
    bool null = key != NULL && t2v_json_type(t2v_json_get(loader->config, key)) == T2V_JSON_NULL;
    return null ? 0 : absent;
}

static int read_config(const struct t2v_loader *loader, const struct t2v_prenorm_names *names,
                       struct t2v_prenorm *model)
{
    struct t2v_shape *shape = &model->shape;
    const struct t2v_absent *absent = &names->absent;
    size_t kv_heads = 0;
    shape->max_tok = names->max_tok;
    const struct t2v_size_key keys[] = {
        {or_else(names->hidden, "hidden_size"), 1, 65536, absent->hidden, &shape->hidden},
        {or_else(names->heads, "num_attention_heads"), 1, 1024, absent->heads, &shape->heads},
        {or_else(names->inter, "intermediate_size"), 1, 1 << 20, absent->inter, &shape->inter},
        {or_else(names->n_layer, "num_hidden_layers"), 0, 1024, absent->n_layer, &shape->n_layer},
        {"vocab_size", 1, 1 << 24, absent->vocab, &shape->vocab},
        {or_else(names->max_tok_key, "max_position_embeddings"), 1, 1 << 20, absent->positions,
         &shape->max_tok},
    };
    const struct t2v_size_key grouped = {names->kv_heads, 1, 1024,
                                         absent_of(loader, names->kv_heads, names->kv_heads_absent),
                                         &kv_heads};
    const struct t2v_size_key head_dim = {
        names->head_dim, 1, 65536, absent_of(loader, names->head_dim, names->head_dim_absent),
        &shape->head_dim};
    size_t n_key = sizeof keys / sizeof keys[0] - (names->max_tok != 0);
    int rc = t2v_config_sizes(loader->config, keys, n_key, loader->err);
    if (rc == 0 && names->kv_heads != NULL)
        rc = t2v_config_sizes(loader->config, &grouped, 1, loader->err);
    if (rc == 0 && names->head_dim != NULL)
        rc = t2v_config_sizes(loader->config, &head_dim, 1, loader->err);
    if (rc == 0)
        rc = t2v_config_float(loader->config, names->eps, 0, 1, names->eps_absent, &model->eps,
                              loader->err);
    if (rc == 0 && names->act != NULL)
        rc =
            t2v_config_act(loader->config, names->act, names->act_absent, &model->act, loader->err);
    return rc != 0 ? rc : check_sizes(loader, names, model, kv_heads);
}

/* The kinds of tensors that a layer has. */
struct kinds {
    enum t2v_want_kind qkv, out, mlp, norm;
};

static enum t2v_want_kind linear_kind(bool bias)
{
    return bias ? T2V_WANT_LINEAR : T2V_WANT_MATRIX;
}

static int read_kinds(const struct t2v_loader *loader, const struct t2v_prenorm_names *names,
                      struct kinds *out)
{
    bool all = names->biases == T2V_BIAS_ALL, norm;
    bool attention = all, mlp = all || names->biases == T2V_BIAS_MLP;
    int rc = t2v_config_bool(loader->config, "norm_bias", false, &norm, loader->err);
    if (rc == 0 && names->biases == T2V_BIAS_BY_CONFIG)
        rc = t2v_config_bool(loader->config, "attention_bias", false, &attention, loader->err);
    if (rc == 0 && names->biases == T2V_BIAS_BY_CONFIG)
        rc = t2v_config_bool(loader->config, "mlp_bias", false, &mlp, loader->err);
    if (rc != 0)
        return rc;
    out->qkv = linear_kind(attention || names->biases == T2V_BIAS_QKV);
    out->out = linear_kind(attention);
    out->mlp = linear_kind(mlp);
    out->norm = norm && names->norm == T2V_WANT_SCALE ? T2V_WANT_NORM : names->norm;
    return 0;
}

static int load_norm(struct t2v_loader *loader, const char *under, enum t2v_want_kind kind,
                     const char *name, size_t n, struct t2v_norm *to)
{
    const struct t2v_want want = {kind, to, {name}, 0, n};
    return name == NULL ? 0 : t2v_load(loader, under, &want, 1);
}

static int load_norms(struct t2v_loader *loader, const struct t2v_prenorm *model, size_t index,
                      const char *under, const struct t2v_prenorm_names *names,
                      enum t2v_want_kind kind)
{
    struct t2v_prenorm_layer *layer = &model->layers[index];
    size_t hidden = model->shape.hidden, dim = model->shape.head_dim;
    const struct {
        const char *name;
        size_t n;
        struct t2v_norm *to;
    } norms[] = {
        {index == 0 && names->first_plain ? NULL : names->attention_norm, hidden,
         &layer->attention_norm},
        {names->q_norm, dim, &layer->q_norm},
        {names->k_norm, dim, &layer->k_norm},
        {names->attention_after, hidden, &layer->attention_after},
        {names->mlp_norm, hidden, &layer->mlp_norm},
        {names->mlp_after, hidden, &layer->mlp_after},
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof norms / sizeof norms[0] && rc == 0; i++)
        rc = load_norm(loader, under, kind, norms[i].name, norms[i].n, norms[i].to);
    return rc;
}

/* Queries, keys and values, and attention's output. */
static int load_attention(struct t2v_loader *loader, const struct t2v_prenorm *model,
                          struct t2v_prenorm_layer *layer, const char *under,
                          const struct t2v_prenorm_names *names, const struct kinds *kinds)
{
    const struct t2v_shape *shape = &model->shape;
    const struct t2v_heads *heads = &model->spans[T2V_FULL].heads;
    const struct t2v_form *form = loader->form;
    size_t hidden = shape->hidden;
    size_t q = heads->heads * heads->head_dim, kv = heads->kv_heads * heads->head_dim;
    bool stacked = names->qkv[1] == NULL; /* in the checkpoint */
    const struct t2v_want qkv[] = {
        {kinds->qkv, &layer->qkv, {names->qkv[0]}, hidden, stacked ? shape->qkv : q},
        {kinds->qkv, NULL, {names->qkv[1]}, hidden, kv},
        {kinds->qkv, NULL, {names->qkv[2]}, hidden, kv},
    };
    const struct t2v_want out = {kinds->out, &layer->out, {names->out}, q, hidden};
    loader->form = loader->attention_form;
    int rc =
        t2v_load_stack(loader, under, qkv, stacked ? 1 : 3, names->fused ? heads->head_dim : 0);
    if (rc == 0)
        rc = t2v_load(loader, under, &out, 1);
    loader->form = form;
    return rc;
}

static int load_layer(struct t2v_loader *loader, const struct t2v_prenorm *model, size_t index,
                      const struct t2v_prenorm_names *names, const struct kinds *kinds)
{
    struct t2v_prenorm_layer *layer = &model->layers[index];
    size_t hidden = model->shape.hidden, inter = model->shape.inter;
    size_t n_up = names->up[1] == NULL && model->shape.gated ? 2 * inter : inter;
    const struct t2v_want wants[] = {
        {kinds->mlp, &layer->up, {names->up[0], names->up[1]}, hidden, n_up},
        {kinds->mlp, &layer->down, {names->down}, inter, hidden},
    };
    char under[64];
    snprintf(under, sizeof under, "%s%zu.", names->layer, index);
    int rc = load_attention(loader, model, layer, under, names, kinds);
    if (rc == 0)
        rc = t2v_load(loader, under, wants, sizeof wants / sizeof wants[0]);
    return rc != 0 ? rc : load_norms(loader, model, index, under, names, kinds->norm);
}

/* The tables of words and of positions. */
static int load_tables(struct t2v_loader *loader, const struct t2v_prenorm_names *names,
                       struct t2v_prenorm *model)
{
    const struct t2v_shape *shape = &model->shape;
    const struct t2v_want wants[] = {
        {T2V_WANT_TABLE,
         &model->words,
         {names->words[0], names->words[1]},
         shape->hidden,
         shape->vocab},
        {T2V_WANT_TABLE, &model->positions, {names->positions}, shape->hidden, shape->max_tok},
    };
    return t2v_load(loader, "", wants, names->positions != NULL ? 2 : 1);
}

static int load(struct t2v_loader *loader, const struct t2v_prenorm_names *names,
                struct t2v_prenorm *model)
{
    static const char *const prefixes[] = {"",
                                           "model.",
                                           "transformer.",
                                           "gpt_neox.",
                                           "language_model.model.",
                                           "model.language_model.",
                                           NULL};
    size_t hidden = model->shape.hidden, n_layer = model->shape.n_layer;
    struct kinds kinds;
    char first[96];
    snprintf(first, sizeof first, "%s.weight", names->final_norm);
    loader->transposed = names->transposed;
    int rc = read_kinds(loader, names, &kinds);
    if (rc == 0)
        rc = t2v_load_prefix(loader, prefixes, first);
    if (rc == 0)
        rc = load_tables(loader, names, model);
    if (rc == 0)
        rc = load_norm(loader, "", kinds.norm, names->embed_norm, hidden, &model->embed_norm);
    for (size_t i = 0; i < n_layer && rc == 0; i++)
        rc = load_layer(loader, model, i, names, &kinds);
    if (rc == 0)
        rc = load_norm(loader, "", kinds.norm, names->final_norm, hidden, &model->norm);
    return rc;
}

/* Rotary positions, and what follows from the weights. */
static int finish(struct t2v_loader *loader, const struct t2v_prenorm_names *names,
                  struct t2v_prenorm *model)
{
    struct t2v_span *full = &model->spans[T2V_FULL];
    const struct t2v_rotary_keys rotary = {"full_attention", names->theta, names->theta_absent,
                                           true, names->rotary_part > 0};
    int rc = 0;
    if (names->theta != NULL)
        rc = t2v_rotary_open(loader, &rotary, rotary_dim(names, &model->shape), &full->rotary);
    full->heads.rotary_dim = full->rotary.dim;
    if (rc == 0 && loader->head && names->head != NULL)
        rc = t2v_load_head(loader, names->head, names->tied_absent, model->words, &model->head);
    return rc;
}

int t2v_prenorm_open(struct t2v_loader *loader, const struct t2v_prenorm_names *names,
                     struct t2v_prenorm **out)
{
    struct t2v_prenorm *model = t2v_load_alloc(loader, 1, sizeof *model);
    if (model == NULL)
        return T2V_ENOMEM;
    model->embed_scale = 1.0f;
    int rc = read_config(loader, names, model);
    if (rc != 0)
        return rc;
    size_t n_layer = model->shape.n_layer;
    model->layers = t2v_load_alloc(loader, n_layer, sizeof *model->layers);
    if (model->layers == NULL)
        return T2V_ENOMEM;
    for (size_t i = 0; i < n_layer; i++)
        model->layers[i].span = T2V_FULL;
    rc = load(loader, names, model);
    if (rc == 0)
        rc = finish(loader, names, model);
    *out = model;
    return rc;
}

void t2v_prenorm_causal(struct t2v_prenorm *model)
{
    model->spans[T2V_FULL].heads.after = 0;
    model->shape.kv = model->shape.qkv - model->shape.heads * model->shape.head_dim;
}

static int read_layer_types(const struct t2v_loader *loader, struct t2v_prenorm *model)
{
    const t2v_json *types = t2v_json_get(loader->config, "layer_types");
    size_t n_layer = model->shape.n_layer;
    if (t2v_json_type(types) <= T2V_JSON_NULL)
        return 0;
    if (t2v_json_len(types) != n_layer)
        return t2v_fail(loader->err, T2V_EFORMAT,
                        "config.json: layer_types has %zu layers, num_hidden_layers is %zu",
                        t2v_json_len(types), n_layer);
    for (size_t i = 0; i < n_layer; i++) {
        struct t2v_str type = t2v_json_str(t2v_json_at(types, i));
        if (type.ptr == NULL)
            return t2v_fail(loader->err, T2V_EFORMAT,
                            "config.json: layer_types[%zu] should be a string", i);
        if (!t2v_str_is(type, "full_attention") && !t2v_str_is(type, "sliding_attention"))
            return t2v_fail(loader->err, T2V_EUNSUPPORTED,
                            "config.json: layer_types[%zu] '%.*s' is not supported; supported: "
                            "full_attention, sliding_attention",
                            i, T2V_STR_ARG(type));
        model->layers[i].span = t2v_str_is(type, "full_attention") ? T2V_FULL : T2V_LOCAL;
    }
    return 0;
}

int t2v_prenorm_local(struct t2v_loader *loader, struct t2v_prenorm *model, size_t before,
                      size_t after, const struct t2v_rotary_keys *rotary)
{
    struct t2v_span *local = &model->spans[T2V_LOCAL];
    int rc = read_layer_types(loader, model);
    *local = model->spans[T2V_FULL];
    local->heads.before = before;
    local->heads.after = after;
    if (rc == 0 && rotary != NULL)
        rc = t2v_rotary_open(loader, rotary, model->shape.head_dim, &local->rotary);
    return rc;
}

/* Returns what the first norm is to add, [n_tok, hidden]; or NULL. */
static const float *embed(const struct t2v_prenorm *model, const struct t2v_run *run, float *hidden)
{
    size_t n = model->shape.hidden, begin, end;
    t2v_block_rows(run, &begin, &end);
    t2v_block_embed(run, model->words, n, hidden);
    if (model->embed_scale != 1.0f) {
        for (size_t i = begin * n; i < end * n; i++)
            hidden[i] *= model->embed_scale;
        t2v_lane_barrier(run->lane);
    }
    if (model->embed_norm.gamma != NULL)
        t2v_block_norm(run, hidden, NULL, n, &model->embed_norm, model->eps, hidden);
    if (model->positions == NULL)
        return NULL;
    t2v_block_positions(run, model->positions, n, run->scratch->delta);
    return run->scratch->delta;
}

/* s->delta = the output of attention. table: of t2v_block_rotary. */
static void attend(const struct t2v_prenorm *model, const struct t2v_prenorm_layer *layer,
                   const struct t2v_run *run, const float *input, const float *table)
{
    const struct t2v_span *span = &model->spans[layer->span];
    struct t2v_heads heads = span->heads;
    size_t index = (size_t)(layer - model->layers);
    t2v_scratch *s = run->scratch;
    if (model->scale_by_layer)
        heads.scale /= (float)(index + 1);
    t2v_block_linear(run, &layer->qkv, T2V_ACT_NONE, input, s->qkv);
    if (span->rotary.frequency != NULL)
        t2v_block_rotate(run, &heads, table, &layer->q_norm, &layer->k_norm, model->eps, s->qkv);
    t2v_block_attention(run, &heads, index, s->qkv, s->mixed);
    t2v_block_linear(run, &layer->out, T2V_ACT_NONE, s->mixed, s->delta);
    if (layer->attention_after.gamma != NULL)
        t2v_block_norm(run, s->delta, NULL, model->shape.hidden, &layer->attention_after,
                       model->eps, s->delta);
}

/* Adds the output of attention, and returns that of the feed-forward net, to be added. */
static const float *feed_forward(const struct t2v_prenorm *model,
                                 const struct t2v_prenorm_layer *layer, const struct t2v_run *run,
                                 float *hidden)
{
    t2v_scratch *s = run->scratch;
    size_t n = model->shape.hidden;
    bool parallel = model->residual == T2V_RESIDUAL_PARALLEL;
    float *out = parallel ? s->mixed : s->delta;
    float *input = model->residual == T2V_RESIDUAL_NORMED ? hidden : out;
    t2v_block_norm(run, hidden, parallel ? NULL : s->delta, n, &layer->mlp_norm, model->eps, input);
    if (parallel)
        t2v_block_add(run, hidden, s->delta, n);
    t2v_block_feed(run, &layer->up, &layer->down, model->act, model->shape.gated, input, out);
    if (layer->mlp_after.gamma != NULL)
        t2v_block_norm(run, out, NULL, n, &layer->mlp_after, model->eps, out);
    return out;
}

void t2v_prenorm_forward(const void *model_, const struct t2v_run *run, float *hidden)
{
    const struct t2v_prenorm *model = model_;
    const struct t2v_shape *shape = &model->shape;
    t2v_scratch *s = run->scratch;
    size_t n_rotary = run->seqs->n_tok * shape->head_dim;
    for (int i = 0; i < T2V_N_SPAN; i++) {
        if (model->spans[i].rotary.frequency != NULL)
            t2v_block_rotary(run, &model->spans[i].rotary, shape->head_dim,
                             s->rotary + (size_t)i * n_rotary);
    }
    const float *add = embed(model, run, hidden); /* output of the sublayer before */
    for (size_t i = 0; i < shape->n_layer; i++) {
        const struct t2v_prenorm_layer *layer = &model->layers[i];
        float *input = model->residual == T2V_RESIDUAL_NORMED ? hidden : s->delta;
        if (layer->attention_norm.gamma != NULL)
            t2v_block_norm(run, hidden, add, shape->hidden, &layer->attention_norm, model->eps,
                           input);
        else
            input = hidden;
        attend(model, layer, run, input, s->rotary + (size_t)layer->span * n_rotary);
        add = feed_forward(model, layer, run, hidden);
    }
    t2v_block_norm(run, hidden, add, shape->hidden, &model->norm, model->eps, hidden);
}

const struct t2v_linear *t2v_prenorm_head(const void *model_)
{
    const struct t2v_prenorm *model = model_;
    return &model->head;
}
