/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/embed/pipeline.h"

#include "model/modules.h"
#include <inttypes.h>

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
            rc = t2v_json_flag(config, modes[i].key, &on, err);
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
    struct t2v_json_file config;
    int rc = t2v_json_file_find(folder, "config.json", T2V_JSON_OBJECT, &config, err);
    if (rc == 0 && config.root == NULL)
        rc = t2v_fail(err, T2V_EIO, "there is no such file");
    if (rc == 0)
        rc = read_modes(config.root, out, err);
    bool include = true;
    if (rc == 0)
        rc = t2v_json_flag(config.root, "include_prompt", &include, err);
    t2v_json_file_deinit(&config);
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

/* What the modules of one model are read with. */
struct reading {
    const char *dir;
    size_t hidden;
    const struct t2v_kernels *kernels;
    struct t2v_arena *arena;
    struct t2v_pipeline *out;
};

/* One of the modules after Pooling. */
static int read_step(const struct reading *r, const char *folder, struct t2v_str type,
                     struct t2v_err *err)
{
    struct t2v_pipeline *out = r->out;
    bool dense = t2v_str_is(type, "Dense"), norm = t2v_str_is(type, "LayerNorm");
    if (t2v_str_is(type, "Dropout")) /* does something in training alone */
        return 0;
    if (!dense && !norm && !t2v_str_is(type, "Normalize"))
        return t2v_module_refuse(type, err);
    struct t2v_step *step = add_step(out, err);
    int rc = 0;
    if (step == NULL)
        return T2V_EUNSUPPORTED;
    if (dense)
        rc = t2v_step_read_dense(folder, "sentence_embedding", out->dim, r->kernels, r->arena, step,
                                 err);
    else if (norm)
        rc = t2v_step_read_norm(folder, out->dim, r->arena, step, err);
    else
        *step = (struct t2v_step){.kind = T2V_STEP_NORMALIZE, .n_in = out->dim, .n_out = out->dim};
    out->dim = step->n_out;
    out->unit = step->kind == T2V_STEP_NORMALIZE;
    if (out->width < out->dim)
        out->width = out->dim;
    return rc;
}

static int read_module(const struct reading *r, const t2v_json *module, size_t index,
                       struct t2v_err *err)
{
    static const char *const first[] = {"Transformer", "Pooling"};
    char folder[T2V_PATH_BYTES];
    struct t2v_str type = {NULL, 0};
    int rc = t2v_module_type(module, &type, err);
    if (rc == 0 && index < 2 && !t2v_str_is(type, first[index]))
        rc = t2v_module_refuse(type, err);
    if (rc == 0)
        rc = t2v_module_folder(r->dir, module, folder, err);
    if (rc != 0 || index == 0)
        return rc;
    return index == 1 ? read_pooling(folder, r->hidden, r->out, err)
                      : read_step(r, folder, type, err);
}

static int read_modules(const struct reading *r, const t2v_json *list, struct t2v_err *err)
{
    size_t n = t2v_json_len(list);
    if (n < 2)
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "%zu modules; at least Transformer and Pooling are needed", n);
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = read_module(r, t2v_json_at(list, i), i, err);
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

static int read_prompt(const t2v_json *prompts, int which, struct t2v_arena *arena,
                       struct t2v_pipeline *out, struct t2v_err *err)
{
    static const char *const names[T2V_N_PROMPT] = {"query", "document"};
    const t2v_json *prompt = t2v_json_get(prompts, names[which]);
    struct t2v_str text = t2v_json_str(prompt);
    if (t2v_json_type(prompt) > T2V_JSON_NULL && text.ptr == NULL)
        return t2v_fail(err, T2V_EFORMAT, "prompt %s should be a string, and is %s", names[which],
                        t2v_json_type_name(prompt));
    if (text.len == 0)
        return 0;
    out->prompts[which] = t2v_arena_dup(arena, text);
    return out->prompts[which].ptr != NULL ? 0
                                           : t2v_fail(err, T2V_ENOMEM, "no memory for the prompts");
}

static int add_named(struct t2v_str name, struct t2v_str text, struct t2v_arena *arena,
                     struct t2v_pipeline *out, struct t2v_err *err)
{
    struct t2v_prompt *prompt = &out->named[out->n_named++];
    *prompt = (struct t2v_prompt){t2v_arena_dup(arena, name), t2v_arena_dup(arena, text), 0};
    return prompt->name.ptr != NULL && prompt->text.ptr != NULL
               ? 0
               : t2v_fail(err, T2V_ENOMEM, "no memory for the prompts");
}

