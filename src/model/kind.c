/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/kind.h"

#include <inttypes.h>

#include "base/file.h"
#include "model/diagnose.h"
#include "model/json_file.h"
#include "model/modules.h"
#include "model/place.h"

#include "base/banned.h"

enum { MAX_LABELS = 65536 };

const char *const t2v_kind_names[T2V_N_KIND] = {
    [T2V_KIND_EMBEDDER] = "embedder",
    [T2V_KIND_MASKED_LM] = "masked language model",
    [T2V_KIND_RERANKER] = "reranker",
    [T2V_KIND_CLASSIFIER] = "text classifier",
    [T2V_KIND_READER] = "question answering model",
    [T2V_KIND_TAGGER] = "token classifier",
    [T2V_KIND_GENERATOR] = "text generation model",
};

int t2v_kind_count_labels(const t2v_json *config, size_t *out, struct t2v_err *err)
{
    const t2v_json *id2label = t2v_json_get(config, "id2label");
    const t2v_json *value = t2v_json_get(config, "num_labels");
    int64_t n = 2;
    if (t2v_json_type(value) > T2V_JSON_NULL && !t2v_json_int(value, &n))
        return t2v_fail(err, T2V_EFORMAT, "config.json: num_labels should be an integer, and is %s",
                        t2v_json_type_name(value));
    if (t2v_json_type(id2label) > T2V_JSON_NULL) {
        if (t2v_json_type(id2label) != T2V_JSON_OBJECT)
            return t2v_fail(err, T2V_EFORMAT,
                            "config.json: id2label should be an object, and is %s",
                            t2v_json_type_name(id2label));
        size_t n_name = t2v_json_len(id2label);
        if (t2v_json_type(value) > T2V_JSON_NULL && (uint64_t)n != n_name)
            return t2v_fail(err, T2V_EFORMAT,
                            "config.json: num_labels is %" PRId64 ", but id2label has %zu", n,
                            n_name);
        n = (int64_t)n_name;
    }
    if (n < 1 || n > MAX_LABELS)
        return t2v_fail(err, T2V_EFORMAT, "config.json: %" PRId64 " labels, outside 1 to %d", n,
                        (int)MAX_LABELS);
    *out = (size_t)n;
    return 0;
}

int t2v_kind_of_config(const t2v_json *config, enum t2v_kind *out, struct t2v_err *err)
{
    static const struct {
        const char *end;
        enum t2v_kind kind;
    } ends[] = {
        {"ForMaskedLM", T2V_KIND_MASKED_LM},
        {"ForSequenceClassification", T2V_KIND_CLASSIFIER},
        {"ForQuestionAnswering", T2V_KIND_READER},
        {"ForTokenClassification", T2V_KIND_TAGGER},
        {"ForCausalLM", T2V_KIND_GENERATOR},
        {"LMHeadModel", T2V_KIND_GENERATOR},
        {"Gemma3ForConditionalGeneration", T2V_KIND_GENERATOR},
    };
    struct t2v_str name = t2v_json_str(t2v_json_at(t2v_json_get(config, "architectures"), 0));
    enum t2v_kind kind = T2V_KIND_EMBEDDER;
    size_t n_label = 0;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0] && name.ptr != NULL; i++) {
        if (t2v_str_ends(name, t2v_str_of(ends[i].end)))
            kind = ends[i].kind;
    }
    int rc = kind == T2V_KIND_CLASSIFIER ? t2v_kind_count_labels(config, &n_label, err) : 0;
    if (rc == 0)
        *out = n_label == 1 ? T2V_KIND_RERANKER : kind;
    return rc;
}

/* Whether config_sentence_transformers.json says that the directory is a CrossEncoder. */
static int read_cross(const char *dir, bool *cross, struct t2v_err *err)
{
    struct t2v_json_file file;
    int rc =
        t2v_json_file_find(dir, "config_sentence_transformers.json", T2V_JSON_OBJECT, &file, err);
    struct t2v_str type = t2v_json_str(t2v_json_get(file.root, "model_type"));
    *cross = type.ptr != NULL && t2v_str_is(type, "CrossEncoder");
    t2v_json_file_deinit(&file);
    return rc;
}

/* Whether modules.json makes an embedder of the directory. */
static int read_modules(const char *dir, bool *embeds, struct t2v_err *err)
{
    struct t2v_json_file modules;
    struct t2v_str type = {NULL, 0};
    bool cross = false;
    int rc = t2v_modules_find(dir, &modules, err);
    size_t n = t2v_json_len(modules.root);
    *embeds = false;
    if (rc == 0 && modules.root != NULL) {
        rc = read_cross(dir, &cross, err);
        *embeds = !cross;
    }
    if (rc == 0 && cross && n != 0)
        rc = t2v_module_type(t2v_json_at(modules.root, n - 1), &type, err);
    if (rc == 0 && cross && n > 1)
        rc = t2v_fail(err, T2V_EUNSUPPORTED,
                      "modules.json: a CrossEncoder with a module '%.*s' is not supported; one "
                      "that is a Transformer alone is",
                      T2V_STR_ARG(type));
    t2v_json_file_deinit(&modules);
    return rc;
}

static int find_kind(const char *dir, enum t2v_kind *out, struct t2v_err *err)
{
    char path[T2V_PATH_BYTES];
    struct t2v_place place;
    bool embeds;
    int rc = t2v_file_find(path, sizeof path, dir, "model_name", &embeds, err);
    if (rc == 0 && !embeds)
        rc = read_modules(dir, &embeds, err);
    if (rc != 0)
        return rc;
    if (embeds) {
        *out = T2V_KIND_EMBEDDER;
        return 0;
    }
    rc = t2v_place_find(dir, false, &place, err);
    if (rc != 0)
        return rc;
    rc = t2v_kind_of_config(place.config.root, out, err);
    t2v_place_deinit(&place);
    return rc;
}

int t2v_kind_find(const char *dir, bool chosen, enum t2v_kind *out, struct t2v_err *err)
{
    int rc = t2v_diagnose_dir(dir, err);
    if (rc == 0)
        rc = t2v_file_fence(dir, err);
    if (rc == 0 && chosen)
        *out = T2V_KIND_EMBEDDER;
    else if (rc == 0)
        rc = find_kind(dir, out, err);
    return t2v_fail_in_dir(err, rc, dir, NULL);
}
