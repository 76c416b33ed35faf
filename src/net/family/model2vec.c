/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Static embeddings, as those of model2vec (Tulkens and van Dongen, 2024): a table with a row for
 * each token, and no layers. A text's vector is the mean of its tokens' rows. In model2vec's files
 * a row is table[mapping[id]] * weights[id], if they have these two tensors.
 */
#include "net/family/family.h"

#include <inttypes.h>

#include "net/load/load.h"

#include "base/banned.h"

/* Longer texts are split into pieces, whose rows are added. */
enum { PIECE_TOK = 1024, MAX_ROW = 1 << 24 };

struct model2vec {
    const struct t2v_tensor *rows; /* [n_row, hidden] */
    const int32_t *mapping;        /* [vocab] to a row; NULL: the id is the row */
    const float *weights;          /* [vocab]; NULL: all 1 */
};

static bool is_float(enum t2v_dtype dtype)
{
    return dtype == T2V_F32 || dtype == T2V_F16 || dtype == T2V_BF16 || dtype == T2V_F64;
}

/* config.json does not have the table's shape. UPSTREAM: sentence-transformers 5.1 ignores a tensor
 * "weights", and cannot run a table with a "mapping". */
static int find_rows(const struct t2v_loader *loader, const struct t2v_tensor **out)
{
    const t2v_store *store = loader->store;
    const struct t2v_tensor *t = t2v_store_find(store, T2V_STR("embedding.weight"));
    if (t == NULL)
        t = t2v_store_find(store, T2V_STR("embeddings"));
    if (t == NULL)
        return t2v_fail(loader->err, T2V_EFORMAT,
                        "there is no tensor embedding.weight or embeddings");
    if (t->n_dim != 2 || t->shape[0] < 1 || t->shape[0] > MAX_ROW || t->shape[1] < 1 ||
        t->shape[1] > 65536)
        return t2v_fail(loader->err, T2V_EFORMAT,
                        "%s: the embeddings are not a table of at most %d rows", t->file,
                        (int)MAX_ROW);
    if (!is_float(t->dtype) && !(loader->weighted && t->dtype == T2V_I8))
        return t2v_fail(loader->err, T2V_EUNSUPPORTED,
                        "%s: embeddings of %s; F32, F16, BF16 are supported, and I8 under the "
                        "vectorizer model2vec",
                        t->file, t2v_dtype_name(t->dtype));
    if (!loader->weighted && t2v_store_find(store, T2V_STR("mapping")) != NULL)
        return t2v_fail(loader->err, T2V_EUNSUPPORTED,
                        "%s: tensor mapping (a quantized vocabulary) is not supported under "
                        "sentence-transformers; the vectorizer model2vec runs it",
                        t->file);
    *out = t;
    return 0;
}

/* Item i of an integer tensor; INT64_MIN where the tensor is of another dtype. */
static int64_t integer_at(const struct t2v_tensor *t, size_t i)
{
    const uint8_t *at = t->data + i * (t2v_dtype_bits(t->dtype) / 8);
    int64_t wide = INT64_MIN;
    int32_t narrow;
    uint32_t natural;
    switch (t->dtype) {
    case T2V_I64:
    case T2V_U64: /* values from 2^63 on become negative */
        memcpy(&wide, at, sizeof wide);
        return wide;
    case T2V_I32:
        memcpy(&narrow, at, sizeof narrow);
        return narrow;
    case T2V_U32:
        memcpy(&natural, at, sizeof natural);
        return natural;
    case T2V_U16:
        return at[0] | at[1] << 8;
    case T2V_U8:
        return at[0];
    default:
        return wide;
    }
}

static int load_mapping(const struct t2v_loader *loader, struct model2vec *model, size_t *vocab)
{
    const struct t2v_tensor *t = t2v_store_find(loader->store, T2V_STR("mapping"));
    if (t == NULL)
        return 0;
    if (t->n_dim != 1 || t->n < 1 || t->n > MAX_ROW)
        return t2v_fail(loader->err, T2V_EFORMAT, "%s: mapping is not a list of at most %d rows",
                        t->file, (int)MAX_ROW);
    int32_t *mapping = t2v_arena_alloc(loader->arena, t->n, sizeof *mapping);
    if (mapping == NULL)
        return t2v_fail(loader->err, T2V_ENOMEM, "no memory for the mapping");
    for (size_t i = 0; i < t->n; i++) {
        int64_t row = integer_at(t, i);
        if (row < 0 || (uint64_t)row >= model->rows->shape[0])
            return t2v_fail(loader->err, T2V_EFORMAT,
                            "%s: mapping[%zu] is not an integer from 0 to %zu", t->file, i,
                            model->rows->shape[0] - 1);
        mapping[i] = (int32_t)row;
    }
    model->mapping = mapping;
    *vocab = t->n;
    return 0;
}

static int load_weights(const struct t2v_loader *loader, struct model2vec *model, size_t *vocab)
{
    const struct t2v_tensor *t = t2v_store_find(loader->store, T2V_STR("weights"));
    if (t == NULL)
        return 0;
    if (t->n_dim != 1 || t->n < 1 || t->n > MAX_ROW || !is_float(t->dtype))
        return t2v_fail(loader->err, T2V_EFORMAT, "%s: weights is not a list of at most %d numbers",
                        t->file, (int)MAX_ROW);
    float *weights = t2v_arena_alloc(loader->arena, t->n, sizeof *weights);
    if (weights == NULL)
        return t2v_fail(loader->err, T2V_ENOMEM, "no memory for the weights");
    t2v_tensor_f32(t, 0, t->n, weights);
    model->weights = weights;
    if (t->n < *vocab)
        *vocab = t->n; /* a token without a weight is treated as one without a row */
    return 0;
}

static int model2vec_open(struct t2v_loader *loader, struct t2v_shape *shape, void **out)
{
    struct model2vec *model = t2v_load_alloc(loader, 1, sizeof *model);
    if (model == NULL)
        return T2V_ENOMEM;
    int rc = find_rows(loader, &model->rows);
    if (rc != 0)
        return rc;
    *shape = (struct t2v_shape){
        .vocab = model->rows->shape[0], .hidden = model->rows->shape[1], .max_tok = PIECE_TOK};
    if (loader->weighted)
        rc = load_mapping(loader, model, &shape->vocab);
    if (loader->weighted && rc == 0)
        rc = load_weights(loader, model, &shape->vocab);
    *out = model;
    return rc;
}

static void read_row(const struct model2vec *model, int32_t id, float *out)
{
    const struct t2v_tensor *rows = model->rows;
    size_t n = rows->shape[1];
    size_t first = (size_t)(model->mapping != NULL ? model->mapping[id] : id) * n;
    if (rows->dtype == T2V_I8) {
        for (size_t i = 0; i < n; i++)
            out[i] = (float)(int8_t)rows->data[first + i];
    } else {
        t2v_tensor_f32(rows, first, n, out);
    }
    for (size_t i = 0; i < n && model->weights != NULL; i++)
        out[i] *= model->weights[id];
}

static void model2vec_forward(const void *model_, const struct t2v_run *run, float *hidden)
{
    const struct model2vec *model = model_;
    size_t begin, end, n = model->rows->shape[1];
    t2v_block_rows(run, &begin, &end);
    for (size_t t = begin; t < end; t++)
        read_row(model, run->seqs->ids[t], hidden + t * n);
    t2v_lane_barrier(run->lane);
}

const struct t2v_family t2v_family_model2vec = {.model_type = "model2vec",
                                                .open = model2vec_open,
                                                .forward = model2vec_forward,
                                                .is_static = true};
