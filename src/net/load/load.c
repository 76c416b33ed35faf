/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/load/load.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "net/load/config.h"
#include "net/load/pack.h"

#include "base/banned.h"

enum { NAME_BYTES = 256 };

/* The name of a tensor: the loader's prefix, then under, name and suffix. */
struct tensor_name {
    const char *under, *name, *suffix;
    const char *older; /* a suffix that older files have instead; or NULL */
};

static const struct t2v_tensor *look_up(const struct t2v_loader *loader, const char *under,
                                        const char *name, const char *suffix, char full[NAME_BYTES])
{
    int n = snprintf(full, NAME_BYTES, "%s%s%s%s", loader->prefix, under, name, suffix);
    if (n < 0 || n >= NAME_BYTES)
        return NULL;
    return t2v_store_find(loader->store, t2v_str_of(full));
}

/* The tensor of that name and of shape [n_out, n_in], or [n_out] if n_in is 0. */
static int find(const struct t2v_loader *loader, const struct tensor_name *name, size_t n_out,
                size_t n_in, const struct t2v_tensor **out)
{
    char full[NAME_BYTES];
    const struct t2v_tensor *t = NULL;
    if (name->older != NULL)
        t = look_up(loader, name->under, name->name, name->older, full);
    if (t == NULL)
        look_up(loader, name->under, name->name, name->suffix, full);
    return t2v_store_want(loader->store, full, n_out, n_in, out, loader->err);
}

/* The same for a tensor that is not packed, so that its values are checked here. */
static int find_finite(const struct t2v_loader *loader, const struct tensor_name *name,
                       size_t n_out, size_t n_in, const struct t2v_tensor **out)
{
    int rc = find(loader, name, n_out, n_in, out);
    if (rc != 0 || !loader->finite || t2v_tensor_finite(*out))
        return rc;
    return t2v_tensor_not_finite(*out, loader->err);
}

void *t2v_load_alloc(const struct t2v_loader *loader, size_t n, size_t size)
{
    void *items = t2v_arena_alloc(loader->arena, n, size);
    if (items == NULL)
        t2v_fail(loader->err, T2V_ENOMEM, "no memory for the model");
    else
        memset(items, 0, n * size);
    return items;
}

static int no_memory(const struct t2v_loader *loader)
{
    return t2v_fail(loader->err, T2V_ENOMEM, "no memory for the model's weights");
}

/* A tensor's values as f32: in place if its type and alignment allow it, else converted. */
static const float *as_f32(const struct t2v_loader *loader, const struct t2v_tensor *t)
{
    if (t->dtype == T2V_F32 && (uintptr_t)t->data % alignof(float) == 0)
        return (const float *)(const void *)t->data;
    float *copy = t2v_arena_alloc(loader->arena, t->n, sizeof(float));
    if (copy != NULL)
        t2v_tensor_f32(t, 0, t->n, copy);
    return copy;
}

/* The layer's form. In float arithmetic, weights that are all f16 or all bf16 stay so. */
static const struct t2v_form *choose_form(const struct t2v_loader *loader,
                                          const struct t2v_tensor *const *parts, size_t n_part,
                                          size_t n_in)
{
    const struct t2v_form *form = n_in <= loader->form->max_in ? loader->form : loader->f32;
    enum t2v_dtype dtype = parts[0]->dtype;
    for (size_t p = 0; p < n_part; p++) {
        if (form != loader->f32 || parts[p]->dtype != dtype)
            return form;
    }
    const struct t2v_form *half = NULL;
    if (dtype == T2V_F16)
        half = loader->kernels->f32_of_f16;
    else if (dtype == T2V_BF16)
        half = loader->kernels->f32_of_bf16;
    return half != NULL ? half : form;
}

/* The parts' weights, [n_out, n_in] each. */
static int find_weights(const struct t2v_loader *loader, const char *under,
                        const struct t2v_want *parts, size_t n_part,
                        const struct t2v_tensor *weights[3])
{
    int rc = 0;
    for (size_t p = 0; p < n_part && rc == 0; p++) {
        const struct tensor_name name = {under, parts[p].names[0], ".weight", NULL};
        size_t n_out = parts[p].n_out, n_in = parts->n_in;
        bool transposed = loader->transposed;
        rc = find(loader, &name, transposed ? n_in : n_out, transposed ? n_out : n_in, &weights[p]);
    }
    return rc;
}

