/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/embed/vectorizer.h"

#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/json_file.h"

#include "base/banned.h"

enum { MARKER_BYTES = 4096 };

const char *const t2v_vectorizer_names[T2V_N_VECTORIZER] = {
    [T2V_VECTORIZER_DEFAULT] = "default",
    [T2V_VECTORIZER_SENTENCE] = "sentence-transformers",
    [T2V_VECTORIZER_ONNX] = "onnx",
    [T2V_VECTORIZER_MODEL2VEC] = "model2vec",
};

int t2v_marker_exists(const t2v_model *model, const char *name, bool *there, struct t2v_err *err)
{
    char path[T2V_PATH_BYTES];
    return t2v_file_find(path, sizeof path, t2v_model_dir(model), name, there, err);
}

/* Sets *says_true from a marker file. If there is none, *says_true keeps its value, which is that
 * of the environment. */
static int read_marker(const t2v_model *model, const char *name, bool *says_true,
                       struct t2v_err *err)
{
    char path[T2V_PATH_BYTES], *text;
    size_t len;
    bool there;
    int rc = t2v_file_find(path, sizeof path, t2v_model_dir(model), name, &there, err);
    if (rc == 0 && there)
        rc = t2v_file_read(path, MARKER_BYTES, &text, &len, err);
    if (rc != 0 || !there)
        return rc;
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r' || text[len - 1] == ' '))
        len--;
    *says_true = t2v_str_is((struct t2v_str){text, len}, "true");
    t2v_free(text);
    return 0;
}

/* What the files that choose the vectorizer say, all of them read. */
struct markers {
    bool onnx, model_name, prefixes, prompt, modules;
};

static int read_markers(const t2v_model *model, struct markers *out, struct t2v_err *err)
{
    int rc = read_marker(model, "onnx_runtime", &out->onnx, err);
    if (rc == 0)
        rc = t2v_marker_exists(model, "model_name", &out->model_name, err);
    if (rc == 0)
        rc = read_marker(model, "use_query_passage_prefixes", &out->prefixes, err);
    if (rc == 0)
        rc = read_marker(model, "use_query_prompt", &out->prompt, err);
    return rc == 0 ? t2v_marker_exists(model, "modules.json", &out->modules, err) : rc;
}

/* DPR's output is no row for each token, which is what the other vectorizers pool; Transformers
 * knows no static embeddings, so only the two libraries that have them run them. */
static int check_family(const t2v_model *model, enum t2v_vectorizer chosen, struct t2v_str type,
                        struct t2v_err *err)
{
    if (t2v_model_is_static(model)) {
        if (chosen == T2V_VECTORIZER_SENTENCE || chosen == T2V_VECTORIZER_MODEL2VEC)
            return 0;
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "static embeddings run under sentence-transformers or model2vec, not "
                        "under %s",
                        t2v_vectorizer_names[chosen]);
    }
    if (chosen == T2V_VECTORIZER_DEFAULT || type.ptr == NULL || !t2v_str_is(type, "dpr"))
        return 0;
    return t2v_fail(err, T2V_EUNSUPPORTED, "dpr runs under the default vectorizer, not under %s",
                    t2v_vectorizer_names[chosen]);
}

/* In upstream's order: ONNX first, then what runs under sentence-transformers, else the default. */
static enum t2v_vectorizer choose(const t2v_model *model,
                                  const struct t2v_embedder_options *options,
                                  const struct markers *markers, struct t2v_str type)
{
    for (int i = 0; i < T2V_N_VECTORIZER; i++) {
        if (strcmp(options->vectorizer, t2v_vectorizer_names[i]) == 0)
            return (enum t2v_vectorizer)i;
    }
    if (markers->onnx)
        return T2V_VECTORIZER_ONNX;
    if (options->sentence_transformers || markers->model_name || t2v_model_is_static(model) ||
        (type.ptr != NULL && t2v_str_is(type, "t5")))
        return T2V_VECTORIZER_SENTENCE;
    return T2V_VECTORIZER_DEFAULT;
}

int t2v_vectorizer_choose(const t2v_model *model, const struct t2v_embedder_options *options,
                          enum t2v_vectorizer *out, bool *prefixes, struct t2v_err *err)
{
    struct t2v_str type = t2v_json_str(t2v_json_get(t2v_model_settings(model), "model_type"));
    struct markers markers = {.onnx = options->onnx_runtime,
                              .prefixes = options->query_passage_prefixes};
    int rc = read_markers(model, &markers, err);
    if (rc != 0)
        return rc;
    *out = choose(model, options, &markers, type);
    *prefixes = *out != T2V_VECTORIZER_MODEL2VEC && markers.prefixes;
    if (markers.prompt)
        t2v_log(T2V_LOG_INFO, "model", "use_query_prompt is accepted, and has no effect here");
    if (*out == T2V_VECTORIZER_DEFAULT && markers.modules)
        t2v_log(T2V_LOG_INFO, "model",
                "modules.json is not run, as in the Python server's images of this kind: the mean "
                "of tokens counts, whatever it says; --sentence-transformers runs it");
    return check_family(model, *out, type, err);
}
