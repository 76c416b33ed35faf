/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/postnorm.h"

#include <stdio.h>
#include <string.h>

#include "net/block/attention.h"
#include "net/block/ffn.h"
#include "net/block/linear.h"

#include "base/banned.h"

/* Whether config.json was written by Transformers 5 or later. */
static bool is_of_5(const struct t2v_loader *loader)
{
    return t2v_str_leading(t2v_json_str(t2v_json_get(loader->config, "transformers_version"))) >= 5;
}

/* UPSTREAM: Transformers 4 adds positions if position_embedding_type is absolute, so with null it
 * adds none. Transformers 5 ignores the key. */
static int read_positions(const struct t2v_loader *loader, bool *without)
{
    static const char key[] = "position_embedding_type";
    struct t2v_str kind;
    if (t2v_json_type(t2v_json_get(loader->config, key)) == T2V_JSON_NULL) {
        *without = !is_of_5(loader);
        return 0;
    }
    int rc = t2v_config_word(loader->config, key, "absolute", &kind, loader->err);
    if (rc == 0 && !t2v_str_is(kind, "absolute"))
        rc = t2v_fail(loader->err, T2V_EUNSUPPORTED,
                      "config.json: position_embedding_type '%.*s' is not supported (absolute is)",
                      T2V_STR_ARG(kind));
    return rc;
}

/* Checks old settings that change the computation. Families without token types have no
 * position_embedding_type. */
static int check_kind(const struct t2v_loader *loader, const struct t2v_postnorm_names *names,
                      struct t2v_postnorm *model)
{
    bool decoder;
    int rc = names->n_type != NULL ? read_positions(loader, &model->no_positions) : 0;
    if (rc == 0)
        rc = t2v_config_bool(loader->config, "is_decoder", false, &decoder, loader->err);
    if (rc == 0 && decoder)
        rc = t2v_fail(loader->err, T2V_EUNSUPPORTED, "config.json: is_decoder is not supported");
    return rc;
}

/* Checks the sizes against each other, and derives others. n_position: rows of the position table.
 */
static int check_sizes(const struct t2v_loader *loader, const struct t2v_postnorm_names *names,
                       struct t2v_postnorm *model, size_t n_position)
{
    struct t2v_shape *shape = &model->shape;
    size_t unused = (size_t)(model->pad + 1);
    if (shape->hidden % shape->heads != 0)
        return t2v_fail(loader->err, T2V_EFORMAT, "config.json: %s %zu is not a multiple of %s %zu",
                        names->hidden, shape->hidden, names->heads, shape->heads);
    if (model->embed > shape->hidden) /* the scratch is sized for hidden */
        return t2v_fail(loader->err, T2V_EUNSUPPORTED,
                        "config.json: %s %zu above %s %zu is not supported", names->embed,
                        model->embed, names->hidden, shape->hidden);
    if (n_position <= unused)
        return t2v_fail(
            loader->err, T2V_EFORMAT,
            "config.json: max_position_embeddings is %zu, but the first position is %zu",
            n_position, unused);
    shape->head_dim = shape->hidden / shape->heads;
    shape->qkv = 3 * shape->hidden;
    shape->max_tok = n_position - unused;
    return 0;
}

static int read_config(const struct t2v_loader *loader, const struct t2v_postnorm_names *names,
                       struct t2v_postnorm *model)
{
    struct t2v_shape *shape = &model->shape;
    const struct t2v_absent *absent = &names->absent;
    size_t n_position;
    const struct t2v_size_key keys[] = {
        {names->hidden, 1, 65536, absent->hidden, &shape->hidden},
        {names->heads, 1, 1024, absent->heads, &shape->heads},
        {names->inter, 1, 1 << 20, absent->inter, &shape->inter},
        {names->n_layer, 0, 1024, absent->n_layer, &shape->n_layer},
        {"vocab_size", 1, 1 << 24, absent->vocab, &shape->vocab},
        {"max_position_embeddings", 1, 1 << 20, absent->positions, &n_position},
        {names->n_type, 1, 1024, 2, &shape->n_type},
    };
    const struct t2v_size_key embed = {names->embed, 1, 65536, names->embed_absent, &model->embed};
    size_t n_key = sizeof keys / sizeof keys[0] - (names->n_type == NULL);
    int rc = check_kind(loader, names, model);
    if (rc == 0)
        rc = t2v_config_sizes(loader->config, keys, n_key, loader->err);
    model->embed = shape->hidden;
    if (rc == 0 && names->embed != NULL)
        rc = t2v_config_sizes(loader->config, &embed, 1, loader->err);
    model->eps = 1e-12f;
    if (rc == 0 && names->eps != NULL)
        rc = t2v_config_float(loader->config, names->eps, 0, 1, 1e-12, &model->eps, loader->err);
    if (rc == 0)
        rc = t2v_config_act(loader->config, names->act, "gelu", &model->act, loader->err);
    return rc != 0 ? rc : check_sizes(loader, names, model, n_position);
}

static int load_embeddings(struct t2v_loader *loader, struct t2v_postnorm *model)
{
    size_t hidden = model->shape.hidden, embed = model->embed;
    size_t n_position = (size_t)(model->pad + 1) + model->shape.max_tok;
    size_t n_type = model->shape.n_type;
    const struct t2v_want wants[] = {
        {T2V_WANT_TABLE, &model->words, {"word_embeddings"}, embed, model->shape.vocab},
        {T2V_WANT_TABLE, &model->positions, {"position_embeddings"}, embed, n_position},
        {T2V_WANT_NORM, &model->norm, {"LayerNorm"}, 0, embed},
        {T2V_WANT_TABLE, &model->types, {"token_type_embeddings"}, embed, n_type},
    };
    const struct t2v_want project = {
        T2V_WANT_LINEAR, &model->project, {"embeddings_project"}, embed, hidden};
    size_t n_want = sizeof wants / sizeof wants[0] - (n_type == 0);
    int rc = t2v_load(loader, "embeddings.", wants, n_want);
    return rc == 0 && embed != hidden ? t2v_load(loader, "", &project, 1) : rc;
}

