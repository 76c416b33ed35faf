/* SPDX-License-Identifier: BSD-3-Clause */
/* MPNet (Song and others, 2020): RoBERTa without token types; all layers add a learned bias for
 * each distance to their scores. */
#include "net/postnorm.h"

#include "base/banned.h"

/* BERT's names, except those of attention. */
static struct t2v_postnorm_names mpnet_names(void)
{
    struct t2v_postnorm_names names = t2v_bert_names;
    names.n_type = NULL;
    names.absent.vocab = 30527;
    names.qkv[0] = "attention.attn.q";
    names.qkv[1] = "attention.attn.k";
    names.qkv[2] = "attention.attn.v";
    names.out = "attention.attn.o";
    names.attention_norm = "attention.LayerNorm";
    return names;
}

/* UPSTREAM: Transformers hard-codes these three. It ignores pad_token_id, and takes only the size
 * of the table from relative_attention_num_buckets. */
enum { PAD = 1, BUCKETS = 32, MAX_DISTANCE = 128 };

static int mpnet_open(struct t2v_loader *loader, struct t2v_shape *shape, void **model)
{
    static const char *const prefixes[] = {"", "mpnet.", NULL};
    const struct t2v_postnorm_names names = mpnet_names();
    int rc = t2v_postnorm_open(loader, &names, prefixes, PAD, shape, model);
    if (rc != 0)
        return rc;
    struct t2v_postnorm *mpnet = *model;
    size_t n_row;
    const struct t2v_size_key key = {"relative_attention_num_buckets", BUCKETS, 65536, BUCKETS,
                                     &n_row};
    rc = t2v_config_sizes(loader->config, &key, 1, loader->err);
    if (rc != 0)
        return rc;
    const struct t2v_tensor *table;
    const struct t2v_want want = {
        T2V_WANT_TABLE, &table, {"relative_attention_bias"}, shape->heads, n_row};
    rc = t2v_load(loader, "encoder.", &want, 1);
    if (rc != 0)
        return rc;
    return t2v_relative_new(loader, table, BUCKETS, MAX_DISTANCE, shape->max_tok, &mpnet->relative);
}

const struct t2v_family t2v_family_mpnet = {
    .model_type = "mpnet", .open = mpnet_open, .forward = t2v_postnorm_forward};