/* All prompts by name. What is no string cannot be asked for. */
static int read_named(const t2v_json *config, struct t2v_arena *arena, struct t2v_pipeline *out,
                      struct t2v_err *err)
{
    const t2v_json *prompts = t2v_json_get(config, "prompts");
    struct t2v_str chosen = t2v_json_str(t2v_json_get(config, "default_prompt_name"));
    size_t n = t2v_json_len(prompts);
    int rc = 0;
    if (n == 0)
        return 0;
    out->named = t2v_arena_alloc(arena, n, sizeof *out->named);
    if (out->named == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the prompts");
    for (struct t2v_json_member m = t2v_json_first(prompts); rc == 0 && m.value != NULL;
         m = t2v_json_next(prompts, m)) {
        struct t2v_str text = t2v_json_str(m.value);
        if (text.ptr == NULL)
            continue;
        if (chosen.ptr != NULL && t2v_str_eq(chosen, m.key))
            out->default_prompt = out->n_named;
        rc = add_named(m.key, text, arena, out, err);
    }
    return rc;
}

/* UPSTREAM: the library puts an empty "query" and "document" among the prompts before it reads
 * them, so that a task never comes to "passage", "corpus" and default_prompt_name. */
static int read_prompts(const char *dir, bool any_type, struct t2v_arena *arena,
                        struct t2v_pipeline *out, struct t2v_err *err)
{
    static const char name[] = "config_sentence_transformers.json";
    struct t2v_json_file config;
    int rc = t2v_json_file_find(dir, name, T2V_JSON_OBJECT, &config, err);
    struct t2v_str kind = t2v_json_str(t2v_json_get(config.root, "model_type"));
    if (rc == 0 && kind.ptr != NULL && !any_type && !t2v_str_is(kind, "SentenceTransformer"))
        rc = t2v_fail(err, T2V_EUNSUPPORTED, "model_type '%.*s' is not supported",
                      T2V_STR_ARG(kind));
    const t2v_json *prompts = t2v_json_get(config.root, "prompts");
    if (rc == 0 && t2v_json_type(prompts) > T2V_JSON_NULL &&
        t2v_json_type(prompts) != T2V_JSON_OBJECT)
        rc = t2v_fail(err, T2V_EFORMAT, "prompts should be an object, and is %s",
                      t2v_json_type_name(prompts));
    for (int i = 0; i < T2V_N_PROMPT && rc == 0; i++)
        rc = read_prompt(prompts, i, arena, out, err);
    if (rc == 0)
        rc = read_named(config.root, arena, out, err);
    if (rc == 0)
        rc = read_truncate_dim(config.root, out, err);
    t2v_json_file_deinit(&config);
    return t2v_fail_in_dir(err, rc, dir, name);
}

int t2v_pipeline_read(const char *dir, size_t hidden, const struct t2v_kernels *kernels,
                      struct t2v_arena *arena, struct t2v_pipeline *out, struct t2v_err *err)
{
    const struct reading reading = {dir, hidden, kernels, arena, out};
    struct t2v_json_file modules;
    t2v_pipeline_simple(out, T2V_POOL_MEAN, hidden);
    int rc = t2v_modules_find(dir, &modules, err);
    if (rc != 0 || modules.root == NULL)
        return rc;
    rc = read_modules(&reading, modules.root, err);
    t2v_json_file_deinit(&modules);
    if (rc != 0)
        return t2v_fail_in_dir(err, rc, dir, "modules.json");
    return read_prompts(dir, false, arena, out, err);
}

int t2v_pipeline_read_texts(const char *dir, size_t hidden, struct t2v_arena *arena,
                            struct t2v_pipeline *out, struct t2v_err *err)
{
    struct t2v_json_file modules;
    t2v_pipeline_simple(out, T2V_POOL_MEAN, hidden);
    int rc = t2v_modules_find(dir, &modules, err);
    bool there = modules.root != NULL;
    t2v_json_file_deinit(&modules);
    return rc == 0 && there ? read_prompts(dir, true, arena, out, err) : rc;
}

static int check_static_modules(const t2v_json *list, bool *unit, struct t2v_err *err)
{
    int rc = 0;
    for (size_t i = 0; i < t2v_json_len(list) && rc == 0; i++) {
        struct t2v_str type = {NULL, 0};
        rc = t2v_module_type(t2v_json_at(list, i), &type, err);
        if (rc == 0 && !t2v_str_is(type, i == 0 ? "StaticEmbedding" : "Normalize"))
            rc = t2v_fail(err, T2V_EUNSUPPORTED,
                          "module '%.*s' is not supported here; supported: StaticEmbedding, then "
                          "Normalize",
                          T2V_STR_ARG(type));
        *unit |= rc == 0 && i > 0;
    }
    return rc;
}

int t2v_pipeline_read_static(const char *dir, size_t hidden, struct t2v_arena *arena,
                             struct t2v_pipeline *out, struct t2v_err *err)
{
    struct t2v_json_file modules;
    t2v_pipeline_simple(out, T2V_POOL_SUM, hidden);
    int rc = t2v_modules_find(dir, &modules, err);
    if (rc == 0 && (rc = check_static_modules(modules.root, &out->unit, err)) != 0)
        t2v_fail_in_dir(err, rc, dir, "modules.json");
    t2v_json_file_deinit(&modules);
    return rc != 0 ? rc : read_prompts(dir, false, arena, out, err);
}

void t2v_pipeline_simple(struct t2v_pipeline *out, enum t2v_pooling mode, size_t hidden)
{
    *out = (struct t2v_pipeline){
        .modes = {mode}, .n_mode = 1, .width = hidden, .dim = hidden, .default_prompt = SIZE_MAX};
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
