/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/sparse/head.h"

#include <stdio.h>

#include "net/load/config.h"
#include "net/load/single.h"

#include "base/banned.h"

/* Names of tensors and keys. */
struct family {
    const char *model_type;
    const char *dense, *norm, *decoder, *bias; /* bias: the whole name of the decoder's */
    const char *words;                         /* the word embeddings, after a prefix or not */
    const char *prefix;
    const char *act_key;        /* NULL: always gelu */
    const char *eps_key;        /* NULL: always eps */
    double eps;                 /* where config.json has no such key */
    const char *dense_bias_key; /* a flag, false where it is absent; NULL: there is a bias */
    const char *norm_bias_key, *decoder_bias_key; /* the second is true where it is absent */
};

#define BERT_WORDS "embeddings.word_embeddings"
#define ROBERTA(type, before)                                                                      \
    {                                                                                              \
        .model_type = type, .dense = "lm_head.dense", .norm = "lm_head.layer_norm",                \
        .decoder = "lm_head.decoder", .bias = "lm_head.bias", .words = BERT_WORDS,                 \
        .prefix = before, .eps_key = "layer_norm_eps", .eps = 1e-12                                \
    }

static const struct family families[] = {
    {.model_type = "bert",
     .dense = "cls.predictions.transform.dense",
     .norm = "cls.predictions.transform.LayerNorm",
     .decoder = "cls.predictions.decoder",
     .bias = "cls.predictions.bias",
     .words = BERT_WORDS,
     .prefix = "bert.",
     .act_key = "hidden_act",
     .eps_key = "layer_norm_eps",
     .eps = 1e-12},
    {.model_type = "distilbert",
     .dense = "vocab_transform",
     .norm = "vocab_layer_norm",
     .decoder = "vocab_projector",
     .bias = "vocab_projector.bias",
     .words = BERT_WORDS,
     .prefix = "distilbert.",
     .act_key = "activation",
     .eps = 1e-12},
    ROBERTA("roberta", "roberta."),
    ROBERTA("xlm-roberta", "roberta."),
    ROBERTA("camembert", "roberta."),
    ROBERTA("mpnet", "mpnet."),
    {.model_type = "modernbert",
     .dense = "head.dense",
     .norm = "head.norm",
     .decoder = "decoder",
     .bias = "decoder.bias",
     .words = "embeddings.tok_embeddings",
     .prefix = "model.",
     .act_key = "classifier_activation",
     .eps_key = "norm_eps",
     .eps = 1e-5,
     .dense_bias_key = "classifier_bias",
     .norm_bias_key = "norm_bias",
     .decoder_bias_key = "decoder_bias"},
};

static const struct family *find_family(const t2v_model *model)
{
    const t2v_json *config = t2v_model_settings(model);
    struct t2v_str type = t2v_json_str(t2v_json_get(config, "model_type"));
    struct t2v_str name = t2v_json_str(t2v_json_at(t2v_json_get(config, "architectures"), 0));
    if (type.ptr == NULL || name.ptr == NULL || !t2v_str_ends(name, T2V_STR("ForMaskedLM")))
        return NULL;
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        if (t2v_str_is(type, families[i].model_type))
            return &families[i];
    }
    return NULL;
}

static bool has_tensor(const t2v_store *store, const char *name)
{
    return t2v_store_find(store, t2v_str_of(name)) != NULL;
}

bool t2v_mlm_head_there(const t2v_model *model)
{
    const struct family *family = find_family(model);
    char name[128];
    if (family == NULL)
        return false;
    snprintf(name, sizeof name, "%s.weight", family->dense);
    return has_tensor(t2v_model_store(model), name);
}

