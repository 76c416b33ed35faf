/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/classify/open.h"

#include "base/guard.h"
#include "base/mem.h"
#include "task/classify/classifier_private.h"
#include "task/classify/family.h"
#include "task/classify/labels.h"
#include "task/classify/run.h"

#include "base/banned.h"

static int open_model(t2v_classifier *classifier, const struct t2v_classifier_options *options,
                      struct t2v_err *err)
{
    const struct t2v_model_options of_model = {
        .precision = options->precision, .cpu = options->cpu, .threads = options->threads};
    int rc = t2v_model_find(options->dir, false, &classifier->model, err);
    if (rc == 0)
        rc = t2v_json_file_find(options->dir, "config_sentence_transformers.json", T2V_JSON_OBJECT,
                                &classifier->st_config, err);
    if (rc == 0)
        rc = t2v_classifier_read_kind(classifier, err);
    return rc == 0 ? t2v_model_load(classifier->model, &of_model, err) : rc;
}

/* A pair's token types are looked at when a pair comes: a head for single texts needs none. */
static int set_limits(t2v_classifier *classifier, struct t2v_err *err)
{
    size_t limit = t2v_tokenizer_model_max(t2v_model_tokenizer(classifier->model));
    const struct t2v_model_use use = {
        .limit = limit != 0 ? limit : SIZE_MAX, .pairs = true, .every_row = true};
    return t2v_model_fit(classifier->model, &use, &classifier->task.max_tok, err);
}

static int open_parts(t2v_classifier *classifier, const struct t2v_classifier_options *options,
                      struct t2v_err *err)
{
    size_t n_label;
    int rc = open_model(classifier, options, err);
    if (rc == 0)
        rc = t2v_classifier_read_labels(classifier, &n_label, err);
    if (rc == 0)
        rc = t2v_classifier_load(classifier, n_label, err);
    if (rc == 0)
        rc = set_limits(classifier, err);
    return rc == 0 ? t2v_guard_check(t2v_guard_mark(), err) : rc;
}

int t2v_classifier_open(const struct t2v_classifier_options *options, t2v_classifier **out,
                        struct t2v_err *err)
{
    t2v_classifier *classifier = t2v_alloc_zero(1, sizeof *classifier);
    if (classifier == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    int rc = open_parts(classifier, options, err);
    if (rc != 0) {
        t2v_classifier_free(classifier);
        return t2v_fail_in_dir(err, rc, options->dir, NULL);
    }
    bool sequence = classifier->kind == T2V_CLASSIFY_SEQUENCE;
    classifier->task.ops = sequence ? &t2v_sequence_ops : &t2v_token_ops;
    classifier->task.model = classifier->model;
    classifier->task.typed = true;
    *out = classifier;
    return 0;
}
