/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/embed/pipeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

#include "base/banned.h"

/* The modes by the names that newer configurations have, in the order in which the older ones'
 * switches are laid side by side. */
static const struct {
    const char *name, *key;
    enum t2v_pooling mode;
    bool absent; /* what a switch that is not there says */
} modes[] = {
    {"cls", "pooling_mode_cls_token", T2V_POOL_CLS, false},
    {"max", "pooling_mode_max_tokens", T2V_POOL_MAX, false},
    {"mean", "pooling_mode_mean_tokens", T2V_POOL_MEAN, true},
    {"mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens", T2V_POOL_MEAN_SQRT, false},
    {"weightedmean", "pooling_mode_weightedmean_tokens", T2V_POOL_WEIGHTED_MEAN, false},
    {"lasttoken", "pooling_mode_lasttoken", T2V_POOL_LAST, false},
};
enum { N_MODE = sizeof modes / sizeof modes[0] };
_Static_assert((int)N_MODE == (int)T2V_MAX_MODE, "each mode has its place");

/* --- folders --- */

/* True when one of the path's parts is "..". */
static bool climbs(struct t2v_str path)
{
    size_t from = 0;
    for (size_t i = 0; i <= path.len; i++) {
        if (i < path.len && path.ptr[i] != '/')
            continue;
        if (i - from == 2 && memcmp(path.ptr + from, "..", 2) == 0)
            return true;
        from = i + 1;
    }
    return false;
}

/* DIR/PATH, which has to stay inside dir. */
static int folder_of(const char *dir, const t2v_json *module, char out[T2V_PATH_BYTES],
                     struct t2v_err *err)
{
    char name[512];
    struct t2v_str path = t2v_json_str(t2v_json_get(module, "path"));
    if (path.ptr == NULL)
        return t2v_fail(err, T2V_EFORMAT, "a module without a path");
    if (path.len >= sizeof name || memchr(path.ptr, '\0', path.len) != NULL || climbs(path) ||
        (path.len != 0 && path.ptr[0] == '/'))
        return t2v_fail(err, T2V_EFORMAT, "path '%.*s' does not stay inside the model directory",
                        T2V_STR_ARG(path));
    memcpy(name, path.ptr, path.len);
    name[path.len] = '\0';
    if (path.len != 0)
        return t2v_file_join(out, T2V_PATH_BYTES, dir, name, err);
    snprintf(out, T2V_PATH_BYTES, "%s", dir);
    return strlen(out) == strlen(dir) ? 0 : t2v_fail(err, T2V_ETOOLARGE, "%s: too long", dir);
}

/* The last part of "sentence_transformers.models.Pooling", of whichever version. A model's own
 * classes, which may be called the same, are refused. */
static int type_of(const t2v_json *module, struct t2v_str *out, struct t2v_err *err)
{
    struct t2v_str type = t2v_json_str(t2v_json_get(module, "type"));
    if (type.ptr == NULL)
        return t2v_fail(err, T2V_EFORMAT, "a module without a type");
    if (!t2v_str_starts(type, T2V_STR("sentence_transformers.")))
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "type '%.*s' is the model's own code, which is not run", T2V_STR_ARG(type));
    *out = type;
    for (size_t i = 0; i < type.len; i++) {
        if (type.ptr[i] == '.')
            *out = t2v_str_skip(type, i + 1);
    }
    return 0;
}

static int refuse_type(struct t2v_str type, struct t2v_err *err)
{
    return t2v_fail(err, T2V_EUNSUPPORTED,
                    "module '%.*s' is not supported here; supported: Transformer, then Pooling, "
                    "then Dense, LayerNorm, Dropout, Normalize",
                    T2V_STR_ARG(type));
}

int t2v_pipeline_check_first(const char *dir, struct t2v_err *err)
{
    t2v_json *list;
    struct t2v_str type = {NULL, 0};
    int rc = t2v_pool_json(dir, "modules.json", T2V_JSON_ARRAY, &list, err);
    if (rc == 0 && t2v_json_len(list) != 0)
        rc = type_of(t2v_json_at(list, 0), &type, err);
    if (rc == 0 && type.ptr != NULL && !t2v_str_is(type, "Transformer") &&
        !t2v_str_is(type, "StaticEmbedding"))
        rc = refuse_type(type, err);
    t2v_json_free(list);
    return t2v_fail_in_dir(err, rc, dir, "modules.json");
}

