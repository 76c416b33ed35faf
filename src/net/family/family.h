/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_FAMILY_FAMILY_H
#define T2V_NET_FAMILY_FAMILY_H
/*
 * A model family: one file each in net/family/, which reads its settings from config.json
 * (load/config.h), fills its struct of weights from a table of wants (load/load.h), and calls the
 * blocks in its forward pass. family.c has the list. Private to net/.
 */
#include "base/error.h"
#include "json/json.h"
#include "net/load/loader.h"
#include "net/run.h"

struct t2v_family {
    const char *model_type;
    /* Reads config and weights into *model (from the arena) and *shape. */
    int (*open)(struct t2v_loader *loader, struct t2v_shape *shape, void **model);
    void (*forward)(const void *model, const struct t2v_run *run, float *hidden);
    /* See t2v_net_pools_first, t2v_net_is_static, t2v_net_projection (NULL: none).
     */
    bool pools_first;
    bool is_static; /* t2v_net_is_static */
    const struct t2v_linear *(*projection)(const void *model);
    /* The output layer, [vocab, hidden]; NULL: the family has none. n_out is 0 unless loader->head
     * was set. */
    const struct t2v_linear *(*head)(const void *model);
};

/* The family of config.json's model_type. T2V_EFORMAT if there is none;
 * T2V_EUNSUPPORTED, with a list of the supported ones, if it is unknown. */
int t2v_family_find(const t2v_json *config, const struct t2v_family **out, struct t2v_err *err);

extern const struct t2v_family t2v_family_bert, t2v_family_bloom, t2v_family_camembert,
    t2v_family_distilbert, t2v_family_dpr, t2v_family_electra, t2v_family_eurobert,
    t2v_family_gemma3, t2v_family_gpt2, t2v_family_gpt_neox, t2v_family_llama, t2v_family_mistral,
    t2v_family_model2vec, t2v_family_modernbert, t2v_family_mpnet, t2v_family_qwen2,
    t2v_family_qwen3, t2v_family_roberta, t2v_family_t5, t2v_family_xlm_roberta;

#endif