static void copy_bias(const struct t2v_tensor *bias, size_t head_dim, float *to)
{
    const struct t2v_order order = {false, head_dim};
    size_t n = bias->n, step = head_dim != 0 ? head_dim : n;
    for (size_t i = 0; i < n; i += step)
        t2v_tensor_f32(bias, t2v_order_row(&order, i, n), step, to + i);
}

/* The parts' biases, [sum of their n_out]; *out is NULL if the want has none. */
static int load_biases(const struct t2v_loader *loader, const char *under,
                       const struct t2v_want *parts, size_t n_part, size_t head_dim,
                       const float **out)
{
    const struct t2v_tensor *biases[3];
    size_t n_out = 0;
    *out = NULL;
    if (parts->kind != T2V_WANT_LINEAR)
        return 0;
    for (size_t p = 0; p < n_part; n_out += parts[p++].n_out) {
        const struct tensor_name name = {under, parts[p].names[0], ".bias", NULL};
        int rc = find_finite(loader, &name, parts[p].n_out, 0, &biases[p]);
        if (rc != 0)
            return rc;
    }
    float *to = t2v_arena_alloc(loader->arena, n_out, sizeof *to);
    if (to == NULL)
        return no_memory(loader);
    *out = to;
    for (size_t p = 0; p < n_part; to += parts[p++].n_out)
        copy_bias(biases[p], head_dim, to);
    return 0;
}

/* Sets the layer's form, and registers its weights to be packed; if its form needs no packing, they
 * are set at once. */
static int note_weights(struct t2v_loader *loader, const struct t2v_tensor *const *weights,
                        size_t n_part, const struct t2v_order *order, struct t2v_linear *layer)
{
    bool reordered = order->transposed || order->head_dim != 0;
    layer->form = choose_form(loader, weights, n_part, layer->n_in);
    if (!layer->form->plain || n_part > 1 || reordered)
        return t2v_pack_note(loader, layer, weights, n_part, order) != 0 ? no_memory(loader) : 0;
    if (loader->finite && !t2v_tensor_finite(weights[0]))
        return t2v_tensor_not_finite(weights[0], loader->err);
    layer->weight = as_f32(loader, weights[0]);
    return layer->weight == NULL ? no_memory(loader) : 0;
}

int t2v_load_stack(struct t2v_loader *loader, const char *under, const struct t2v_want *parts,
                   size_t n_part, size_t head_dim)
{
    const struct t2v_order order = {loader->transposed, head_dim};
    const struct t2v_tensor *weights[3];
    const float *bias = NULL;
    struct t2v_linear *layer = parts->to;
    size_t n_in = parts->n_in, n_out = 0;
    int rc = find_weights(loader, under, parts, n_part, weights);
    if (rc == 0)
        rc = load_biases(loader, under, parts, n_part, head_dim, &bias);
    if (rc != 0)
        return rc;
    for (size_t p = 0; p < n_part; p++)
        n_out += parts[p].n_out;
    *layer = (struct t2v_linear){.n_in = n_in, .n_out = n_out, .bias = bias};
    return note_weights(loader, weights, n_part, &order, layer);
}

static int load_linear(struct t2v_loader *loader, const char *under, const struct t2v_want *want)
{
    struct t2v_want parts[3];
    size_t n_part = 0;
    for (; n_part < 3 && want->names[n_part] != NULL; n_part++) {
        parts[n_part] = *want;
        parts[n_part].names[0] = want->names[n_part];
    }
    return t2v_load_stack(loader, under, parts, n_part, 0);
}

/* A tensor's values as f32, plus 1. */
static const float *plus_one(const struct t2v_loader *loader, const struct t2v_tensor *t)
{
    float *copy = t2v_arena_alloc(loader->arena, t->n, sizeof(float));
    if (copy != NULL)
        t2v_tensor_f32(t, 0, t->n, copy);
    for (size_t i = 0; i < t->n && copy != NULL; i++)
        copy[i] += 1.0f;
    return copy;
}