int t2v_pipeline_first(const char *dir, char out[T2V_PATH_BYTES], bool *is_static,
                       struct t2v_err *err)
{
    t2v_json *list;
    *out = '\0';
    int rc = t2v_pool_json(dir, "modules.json", T2V_JSON_ARRAY, &list, err);
    const t2v_json *first = t2v_json_at(list, 0);
    struct t2v_str path = t2v_json_str(t2v_json_get(first, "path"));
    if (rc == 0 && path.len != 0 && !t2v_str_is(path, ".") && !t2v_str_is(path, "./"))
        rc = t2v_fail_in_dir(err, folder_of(dir, first, out, err), dir, "modules.json");
    struct t2v_str type = {NULL, 0};
    *is_static = type_of(first, &type, NULL) == 0 && t2v_str_is(type, "StaticEmbedding");
    t2v_json_free(list);
    return rc;
}

/* --- pooling --- */

static int add_mode(struct t2v_pipeline *out, const t2v_json *name, struct t2v_err *err)
{
    struct t2v_str word = t2v_json_str(name);
    if (word.ptr == NULL)
        return t2v_fail(err, T2V_EFORMAT, "pooling_mode should be a string or a list of them");
    for (size_t i = 0; i < N_MODE; i++) {
        if (!t2v_str_is(word, modes[i].name))
            continue;
        if (out->n_mode == T2V_MAX_MODE)
            return t2v_fail(err, T2V_EUNSUPPORTED, "pooling_mode: more than %d modes", (int)N_MODE);
        out->modes[out->n_mode++] = modes[i].mode;
        return 0;
    }
    return t2v_fail(err, T2V_EUNSUPPORTED, "pooling_mode '%.*s' is not supported",
                    T2V_STR_ARG(word));
}

static int read_modes(const t2v_json *config, struct t2v_pipeline *out, struct t2v_err *err)
{
    const t2v_json *named = t2v_json_get(config, "pooling_mode");
    int rc = 0;
    out->n_mode = 0;
    if (t2v_json_type(named) == T2V_JSON_ARRAY) {
        for (size_t i = 0; i < t2v_json_len(named) && rc == 0; i++)
            rc = add_mode(out, t2v_json_at(named, i), err);
    } else if (t2v_json_type(named) > T2V_JSON_NULL) {
        rc = add_mode(out, named, err);
    } else {
        for (size_t i = 0; i < N_MODE && rc == 0; i++) {
            bool on = modes[i].absent;
            rc = t2v_pool_switch(config, modes[i].key, &on, err);
            if (on)
                out->modes[out->n_mode++] = modes[i].mode;
        }
    }
    if (rc == 0 && out->n_mode == 0)
        out->modes[out->n_mode++] = T2V_POOL_MEAN;
    return rc;
}

static int read_pooling(const char *folder, size_t hidden, struct t2v_pipeline *out,
                        struct t2v_err *err)
{
    t2v_json *config;
    int rc = t2v_pool_json(folder, "config.json", T2V_JSON_OBJECT, &config, err);
    if (rc == 0 && config == NULL)
        rc = t2v_fail(err, T2V_EIO, "there is no such file");
    if (rc == 0)
        rc = read_modes(config, out, err);
    bool include = true;
    if (rc == 0)
        rc = t2v_pool_switch(config, "include_prompt", &include, err);
    t2v_json_free(config);
    out->skip_prompt = !include;
    out->dim = out->width = out->n_mode * hidden;
    return t2v_fail_in_dir(err, rc, folder, "config.json");
}

/* --- modules --- */

static struct t2v_step *add_step(struct t2v_pipeline *out, struct t2v_err *err)
{
    if (out->n_step < T2V_MAX_STEP)
        return &out->steps[out->n_step++];
    t2v_fail(err, T2V_EUNSUPPORTED, "more than %d modules behind Pooling", (int)T2V_MAX_STEP);
    return NULL;
}