/* A norm's weight and bias, which old files call gamma and beta. */
static int load_norm(const struct t2v_single *from, const struct family *family, size_t hidden,
                     bool has_bias, struct t2v_mlm_head *out)
{
    char name[128];
    bool old;
    snprintf(name, sizeof name, "%s.gamma", family->norm);
    old = has_tensor(from->store, name);
    snprintf(name, sizeof name, "%s.%s", family->norm, old ? "gamma" : "weight");
    int rc = t2v_single_vector(from, name, hidden, &out->gamma);
    snprintf(name, sizeof name, "%s.%s", family->norm, old ? "beta" : "bias");
    return rc == 0 && has_bias ? t2v_single_vector(from, name, hidden, &out->beta) : rc;
}

static int load_decoder(const struct t2v_single *from, const struct family *family, bool tied,
                        bool has_bias, const struct t2v_shape *shape, struct t2v_mlm_head *out)
{
    char words[128], name[140];
    snprintf(words, sizeof words, "%s%s", family->prefix, family->words);
    snprintf(name, sizeof name, "%s.weight", words);
    if (!has_tensor(from->store, name))
        snprintf(words, sizeof words, "%s", family->words);
    int rc = t2v_single_linear(from, tied ? words : family->decoder, shape->hidden, shape->vocab,
                               false, &out->decoder);
    /* Transformers 5 ties the decoder's bias where it ties the weights; version 4 always did. */
    snprintf(name, sizeof name, "%s.bias", family->decoder);
    bool own_bias = !tied && has_tensor(from->store, name);
    if (rc == 0 && has_bias)
        rc = t2v_single_vector(from, own_bias ? name : family->bias, shape->vocab,
                               &out->decoder.bias);
    return rc;
}

/* What config.json says of the head. */
struct flags {
    bool tied, dense_bias, norm_bias, decoder_bias;
};

static int read_config(const t2v_json *config, const struct family *family, struct flags *flags,
                       struct t2v_mlm_head *out, struct t2v_err *err)
{
    *flags = (struct flags){true, true, true, true};
    out->act = T2V_ACT_GELU;
    out->eps = (float)family->eps;
    int rc = t2v_config_bool(config, "tie_word_embeddings", true, &flags->tied, err);
    if (rc == 0 && family->act_key != NULL)
        rc = t2v_config_act(config, family->act_key, "gelu", &out->act, err);
    if (rc == 0 && family->eps_key != NULL)
        rc = t2v_config_float(config, family->eps_key, 0, 1, family->eps, &out->eps, err);
    if (rc == 0 && family->dense_bias_key != NULL)
        rc = t2v_config_bool(config, family->dense_bias_key, false, &flags->dense_bias, err);
    if (rc == 0 && family->norm_bias_key != NULL)
        rc = t2v_config_bool(config, family->norm_bias_key, false, &flags->norm_bias, err);
    if (rc == 0 && family->decoder_bias_key != NULL)
        rc = t2v_config_bool(config, family->decoder_bias_key, true, &flags->decoder_bias, err);
    return rc;
}

int t2v_mlm_head_load(const t2v_model *model, struct t2v_arena *arena, struct t2v_mlm_head *out,
                      struct t2v_err *err)
{
    const struct family *family = find_family(model);
    const struct t2v_shape *shape = t2v_net_shape(t2v_model_net(model));
    const struct t2v_single from = {t2v_model_store(model), t2v_model_kernels(model), arena, err};
    struct flags flags;
    *out = (struct t2v_mlm_head){0};
    if (family == NULL)
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "config.json: architectures[0] is no ...ForMaskedLM of a model_type whose "
                        "head is known here (bert, distilbert, roberta, xlm-roberta, camembert, "
                        "mpnet, modernbert)");
    int rc = read_config(t2v_model_settings(model), family, &flags, out, err);
    if (rc == 0)
        rc = t2v_single_linear(&from, family->dense, shape->hidden, shape->hidden, flags.dense_bias,
                               &out->dense);
    if (rc == 0)
        rc = load_norm(&from, family, shape->hidden, flags.norm_bias, out);
    if (rc == 0)
        rc = load_decoder(&from, family, flags.tied, flags.decoder_bias, shape, out);
    return rc;
}
