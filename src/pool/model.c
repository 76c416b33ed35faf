/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "pool/model_private.h"

#include "base/banned.h"

enum {
    PATH_BYTES = 4096,
    CONFIG_BYTES = 16 << 20,
    /* UPSTREAM: the default vectorizer cuts at 500 tokens, whatever the model could take. */
    DEFAULT_MAX_TOK = 500
};

static int read_config(t2v_model *model, struct t2v_err *err)
{
    char path[PATH_BYTES];
    int rc = t2v_file_join(path, sizeof path, model->dir, "config.json", err);
    if (rc == 0 && !t2v_file_exists(path))
        rc = t2v_fail(err, T2V_EIO, "no model here: there is no config.json (see --model)");
    if (rc == 0)
        rc = t2v_file_read(path, CONFIG_BYTES, &model->config_text, &model->config_len, err);
    if (rc != 0)
        return rc;
    rc = t2v_json_parse(t2v_model_config(model), &model->config, err);
    if (rc == 0 && t2v_json_type(model->config) != T2V_JSON_OBJECT)
        rc = t2v_fail(err, T2V_EFORMAT, "should be an object, and is %s",
                      t2v_json_type_name(model->config));
    return rc != 0 ? t2v_fail_in(err, rc, path) : 0;
}

/* What a marker file of upstream's images says: -1 when there is none, else whether it says true.
 */
static int marker(const t2v_model *model, const char *name)
{
    char path[PATH_BYTES], *text;
    size_t len;
    if (t2v_file_join(path, sizeof path, model->dir, name, NULL) != 0 ||
        t2v_file_read(path, 4096, &text, &len, NULL) != 0)
        return -1;
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r' || text[len - 1] == ' '))
        len--;
    bool says_true = t2v_str_is((struct t2v_str){text, len}, "true");
    t2v_free(text);
    return says_true;
}

/* A marker file beats the environment. */
static bool marked(const t2v_model *model, const char *name, bool environment)
{
    int says = marker(model, name);
    return says < 0 ? environment : says != 0;
}

static const char *const vectorizer_names[] = {
    [T2V_VECTORIZER_DEFAULT] = "default",
    [T2V_VECTORIZER_SENTENCE] = "sentence-transformers",
    [T2V_VECTORIZER_ONNX] = "onnx",
};

/* In upstream's order: ONNX first, then what runs under sentence-transformers, else the default. */
static int choose_vectorizer(t2v_model *model, const struct t2v_model_options *options,
                             struct t2v_err *err)
{
    struct t2v_str type = t2v_json_str(t2v_json_get(model->config, "model_type"));
    enum t2v_vectorizer chosen = T2V_VECTORIZER_DEFAULT;
    if (marked(model, "onnx_runtime", options->onnx_runtime))
        chosen = T2V_VECTORIZER_ONNX;
    else if (options->sentence_transformers || marker(model, "model_name") >= 0 ||
             (type.ptr != NULL && (t2v_str_is(type, "t5") || t2v_str_is(type, "model2vec"))))
        chosen = T2V_VECTORIZER_SENTENCE;
    for (int i = 0; i < 3; i++) {
        if (strcmp(options->vectorizer, vectorizer_names[i]) == 0)
            chosen = (enum t2v_vectorizer)i;
    }
    if (chosen != T2V_VECTORIZER_DEFAULT)
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "the %s vectorizer is not supported yet (--vectorizer default is)",
                        vectorizer_names[chosen]);
    model->vectorizer = chosen;
    model->direct_tokenize = options->direct_tokenize;
    model->prefixes = marked(model, "use_query_passage_prefixes", options->query_passage_prefixes);
    return 0;
}

static int check_precision(const struct t2v_model_options *options, struct t2v_err *err)
{
    const char *precision = options->precision;
    if (*precision == '\0' || strcmp(precision, "f32") == 0 || strcmp(precision, "auto") == 0)
        return 0;
    return t2v_fail(err, T2V_EUNSUPPORTED, "precision %.20s is not supported yet (f32 is)",
                    precision);
}

/* The tokenizer and the encoder must fit each other. */
static int check_fit(t2v_model *model, struct t2v_err *err)
{
    const struct t2v_shape *shape = t2v_encoder_shape(model->encoder);
    int32_t max_id = t2v_tokenizer_max_id(model->tokenizer);
    if (max_id < 0 || (size_t)max_id >= shape->vocab)
        return t2v_fail(err, T2V_EFORMAT,
                        "the tokenizer's largest id is %" PRId32
                        ", but the embeddings have only %zu rows",
                        max_id, shape->vocab);
    model->max_tok = shape->max_tok < DEFAULT_MAX_TOK ? shape->max_tok : DEFAULT_MAX_TOK;
    if (t2v_tokenizer_n_special(model->tokenizer) > model->max_tok)
        return t2v_fail(err, T2V_EFORMAT, "%zu special tokens, but only %zu positions",
                        t2v_tokenizer_n_special(model->tokenizer), model->max_tok);
    return 0;
}