/* One of the modules behind Pooling. */
static int read_step(const char *folder, struct t2v_str type, const struct t2v_kernels *kernels,
                     struct t2v_arena *arena, struct t2v_pipeline *out, struct t2v_err *err)
{
    bool dense = t2v_str_is(type, "Dense"), norm = t2v_str_is(type, "LayerNorm");
    if (t2v_str_is(type, "Dropout")) /* does something in training alone */
        return 0;
    if (!dense && !norm && !t2v_str_is(type, "Normalize"))
        return refuse_type(type, err);
    struct t2v_step *step = add_step(out, err);
    int rc = 0;
    if (step == NULL)
        return T2V_EUNSUPPORTED;
    if (dense)
        rc = t2v_step_read_dense(folder, out->dim, kernels, arena, step, err);
    else if (norm)
        rc = t2v_step_read_norm(folder, out->dim, arena, step, err);
    else
        *step = (struct t2v_step){.kind = T2V_STEP_NORMALIZE, .n_in = out->dim, .n_out = out->dim};
    out->dim = step->n_out;
    if (out->width < out->dim)
        out->width = out->dim;
    return rc;
}

static int read_module(const char *dir, const t2v_json *module, size_t index, size_t hidden,
                       const struct t2v_kernels *kernels, struct t2v_arena *arena,
                       struct t2v_pipeline *out, struct t2v_err *err)
{
    static const char *const first[] = {"Transformer", "Pooling"};
    char folder[T2V_PATH_BYTES];
    struct t2v_str type = {NULL, 0};
    int rc = type_of(module, &type, err);
    if (rc == 0 && index < 2 && !t2v_str_is(type, first[index]))
        rc = refuse_type(type, err);
    if (rc == 0)
        rc = folder_of(dir, module, folder, err);
    if (rc != 0 || index == 0)
        return rc;
    return index == 1 ? read_pooling(folder, hidden, out, err)
                      : read_step(folder, type, kernels, arena, out, err);
}

static int read_modules(const char *dir, const t2v_json *list, size_t hidden,
                        const struct t2v_kernels *kernels, struct t2v_arena *arena,
                        struct t2v_pipeline *out, struct t2v_err *err)
{
    size_t n = t2v_json_len(list);
    if (n < 2)
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "%zu modules; at least Transformer and Pooling are needed", n);
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = read_module(dir, t2v_json_at(list, i), i, hidden, kernels, arena, out, err);
    return rc;
}

/* --- the other files --- */

/* How many components of a vector are kept, where a request does not say. */
static int read_truncate_dim(const t2v_json *config, struct t2v_pipeline *out, struct t2v_err *err)
{
    const t2v_json *value = t2v_json_get(config, "truncate_dim");
    int64_t n = 0;
    out->cut_dim = 0;
    if (t2v_json_type(value) <= T2V_JSON_NULL)
        return 0;
    if (!t2v_json_int(value, &n) || n < 1)
        return t2v_fail(err, T2V_EFORMAT, "truncate_dim should be an integer above 0");
    if ((uint64_t)n < out->dim)
        out->cut_dim = (size_t)n;
    return 0;
}

/* UPSTREAM: the library puts an empty "query" and "document" among the prompts before it reads
 * them, so "passage", "corpus" and default_prompt_name are never come to. */
static int read_prompts(const char *dir, struct t2v_arena *arena, struct t2v_pipeline *out,
                        struct t2v_err *err)
{
    static const char name[] = "config_sentence_transformers.json";
    static const char *const names[T2V_N_PROMPT] = {"query", "document"};
    t2v_json *config;
    int rc = t2v_pool_json(dir, name, T2V_JSON_OBJECT, &config, err);
    struct t2v_str kind = t2v_json_str(t2v_json_get(config, "model_type"));
    if (rc == 0 && kind.ptr != NULL && !t2v_str_is(kind, "SentenceTransformer"))
        rc = t2v_fail(err, T2V_EUNSUPPORTED, "model_type '%.*s' is not supported",
                      T2V_STR_ARG(kind));
    const t2v_json *prompts = t2v_json_get(config, "prompts");
    if (rc == 0 && t2v_json_type(prompts) > T2V_JSON_NULL &&
        t2v_json_type(prompts) != T2V_JSON_OBJECT)
        rc = t2v_fail(err, T2V_EFORMAT, "prompts should be an object, and is %s",
                      t2v_json_type_name(prompts));
    for (int i = 0; i < T2V_N_PROMPT && rc == 0; i++) {
        const t2v_json *prompt = t2v_json_get(prompts, names[i]);
        if (t2v_json_type(prompt) > T2V_JSON_NULL && t2v_json_str(prompt).ptr == NULL)
            rc = t2v_fail(err, T2V_EFORMAT, "prompt %s should be a string, and is %s", names[i],
                          t2v_json_type_name(prompt));
        else if (t2v_json_str(prompt).len != 0)
            out->prompts[i] = t2v_arena_dup(arena, t2v_json_str(prompt));
        if (rc == 0 && t2v_json_str(prompt).len != 0 && out->prompts[i].ptr == NULL)
            rc = t2v_fail(err, T2V_ENOMEM, "no memory for the prompts");
    }
    if (rc == 0)
        rc = read_truncate_dim(config, out, err);
    t2v_json_free(config);
    return t2v_fail_in_dir(err, rc, dir, name);
}

