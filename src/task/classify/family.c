/* SPDX-License-Identifier: BSD-3-Clause */
/* What each family puts between its encoder and the logits, and what the tensors are called. */
#include <stdio.h>

#include "net/load/config.h"
#include "net/load/single.h"
#include "task/classify/classifier_private.h"

#include "base/banned.h"

/* Of a sequence's head; those of spans and tokens are one layer each, but for ModernBERT. */
struct t2v_head_family {
    const char *model_type;
    const char *dense, *out;
    enum t2v_act act;
    bool tanh;
};

static const struct t2v_head_family families[] = {
    {"bert", "bert.pooler.dense", "classifier", T2V_ACT_NONE, true},
    {"distilbert", "pre_classifier", "classifier", T2V_ACT_RELU, false},
    {"roberta", "classifier.dense", "classifier.out_proj", T2V_ACT_NONE, true},
    {"xlm-roberta", "classifier.dense", "classifier.out_proj", T2V_ACT_NONE, true},
    {"camembert", "classifier.dense", "classifier.out_proj", T2V_ACT_NONE, true},
    {"mpnet", "classifier.dense", "classifier.out_proj", T2V_ACT_NONE, true},
    {"electra", "classifier.dense", "classifier.out_proj", T2V_ACT_GELU, false},
    {"modernbert", "head.dense", "classifier", T2V_ACT_GELU, false},
};

static int find_family(t2v_head *head, struct t2v_err *err)
{
    struct t2v_str type = t2v_json_str(t2v_json_get(head->config, "model_type"));
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        if (type.ptr != NULL && t2v_str_is(type, families[i].model_type)) {
            head->family = &families[i];
            return 0;
        }
    }
    return t2v_fail(err, T2V_EUNSUPPORTED,
                    "config.json: model_type '%.*s' has no heads here (bert, distilbert, roberta, "
                    "xlm-roberta, camembert, mpnet, electra, modernbert have)",
                    T2V_STR_ARG(type));
}

int t2v_head_read_kind(t2v_head *head, struct t2v_err *err)
{
    static const char *const ends[] = {
        [T2V_HEAD_SEQUENCE] = "ForSequenceClassification",
        [T2V_HEAD_SPAN] = "ForQuestionAnswering",
        [T2V_HEAD_TOKEN] = "ForTokenClassification",
    };
    struct t2v_str name = t2v_json_str(t2v_json_at(t2v_json_get(head->config, "architectures"), 0));
    for (int i = 0; i < 3 && name.ptr != NULL; i++) {
        if (t2v_str_ends(name, t2v_str_of(ends[i]))) {
            head->kind = (enum t2v_head_kind)i;
            return find_family(head, err);
        }
    }
    return t2v_fail(err, T2V_EUNSUPPORTED,
                    "config.json: architectures[0] '%.*s' has no head that is supported "
                    "(ForSequenceClassification, ForQuestionAnswering, ForTokenClassification)",
                    T2V_STR_ARG(name));
}

/* ModernBERT's settings of its own. */
static int read_modernbert(t2v_head *head, bool *dense_bias, bool *norm_bias, struct t2v_err *err)
{
    const t2v_json *config = head->config;
    struct t2v_str pooling = t2v_json_str(t2v_json_get(config, "classifier_pooling"));
    struct t2v_str act = t2v_json_str(t2v_json_get(config, "classifier_activation"));
    double eps = 1e-5;
    int rc = t2v_config_bool(config, "classifier_bias", false, dense_bias, err);
    if (rc == 0)
        rc = t2v_config_bool(config, "norm_bias", false, norm_bias, err);
    if (rc != 0)
        return rc;
    if (act.ptr != NULL && !t2v_str_is(act, "gelu"))
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "config.json: classifier_activation '%.*s' is not supported (gelu is)",
                        T2V_STR_ARG(act));
    head->mean = pooling.ptr != NULL && t2v_str_is(pooling, "mean");
    if (pooling.ptr != NULL && !head->mean && !t2v_str_is(pooling, "cls"))
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "config.json: classifier_pooling '%.*s' is not supported (cls, mean are)",
                        T2V_STR_ARG(pooling));
    t2v_json_double(t2v_json_get(config, "norm_eps"), &eps); /* the encoder has checked it */
    head->eps = (float)eps;
    return 0;
}

/* A dense layer without a gate and a norm, under all of ModernBERT's heads. */
static int load_modernbert(t2v_head *head, size_t hidden, struct t2v_err *err)
{
    bool dense_bias, norm_bias;
    int rc = read_modernbert(head, &dense_bias, &norm_bias, err);
    if (rc == 0)
        rc = t2v_single_linear(head->store, "head.dense", hidden, hidden, dense_bias,
                               &head->kernels, &head->arena, &head->dense, err);
    if (rc == 0)
        rc = t2v_single_vector(head->store, "head.norm.weight", hidden, &head->arena, &head->gamma,
                               err);
    if (rc == 0 && norm_bias)
        rc = t2v_single_vector(head->store, "head.norm.bias", hidden, &head->arena, &head->beta,
                               err);
    head->act = T2V_ACT_GELU;
    return rc;
}

int t2v_head_load(t2v_head *head, size_t n_label, struct t2v_err *err)
{
    size_t hidden = t2v_net_shape(head->encoder)->hidden;
    const struct t2v_head_family *family = head->family;
    const char *out = head->kind == T2V_HEAD_SPAN ? "qa_outputs" : "classifier";
    int rc = 0;
    if (head->kind == T2V_HEAD_SPAN && n_label != 2)
        return t2v_fail(err, T2V_EFORMAT,
                        "config.json: question answering has 2 labels, and here are %zu", n_label);
    if (t2v_str_is(t2v_str_of(family->model_type), "modernbert")) {
        out = family->out;
        rc = load_modernbert(head, hidden, err);
    } else if (head->kind == T2V_HEAD_SEQUENCE) {
        out = family->out;
        head->act = family->act;
        head->tanh = family->tanh;
        rc = t2v_single_linear(head->store, family->dense, hidden, hidden, true, &head->kernels,
                               &head->arena, &head->dense, err);
    }
    if (rc != 0)
        return rc;
    return t2v_single_linear(head->store, out, hidden, n_label, true, &head->kernels, &head->arena,
                             &head->out, err);
}