static int open_parts(t2v_model *model, const struct t2v_model_options *options,
                      struct t2v_err *err)
{
    int rc = read_config(model, err);
    if (rc == 0)
        rc = t2v_encoder_check(model->config, err);
    if (rc == 0)
        rc = choose_vectorizer(model, options, err);
    if (rc == 0)
        rc = check_precision(options, err);
    if (rc == 0)
        rc = t2v_kernels_init(&model->kernels, options->cpu, err);
    if (rc == 0)
        rc = t2v_tokenizer_open(options->dir, &model->tokenizer, err);
    if (rc == 0)
        rc = t2v_store_open(options->dir, &model->store, err);
    if (rc == 0)
        rc = t2v_encoder_open(model->config, model->store, &model->kernels, &model->encoder, err);
    if (rc == 0)
        rc = check_fit(model, err);
    if (rc == 0 && t2v_punkt_new(&model->punkt) != 0)
        rc = t2v_fail(err, T2V_ENOMEM, "no memory for the sentence splitter");
    return rc;
}

/* Every error names the directory; those that already begin with a path in it are left alone. */
static void name_dir(const char *dir, int rc, struct t2v_err *err)
{
    if (err != NULL && strncmp(err->msg, dir, strlen(dir)) != 0)
        t2v_fail_in(err, rc, dir);
}

int t2v_model_open(const struct t2v_model_options *options, t2v_model **out, struct t2v_err *err)
{
    t2v_model *model = t2v_alloc_zero(1, sizeof *model);
    if (model == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    model->dir = t2v_dup(options->dir, strlen(options->dir));
    int rc = model->dir == NULL ? t2v_fail(err, T2V_ENOMEM, "no memory for the model")
                                : open_parts(model, options, err);
    if (rc != 0) {
        name_dir(options->dir, rc, err);
        t2v_model_free(model);
        return rc;
    }
    *out = model;
    return 0;
}

void t2v_model_free(t2v_model *model)
{
    if (model == NULL)
        return;
    t2v_punkt_free(model->punkt);
    t2v_encoder_free(model->encoder);
    t2v_store_close(model->store);
    t2v_tokenizer_free(model->tokenizer);
    t2v_json_free(model->config);
    t2v_free(model->config_text);
    t2v_free(model->dir);
    t2v_free(model);
}

struct t2v_str t2v_model_config(const t2v_model *model)
{
    return (struct t2v_str){model->config_text, model->config_len};
}

const char *t2v_model_dir(const t2v_model *model)
{
    return model->dir;
}

const char *t2v_model_family(const t2v_model *model)
{
    return t2v_encoder_family(model->encoder);
}

const char *t2v_model_vectorizer(const t2v_model *model)
{
    return vectorizer_names[model->vectorizer];
}

const char *t2v_model_precision(const t2v_model *model)
{
    (void)model;
    return "f32";
}

const char *t2v_model_cpu(const t2v_model *model)
{
    return model->kernels.name;
}

size_t t2v_model_dim(const t2v_model *model)
{
    return t2v_encoder_shape(model->encoder)->hidden;
}

size_t t2v_model_max_tok(const t2v_model *model)
{
    return model->max_tok;
}

const t2v_tokenizer *t2v_model_tokenizer(const t2v_model *model)
{
    return model->tokenizer;
}

const t2v_encoder *t2v_model_encoder(const t2v_model *model)
{
    return model->encoder;
}

const t2v_store *t2v_model_store(const t2v_model *model)
{
    return model->store;
}

int t2v_model_pooling(const t2v_model *model, const struct t2v_ask *ask, enum t2v_pooling *out,
                      struct t2v_err *err)
{
    (void)model;
    if (ask->pooling.len == 0 || t2v_str_is(ask->pooling, "masked_mean"))
        *out = T2V_POOL_MEAN;
    else if (t2v_str_is(ask->pooling, "cls"))
        *out = T2V_POOL_CLS;
    else
        return t2v_fail(err, T2V_EPOOLING, "invalid pooling method '%.*s'",
                        T2V_STR_ARG(ask->pooling));
    return 0;
}