static int load_norm(const struct t2v_loader *loader, const char *under,
                     const struct t2v_want *want)
{
    const struct t2v_tensor *gamma, *beta = NULL;
    const struct tensor_name gamma_name = {under, want->names[0], ".weight", ".gamma"};
    const struct tensor_name beta_name = {under, want->names[0], ".bias", ".beta"};
    int rc = find_finite(loader, &gamma_name, want->n_out, 0, &gamma);
    if (rc == 0 && want->kind == T2V_WANT_NORM)
        rc = find_finite(loader, &beta_name, want->n_out, 0, &beta);
    if (rc != 0)
        return rc;
    bool minus_one = want->kind == T2V_WANT_RMS_MINUS_ONE;
    struct t2v_norm norm = {
        .gamma = minus_one ? plus_one(loader, gamma) : as_f32(loader, gamma),
        .rms = minus_one || want->kind == T2V_WANT_RMS,
    };
    if (beta != NULL)
        norm.beta = as_f32(loader, beta);
    if (norm.gamma == NULL || (beta != NULL && norm.beta == NULL))
        return no_memory(loader);
    *(struct t2v_norm *)want->to = norm;
    return 0;
}

/* The first of the want's names that a tensor has; the first name if none has. */
static const char *table_name(const struct t2v_loader *loader, const char *under,
                              const struct t2v_want *want)
{
    char full[NAME_BYTES];
    for (size_t i = 0; i < 3 && want->names[i] != NULL; i++) {
        if (look_up(loader, under, want->names[i], ".weight", full) != NULL)
            return want->names[i];
    }
    return want->names[0];
}

/* A table may be large, and few of its rows are ever used. The pages that the check has read are
 * released. */
static int find_table(struct t2v_loader *loader, const char *under, const struct t2v_want *want)
{
    const struct t2v_tensor **out = want->to;
    const struct tensor_name name = {under, table_name(loader, under, want), ".weight", NULL};
    int rc = find_finite(loader, &name, want->n_out, want->n_in, out);
    if (rc != 0 || (*out)->copied)
        return rc;
    if (loader->finite)
        t2v_file_release((*out)->data, (*out)->n_byte);
    if (loader->n_table < T2V_LOADER_TABLES)
        loader->tables[loader->n_table++] = *out;
    return 0;
}

int t2v_load_prefix(struct t2v_loader *loader, const char *const *prefixes, const char *name)
{
    for (size_t i = 0; prefixes[i] != NULL; i++) {
        char full[NAME_BYTES];
        snprintf(loader->prefix, sizeof loader->prefix, "%s", prefixes[i]);
        if (look_up(loader, "", name, "", full) != NULL)
            return 0;
    }
    return t2v_fail(loader->err, T2V_EFORMAT, "no tensor is called %s, with or without a prefix",
                    name);
}

int t2v_load(struct t2v_loader *loader, const char *under, const struct t2v_want *wants,
             size_t n_want)
{
    for (size_t i = 0; i < n_want; i++) {
        const struct t2v_want *want = &wants[i];
        int rc = 0;
        switch (want->kind) {
        case T2V_WANT_LINEAR:
        case T2V_WANT_MATRIX:
            rc = load_linear(loader, under, want);
            break;
        case T2V_WANT_NORM:
        case T2V_WANT_SCALE:
        case T2V_WANT_RMS:
        case T2V_WANT_RMS_MINUS_ONE:
            rc = load_norm(loader, under, want);
            break;
        case T2V_WANT_TABLE:
            rc = find_table(loader, under, want);
            break;
        }
        if (rc != 0)
            return rc;
    }
    return 0;
}

int t2v_load_head(struct t2v_loader *loader, const char *name, bool tied_absent,
                  const struct t2v_tensor *words, struct t2v_linear *out)
{
    size_t vocab = words->shape[0], hidden = words->shape[1];
    bool tied;
    int rc =
        t2v_config_bool(loader->config, "tie_word_embeddings", tied_absent, &tied, loader->err);
    if (rc != 0)
        return rc;
    if (tied) {
        *out = (struct t2v_linear){.n_in = hidden, .n_out = vocab};
        return note_weights(loader, &words, 1, &(struct t2v_order){0}, out);
    }
    const struct t2v_want want = {T2V_WANT_MATRIX, out, {name}, hidden, vocab};
    loader->prefix[0] = '\0';
    loader->transposed = false;
    return t2v_load(loader, "", &want, 1);
}