static int load_layer(struct t2v_loader *loader, struct t2v_postnorm *model, size_t index,
                      const struct t2v_postnorm_names *names)
{
    struct t2v_postnorm_layer *layer = &model->layers[index];
    size_t hidden = model->shape.hidden, inter = model->shape.inter;
    const struct t2v_want wants[] = {
        {T2V_WANT_LINEAR,
         &layer->qkv,
         {names->qkv[0], names->qkv[1], names->qkv[2]},
         hidden,
         hidden},
        {T2V_WANT_LINEAR, &layer->out, {names->out}, hidden, hidden},
        {T2V_WANT_NORM, &layer->attention_norm, {names->attention_norm}, 0, hidden},
        {T2V_WANT_LINEAR, &layer->up, {names->up}, hidden, inter},
        {T2V_WANT_LINEAR, &layer->down, {names->down}, inter, hidden},
        {T2V_WANT_NORM, &layer->norm, {names->norm}, 0, hidden},
    };
    char under[64];
    snprintf(under, sizeof under, "%s%zu.", names->layer, index);
    return t2v_load(loader, under, wants, sizeof wants / sizeof wants[0]);
}

int t2v_postnorm_open(struct t2v_loader *loader, const struct t2v_postnorm_names *names,
                      const char *const *prefixes, int32_t pad, struct t2v_shape *shape, void **out)
{
    struct t2v_postnorm *model = t2v_load_alloc(loader, 1, sizeof *model);
    if (model == NULL)
        return T2V_ENOMEM;
    model->pad = pad;
    int rc = read_config(loader, names, model);
    if (rc != 0)
        return rc;
    size_t n_layer = model->shape.n_layer;
    model->layers = t2v_load_alloc(loader, n_layer, sizeof *model->layers);
    if (model->layers == NULL)
        return T2V_ENOMEM;
    rc = t2v_load_prefix(loader, prefixes, "embeddings.word_embeddings.weight");
    if (rc == 0)
        rc = load_embeddings(loader, model);
    for (size_t i = 0; i < n_layer && rc == 0; i++)
        rc = load_layer(loader, model, i, names);
    *shape = model->shape;
    *out = model;
    return rc;
}

/* The position of the token before row t of a sequence that starts at row `first`. */
static int32_t position_before(const struct t2v_seqs *seqs, size_t first, size_t t, int32_t pad)
{
    int32_t position = pad;
    for (size_t i = first; i < t; i++)
        position += seqs->ids[i] != pad;
    return position;
}

/* hidden[t] = norm(word + type + position), projected to the hidden size if narrower */
static void embed(const struct t2v_postnorm *model, const struct t2v_run *run, float *hidden)
{
    const struct t2v_seqs *seqs = run->seqs;
    size_t n = model->embed, begin, end, s = 0;
    bool narrow = model->project.n_out > 0;
    float *row = run->scratch->delta, *into = narrow ? run->scratch->mixed : hidden;
    int32_t position = 0;
    t2v_block_rows(run, &begin, &end);
    for (size_t t = begin; t < end; t++) {
        while (seqs->start[s + 1] <= t)
            s++;
        if (t == begin || t == seqs->start[s])
            position = position_before(seqs, seqs->start[s], t, model->pad);
        float *x = into + t * n, *add = row + t * n;
        t2v_tensor_f32(model->words, (size_t)seqs->ids[t] * n, n, x);
        if (model->types != NULL) {
            size_t type = seqs->types != NULL ? (size_t)seqs->types[t] : 0;
            t2v_tensor_f32(model->types, type * n, n, add);
            for (size_t i = 0; i < n; i++)
                x[i] += add[i];
        }
        bool counts = seqs->ids[t] != model->pad;
        position += counts;
        if (model->no_positions)
            memset(add, 0, n * sizeof *add);
        else
            t2v_tensor_f32(model->positions, (size_t)(counts ? position : model->pad) * n, n, add);
    }
    t2v_block_norm(run, into, row, n, &model->norm, model->eps, into);
    if (narrow)
        t2v_block_linear(run, &model->project, T2V_ACT_NONE, into, hidden);
}

void t2v_postnorm_forward(const void *model_, const struct t2v_run *run, float *hidden)
{
    const struct t2v_postnorm *model = model_;
    const struct t2v_shape *shape = &model->shape;
    t2v_scratch *s = run->scratch;
    struct t2v_heads heads = t2v_heads_plain(shape);
    if (model->relative.bias != NULL)
        heads.relative = &model->relative;
    embed(model, run, hidden);
    for (size_t i = 0; i < shape->n_layer; i++) {
        const struct t2v_postnorm_layer *layer = &model->layers[i];
        t2v_block_linear(run, &layer->qkv, T2V_ACT_NONE, hidden, s->qkv);
        t2v_block_attention(run, &heads, i, s->qkv, s->mixed);
        t2v_block_linear(run, &layer->out, T2V_ACT_NONE, s->mixed, s->delta);
        t2v_block_norm(run, hidden, s->delta, shape->hidden, &layer->attention_norm, model->eps,
                       hidden);
        t2v_block_feed(run, &layer->up, &layer->down, model->act, false, hidden, s->delta);
        t2v_block_norm(run, hidden, s->delta, shape->hidden, &layer->norm, model->eps, hidden);
    }
}
