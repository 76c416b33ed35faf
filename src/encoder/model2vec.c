/* SPDX-License-Identifier: BSD-3-Clause */
/* model2vec (Tulkens and van Dongen, 2024): a table with a row for each token, and nothing behind
 * it. A text's vector is the mean of its tokens' rows. */
#include "encoder/family.h"

#include "base/banned.h"

/* Longer texts come in pieces, which add up. */
enum { PIECE_TOK = 1024 };

struct model2vec {
    const struct t2v_tensor *rows; /* [vocab, hidden] */
};

/* config.json says nothing of the table's shape. UPSTREAM: the sentence-transformers library reads
 * no "weights" that may lie beside it, and cannot run a table that a "mapping" leads to. */
static int find_rows(const t2v_store *store, const struct t2v_tensor **out, struct t2v_err *err)
{
    const struct t2v_tensor *t = t2v_store_find(store, T2V_STR("embedding.weight"));
    if (t == NULL)
        t = t2v_store_find(store, T2V_STR("embeddings"));
    if (t == NULL)
        return t2v_fail(err, T2V_EFORMAT, "neither embedding.weight nor embeddings is there");
    if (t->n_dim != 2 || t->shape[0] < 1 || t->shape[0] > 1 << 24 || t->shape[1] < 1 ||
        t->shape[1] > 65536)
        return t2v_fail(err, T2V_EFORMAT, "%s: the embeddings are no table of at most %d rows",
                        t->file, 1 << 24);
    if (t->dtype != T2V_F32 && t->dtype != T2V_F16 && t->dtype != T2V_BF16 && t->dtype != T2V_F64)
        return t2v_fail(err, T2V_EUNSUPPORTED, "%s: embeddings of %s; F32, F16, BF16 are supported",
                        t->file, t2v_dtype_name(t->dtype));
    if (t2v_store_find(store, T2V_STR("mapping")) != NULL)
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "%s: tensor mapping (a quantized vocabulary) is not supported", t->file);
    *out = t;
    return 0;
}

static int model2vec_open(const t2v_json *config, struct t2v_loader *loader,
                          struct t2v_shape *shape, void **out, struct t2v_err *err)
{
    (void)config;
    struct model2vec *model = t2v_arena_alloc(loader->arena, 1, sizeof *model);
    if (model == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    int rc = find_rows(loader->store, &model->rows, err);
    if (rc != 0)
        return rc;
    *shape = (struct t2v_shape){
        .vocab = model->rows->shape[0], .hidden = model->rows->shape[1], .max_tok = PIECE_TOK};
    *out = model;
    return 0;
}

static void model2vec_forward(const void *model_, const struct t2v_run *run, float *hidden)
{
    const struct model2vec *model = model_;
    t2v_block_embed(run, model->rows, model->rows->shape[1], hidden);
}

const struct t2v_family t2v_family_model2vec = {
    .model_type = "model2vec", .open = model2vec_open, .forward = model2vec_forward, .bag = true};
