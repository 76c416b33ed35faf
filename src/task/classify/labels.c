/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/classify/labels.h"

#include <stdio.h>

#include "model/kind.h"
#include "task/classify/classifier_private.h"

#include "base/banned.h"

/* A key of id2label, "0" to "n - 1". */
static bool read_index(struct t2v_str key, size_t n, size_t *out)
{
    *out = 0;
    for (size_t i = 0; i < key.len; i++) {
        if (key.ptr[i] < '0' || key.ptr[i] > '9' || *out > n)
            return false;
        *out = *out * 10 + (size_t)(key.ptr[i] - '0');
    }
    return key.len != 0 && *out < n;
}

static int read_names(const t2v_json *id2label, t2v_classifier *classifier, size_t n,
                      struct t2v_err *err)
{
    size_t i;
    for (struct t2v_json_member m = t2v_json_first(id2label); m.value != NULL;
         m = t2v_json_next(id2label, m)) {
        struct t2v_str name = t2v_json_str(m.value);
        if (!read_index(m.key, n, &i))
            return t2v_fail(err, T2V_EFORMAT,
                            "config.json: id2label has a label '%.*s', and %zu labels in all",
                            T2V_STR_ARG(m.key), n);
        if (name.ptr == NULL)
            return t2v_fail(err, T2V_EFORMAT,
                            "config.json: id2label[\"%zu\"] should be a string, and is %s", i,
                            t2v_json_type_name(m.value));
        classifier->labels[i] = name;
    }
    for (i = 0; i < n; i++) {
        if (classifier->labels[i].ptr == NULL)
            return t2v_fail(err, T2V_EFORMAT, "config.json: id2label has no label %zu", i);
    }
    return 0;
}

static int make_names(t2v_classifier *classifier, size_t n, struct t2v_err *err)
{
    for (size_t i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof name, "LABEL_%zu", i);
        classifier->labels[i] = t2v_arena_dup(&classifier->arena, t2v_str_of(name));
        if (classifier->labels[i].ptr == NULL)
            return t2v_fail(err, T2V_ENOMEM, "no memory for the labels");
    }
    return 0;
}

/* Where sentence-transformers keeps the name of a cross-encoder's activation: in a file of its own
 * from version 6 on, before that in config.json under a new and an old key. *key: for messages. */
static const t2v_json *find_act(const t2v_classifier *classifier, const char **key)
{
    const t2v_json *own = t2v_json_get(classifier->st_config.root, "activation_fn");
    const t2v_json *now =
        t2v_json_get(t2v_json_get(t2v_model_settings(classifier->model), "sentence_transformers"),
                     "activation_fn");
    *key = "config_sentence_transformers.json: activation_fn";
    if (t2v_json_type(own) > T2V_JSON_NULL)
        return own;
    *key = "config.json: sentence_transformers.activation_fn";
    if (now != NULL)
        return now;
    *key = "config.json: sbert_ce_default_activation_function";
    return t2v_json_get(t2v_model_settings(classifier->model),
                        "sbert_ce_default_activation_function");
}

static int read_act(t2v_classifier *classifier, size_t n_label, struct t2v_err *err)
{
    static const struct {
        const char *name;
        enum t2v_score_act act;
    } acts[] = {
        {"torch.nn.modules.linear.Identity", T2V_SCORE_NONE},
        {"torch.nn.Identity", T2V_SCORE_NONE},
        {"torch.nn.modules.activation.Sigmoid", T2V_SCORE_SIGMOID},
        {"torch.nn.Sigmoid", T2V_SCORE_SIGMOID},
        {"torch.nn.modules.activation.Tanh", T2V_SCORE_TANH},
        {"torch.nn.Tanh", T2V_SCORE_TANH},
    };
    const char *key;
    const t2v_json *value = find_act(classifier, &key);
    struct t2v_str name = t2v_json_str(value);
    classifier->score_act = n_label == 1 ? T2V_SCORE_SIGMOID : T2V_SCORE_NONE;
    if (t2v_json_type(value) <= T2V_JSON_NULL)
        return 0;
    for (size_t i = 0; i < sizeof acts / sizeof acts[0] && name.ptr != NULL; i++) {
        if (t2v_str_is(name, acts[i].name)) {
            classifier->score_act = acts[i].act;
            return 0;
        }
    }
    return t2v_fail(err, T2V_EUNSUPPORTED,
                    "%s '%.*s' is not supported (torch's Identity, Sigmoid, Tanh are)", key,
                    T2V_STR_ARG(name));
}

int t2v_classifier_read_labels(t2v_classifier *classifier, size_t *n_label, struct t2v_err *err)
{
    const t2v_json *id2label = t2v_json_get(t2v_model_settings(classifier->model), "id2label");
    int rc = t2v_kind_count_labels(t2v_model_settings(classifier->model), n_label, err);
    if (rc != 0)
        return rc;
    classifier->labels = t2v_arena_alloc(&classifier->arena, *n_label, sizeof *classifier->labels);
    if (classifier->labels == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the labels");
    for (size_t i = 0; i < *n_label; i++)
        classifier->labels[i] = (struct t2v_str){NULL, 0};
    rc = t2v_json_type(id2label) > T2V_JSON_NULL ? read_names(id2label, classifier, *n_label, err)
                                                 : make_names(classifier, *n_label, err);
    return rc == 0 ? read_act(classifier, *n_label, err) : rc;
}
