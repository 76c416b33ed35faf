/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RoBERTa (Liu and others, 2019), and XLM-RoBERTa and CamemBERT, which differ from it in their
 * tokenizers only: BERT, with positions that begin after the padding token's id.
 */
#include "net/postnorm.h"

#include "base/banned.h"

static int roberta_open(struct t2v_loader *loader, struct t2v_shape *shape, void **model)
{
    static const char *const prefixes[] = {"", "roberta.", NULL};
    size_t pad;
    const struct t2v_size_key key = {"pad_token_id", 0, 1 << 20, 1, &pad};
    int rc = t2v_config_sizes(loader->config, &key, 1, loader->err);
    if (rc != 0)
        return rc;
    struct t2v_postnorm_names names = t2v_bert_names;
    if (t2v_str_is(t2v_json_str(t2v_json_get(loader->config, "model_type")), "roberta"))
        names.absent.vocab = 50265;
    return t2v_postnorm_open(loader, &names, prefixes, (int32_t)pad, shape, model);
}

const struct t2v_family t2v_family_roberta = {
    .model_type = "roberta", .open = roberta_open, .forward = t2v_postnorm_forward};
const struct t2v_family t2v_family_xlm_roberta = {
    .model_type = "xlm-roberta", .open = roberta_open, .forward = t2v_postnorm_forward};
const struct t2v_family t2v_family_camembert = {
    .model_type = "camembert", .open = roberta_open, .forward = t2v_postnorm_forward};
