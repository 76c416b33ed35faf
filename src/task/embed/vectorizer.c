/* SPDX-License-Identifier: BSD-3-Clause */
/* Which vectorizer: the marker files of upstream's images, the environment, the model's type. */
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "task/embed/embedder_private.h"

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
    return t2v_file_find(path, sizeof path, model->dir, name, there, err);
}

/* Sets *says_true from a marker file, if there is one; as it was, it is what the environment says.
 */
static int read_marker(const t2v_model *model, const char *name, bool *says_true,
                       struct t2v_err *err)
{
    char path[T2V_PATH_BYTES], *text;
    size_t len;
    bool there;
    int rc = t2v_file_find(path, sizeof path, model->dir, name, &there, err);
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
static int check_family(const t2v_model *model, struct t2v_str type, struct t2v_err *err)
{
    if (model->is_static) {
        if (model->vectorizer != T2V_VECTORIZER_SENTENCE &&
            model->vectorizer != T2V_VECTORIZER_MODEL2VEC)
            return t2v_fail(err, T2V_EUNSUPPORTED,
                            "static embeddings run under sentence-transformers or model2vec, not "
                            "under %s",
                            t2v_vectorizer_names[model->vectorizer]);
        return 0;
    }
    if (model->vectorizer == T2V_VECTORIZER_DEFAULT || type.ptr == NULL || !t2v_str_is(type, "dpr"))
        return 0;
    return t2v_fail(err, T2V_EUNSUPPORTED, "dpr runs under the default vectorizer, not under %s",
                    t2v_vectorizer_names[model->vectorizer]);
}

/* In upstream's order: ONNX first, then what runs under sentence-transformers, else the default. */
int t2v_choose_vectorizer(t2v_model *model, const struct t2v_model_options *options,
                          struct t2v_err *err)
{
    struct t2v_str type = t2v_json_str(t2v_json_get(model->json, "model_type"));
    enum t2v_vectorizer chosen = T2V_VECTORIZER_DEFAULT;
    struct markers markers = {.onnx = options->onnx_runtime,
                              .prefixes = options->query_passage_prefixes};
    int rc = read_markers(model, &markers, err);
    if (rc != 0)
        return rc;
    if (markers.onnx)
        chosen = T2V_VECTORIZER_ONNX;
    else if (options->sentence_transformers || markers.model_name || model->is_static ||
             (type.ptr != NULL && t2v_str_is(type, "t5")))
        chosen = T2V_VECTORIZER_SENTENCE;
    for (int i = 0; i < T2V_N_VECTORIZER; i++) {
        if (strcmp(options->vectorizer, t2v_vectorizer_names[i]) == 0)
            chosen = (enum t2v_vectorizer)i;
    }
    model->vectorizer = chosen;
    model->direct_tokenize = options->direct_tokenize;
    model->prefixes = chosen != T2V_VECTORIZER_MODEL2VEC && markers.prefixes;
    if (markers.prompt)
        t2v_log(T2V_LOG_INFO, "model", "use_query_prompt is accepted, and has no effect here");
    if (chosen == T2V_VECTORIZER_DEFAULT && markers.modules)
        t2v_log(T2V_LOG_INFO, "model",
                "modules.json is not run, as in the Python server's images of this kind: the mean "
                "of tokens counts, whatever it says; --sentence-transformers runs it");
    return check_family(model, type, err);
}
