/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/sparse/open.h"

#include "base/mem.h"
#include "model/modules.h"
#include "task/embed/open.h"
#include "task/sparse/run.h"
#include "task/sparse/sparse_private.h"

#include "base/banned.h"

/* --- SpladePooling's settings --- */

/* One of two words; absent: the first. */
static int read_word(const t2v_json *config, const char *key, const char *const words[2],
                     bool *second, struct t2v_err *err)
{
    const t2v_json *value = t2v_json_get(config, key);
    struct t2v_str word = t2v_json_str(value);
    *second = word.ptr != NULL && t2v_str_is(word, words[1]);
    if (value == NULL || *second || (word.ptr != NULL && t2v_str_is(word, words[0])))
        return 0;
    return t2v_fail(err, T2V_EUNSUPPORTED, "%s '%.*s' is not supported (%s, %s are)", key,
                    T2V_STR_ARG(word), words[0], words[1]);
}

static int read_pooling(const char *folder, t2v_sparse *sparse, struct t2v_err *err)
{
    static const char *const strategies[] = {"max", "sum"}, *const acts[] = {"relu", "log1p_relu"};
    struct t2v_json_file config;
    int rc = t2v_json_file_find(folder, "config.json", T2V_JSON_OBJECT, &config, err);
    if (rc == 0)
        rc = read_word(config.root, "pooling_strategy", strategies, &sparse->sum, err);
    if (rc == 0)
        rc = read_word(config.root, "activation_function", acts, &sparse->twice, err);
    t2v_json_file_deinit(&config);
    return t2v_fail_in_dir(err, rc, folder, "config.json");
}

static int read_module(const char *dir, const t2v_json *module, size_t index, t2v_sparse *sparse,
                       struct t2v_err *err)
{
    char folder[T2V_PATH_BYTES];
    struct t2v_str type = {NULL, 0};
    int rc = t2v_module_type(module, &type, err);
    bool net = t2v_str_is(type, "Transformer") || t2v_str_is(type, "MLMTransformer");
    if (rc == 0 && !(index == 0 ? net : index == 1 && t2v_str_is(type, "SpladePooling")))
        rc = t2v_fail(err, T2V_EUNSUPPORTED,
                      "module '%.*s' is not supported here; supported: Transformer or "
                      "MLMTransformer, then SpladePooling",
                      T2V_STR_ARG(type));
    if (rc == 0)
        rc = t2v_module_folder(dir, module, folder, err);
    return rc == 0 && index == 1 ? read_pooling(folder, sparse, err) : rc;
}

/* UPSTREAM: a directory whose modules.json is another model's, or that has none, is run with the
 * default settings of SpladePooling. */
static int read_modules(t2v_sparse *sparse, const t2v_model *model, struct t2v_err *err)
{
    const char *dir = t2v_model_dir(model);
    struct t2v_json_file modules;
    if (!t2v_sparse_is_meant(model))
        return 0;
    int rc = t2v_modules_find(dir, &modules, err);
    for (size_t i = 0; rc == 0 && i < t2v_json_len(modules.root); i++)
        rc = read_module(dir, t2v_json_at(modules.root, i), i, sparse, err);
    t2v_json_file_deinit(&modules);
    return t2v_fail_in_dir(err, rc, dir, "modules.json");
}

/* --- opening --- */

static int open_parts(t2v_sparse *sparse, const t2v_embedder *first, struct t2v_err *err)
{
    int rc = read_modules(sparse, t2v_embedder_model(first), err);
    if (rc == 0)
        rc = t2v_embedder_open_texts(first, &sparse->embedder, err);
    if (rc != 0)
        return rc;
    const t2v_model *model = t2v_embedder_model(sparse->embedder);
    sparse->task = (struct t2v_task){
        .ops = &t2v_sparse_ops, .model = model, .max_tok = t2v_embedder_max_tok(sparse->embedder)};
    return t2v_mlm_head_load(model, &sparse->arena, &sparse->head, err);
}

int t2v_sparse_open(const t2v_embedder *first, t2v_sparse **out, struct t2v_err *err)
{
    t2v_sparse *sparse = t2v_alloc_zero(1, sizeof *sparse);
    if (sparse == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    int rc = open_parts(sparse, first, err);
    if (rc == 0)
        *out = sparse;
    else
        t2v_sparse_free(sparse);
    return t2v_fail_in_dir(err, rc, t2v_model_dir(t2v_embedder_model(first)), NULL);
}
