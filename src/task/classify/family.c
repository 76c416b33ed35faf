/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/classify/family.h"

#include "model/kind.h"
#include "net/load/config.h"
#include "net/load/single.h"
#include "task/classify/classifier_private.h"

#include "base/banned.h"

/* Of a sequence's head; those of spans and tokens are one layer each, but for ModernBERT. */
struct family {
    const char *model_type;
    const char *dense, *out;
    enum t2v_act act;
    bool tanh;
};

static const struct family families[] = {
    {"bert", "bert.pooler.dense", "classifier", T2V_ACT_NONE, true},
    {"distilbert", "pre_classifier", "classifier", T2V_ACT_RELU, false},
    {"roberta", "classifier.dense", "classifier.out_proj", T2V_ACT_NONE, true},
    {"xlm-roberta", "classifier.dense", "classifier.out_proj", T2V_ACT_NONE, true},
    {"camembert", "classifier.dense", "classifier.out_proj", T2V_ACT_NONE, true},
    {"mpnet", "classifier.dense", "classifier.out_proj", T2V_ACT_NONE, true},
    {"electra", "classifier.dense", "classifier.out_proj", T2V_ACT_GELU, false},
    {"modernbert", "head.dense", "classifier", T2V_ACT_GELU, false},
};

/* NULL: none of those that have heads. */
static const struct family *find_family(const t2v_classifier *classifier)
{
    const t2v_json *config = t2v_model_settings(classifier->model);
    struct t2v_str type = t2v_json_str(t2v_json_get(config, "model_type"));
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        if (type.ptr != NULL && t2v_str_is(type, families[i].model_type))
            return &families[i];
    }
    return NULL;
}

static int check_family(const t2v_classifier *classifier, struct t2v_err *err)
{
    const t2v_json *config = t2v_model_settings(classifier->model);
    struct t2v_str type = t2v_json_str(t2v_json_get(config, "model_type"));
    if (find_family(classifier) != NULL)
        return 0;
    return t2v_fail(err, T2V_EUNSUPPORTED,
                    "config.json: model_type '%.*s' has no heads here (bert, distilbert, roberta, "
                    "xlm-roberta, camembert, mpnet, electra, modernbert have)",
                    T2V_STR_ARG(type));
}

int t2v_classifier_read_kind(t2v_classifier *classifier, struct t2v_err *err)
{
    const t2v_json *config = t2v_model_settings(classifier->model);
    enum t2v_kind kind;
    int rc = t2v_kind_of_config(config, &kind, err);
    if (rc != 0)
        return rc;
    if (kind == T2V_KIND_RERANKER || kind == T2V_KIND_CLASSIFIER)
        classifier->kind = T2V_CLASSIFY_SEQUENCE;
    else if (kind == T2V_KIND_READER)
        classifier->kind = T2V_CLASSIFY_SPAN;
    else if (kind == T2V_KIND_TAGGER)
        classifier->kind = T2V_CLASSIFY_TOKEN;
    else
        return t2v_fail(
            err, T2V_EUNSUPPORTED,
            "config.json: architectures[0] '%.*s' has no head that is supported "
            "(ForSequenceClassification, ForQuestionAnswering, ForTokenClassification)",
            T2V_STR_ARG(t2v_json_str(t2v_json_at(t2v_json_get(config, "architectures"), 0))));
    return check_family(classifier, err);
}

/* ModernBERT's settings of its own. */
static int read_modernbert(t2v_classifier *classifier, bool *dense_bias, bool *norm_bias,
                           struct t2v_err *err)
{
    const t2v_json *config = t2v_model_settings(classifier->model);
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
    classifier->mean = pooling.ptr != NULL && t2v_str_is(pooling, "mean");
    if (pooling.ptr != NULL && !classifier->mean && !t2v_str_is(pooling, "cls"))
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "config.json: classifier_pooling '%.*s' is not supported (cls, mean are)",
                        T2V_STR_ARG(pooling));
    t2v_json_double(t2v_json_get(config, "norm_eps"), &eps); /* the encoder has checked it */
    classifier->eps = (float)eps;
    return 0;
}

/* A dense layer without a gate and a norm, under all of ModernBERT's heads. */
static int load_modernbert(t2v_classifier *classifier, const struct t2v_single *from, size_t hidden)
{
    bool dense_bias, norm_bias;
    int rc = read_modernbert(classifier, &dense_bias, &norm_bias, from->err);
    if (rc == 0)
        rc = t2v_single_linear(from, "head.dense", hidden, hidden, dense_bias, &classifier->dense);
    if (rc == 0)
        rc = t2v_single_vector(from, "head.norm.weight", hidden, &classifier->gamma);
    if (rc == 0 && norm_bias)
        rc = t2v_single_vector(from, "head.norm.bias", hidden, &classifier->beta);
    classifier->act = T2V_ACT_GELU;
    return rc;
}

int t2v_classifier_load(t2v_classifier *classifier, size_t n_label, struct t2v_err *err)
{
    const t2v_model *model = classifier->model;
    const struct t2v_single from = {
        .store = t2v_model_store(model),
        .kernels = t2v_model_kernels(model),
        .arena = &classifier->arena,
        .err = err,
    };
    size_t hidden = t2v_net_shape(t2v_model_net(model))->hidden;
    const struct family *family = find_family(classifier);
    const char *out = classifier->kind == T2V_CLASSIFY_SPAN ? "qa_outputs" : "classifier";
    int rc = 0;
    if (classifier->kind == T2V_CLASSIFY_SPAN && n_label != 2)
        return t2v_fail(err, T2V_EFORMAT,
                        "config.json: question answering has 2 labels, and here are %zu", n_label);
    if (t2v_str_is(t2v_str_of(family->model_type), "modernbert")) {
        out = family->out;
        rc = load_modernbert(classifier, &from, hidden);
    } else if (classifier->kind == T2V_CLASSIFY_SEQUENCE) {
        out = family->out;
        classifier->act = family->act;
        classifier->tanh = family->tanh;
        rc = t2v_single_linear(&from, family->dense, hidden, hidden, true, &classifier->dense);
    }
    if (rc != 0)
        return rc;
    return t2v_single_linear(&from, out, hidden, n_label, true, &classifier->out);
}