int t2v_pipeline_read(const char *dir, size_t hidden, const struct t2v_kernels *kernels,
                      struct t2v_arena *arena, struct t2v_pipeline *out, struct t2v_err *err)
{
    t2v_json *list;
    t2v_pipeline_simple(out, T2V_POOL_MEAN, hidden);
    int rc = t2v_pool_json(dir, "modules.json", T2V_JSON_ARRAY, &list, err);
    if (rc != 0 || list == NULL)
        return rc;
    rc = read_modules(dir, list, hidden, kernels, arena, out, err);
    t2v_json_free(list);
    if (rc != 0)
        return t2v_fail_in_dir(err, rc, dir, "modules.json");
    return read_prompts(dir, arena, out, err);
}

static int check_bag_modules(const t2v_json *list, struct t2v_err *err)
{
    int rc = 0;
    for (size_t i = 0; i < t2v_json_len(list) && rc == 0; i++) {
        struct t2v_str type = {NULL, 0};
        rc = type_of(t2v_json_at(list, i), &type, err);
        if (rc == 0 && !t2v_str_is(type, i == 0 ? "StaticEmbedding" : "Normalize"))
            rc = t2v_fail(err, T2V_EUNSUPPORTED,
                          "module '%.*s' is not supported here; supported: StaticEmbedding, then "
                          "Normalize",
                          T2V_STR_ARG(type));
    }
    return rc;
}

int t2v_pipeline_read_bag(const char *dir, size_t hidden, struct t2v_arena *arena,
                          struct t2v_pipeline *out, struct t2v_err *err)
{
    t2v_json *list;
    t2v_pipeline_simple(out, T2V_POOL_SUM, hidden);
    int rc = t2v_pool_json(dir, "modules.json", T2V_JSON_ARRAY, &list, err);
    if (rc == 0 && (rc = check_bag_modules(list, err)) != 0)
        t2v_fail_in_dir(err, rc, dir, "modules.json");
    t2v_json_free(list);
    return rc != 0 ? rc : read_prompts(dir, arena, out, err);
}

void t2v_pipeline_simple(struct t2v_pipeline *out, enum t2v_pooling mode, size_t hidden)
{
    *out = (struct t2v_pipeline){.modes = {mode}, .n_mode = 1, .width = hidden, .dim = hidden};
}

void t2v_pipeline_add_linear(struct t2v_pipeline *pipeline, const struct t2v_linear *linear)
{
    pipeline->steps[pipeline->n_step++] = (struct t2v_step){
        .kind = T2V_STEP_DENSE, .n_in = linear->n_in, .n_out = linear->n_out, .linear = *linear};
    pipeline->dim = linear->n_out;
    if (pipeline->width < linear->n_out)
        pipeline->width = linear->n_out;
}

void t2v_pipeline_describe(const struct t2v_pipeline *pipeline, struct t2v_buf *out)
{
    if (pipeline->modes[0] == T2V_POOL_SUM)
        t2v_buf_adds(out, "mean of the tokens' rows");
    for (size_t i = 0; i < pipeline->n_mode; i++) {
        for (size_t m = 0; m < N_MODE; m++) {
            if (modes[m].mode == pipeline->modes[i])
                t2v_buf_addf(out, "%s%s", i > 0 ? " + " : "", modes[m].name);
        }
    }
    for (size_t i = 0; i < pipeline->n_step; i++) {
        t2v_buf_adds(out, ", ");
        t2v_step_describe(&pipeline->steps[i], out);
    }
}
