/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/embed/steps.h"

#include <inttypes.h>
#include <math.h>

#include "model/json_file.h"
#include "net/load/single.h"
#include "weight/store.h"

#include "base/banned.h"

enum { MAX_FEATURES = 65536 };

/* torch.nn.LayerNorm's */
static const float NORM_EPS = 1e-5F;

static float act_tanh(float x)
{
    return tanhf(x);
}

static float act_sigmoid(float x)
{
    return 1.0F / (1.0F + expf(-x));
}

struct t2v_step_act {
    const char *name;     /* the last part of torch's */
    enum t2v_act act;     /* what the kernel does */
    float (*fn)(float x); /* and what is left to do; may be NULL */
};

static const struct t2v_step_act acts[] = {
    {"Identity", T2V_ACT_NONE, NULL}, {"Tanh", T2V_ACT_NONE, act_tanh},
    {"ReLU", T2V_ACT_RELU, NULL},     {"GELU", T2V_ACT_GELU, NULL},
    {"SiLU", T2V_ACT_SILU, NULL},     {"Sigmoid", T2V_ACT_NONE, act_sigmoid},
};

/* --- settings --- */

static int read_features(const t2v_json *config, const char *key, size_t *out, struct t2v_err *err)
{
    const t2v_json *value = t2v_json_get(config, key);
    int64_t n;
    if (!t2v_json_int(value, &n))
        return t2v_fail(err, T2V_EFORMAT, "%s should be an integer, and is %s", key,
                        value == NULL ? "missing" : t2v_json_type_name(value));
    if (n < 1 || n > MAX_FEATURES)
        return t2v_fail(err, T2V_EFORMAT, "%s is %" PRId64 ", outside 1 to %d", key, n,
                        (int)MAX_FEATURES);
    *out = (size_t)n;
    return 0;
}

/* The width that a module says it takes must be the width of what it gets. */
static int read_input(const t2v_json *config, const char *key, size_t n_in, struct t2v_err *err)
{
    size_t n = 0;
    int rc = read_features(config, key, &n, err);
    if (rc == 0 && n != n_in)
        rc = t2v_fail(err, T2V_EFORMAT, "%s is %zu, but %zu come in", key, n, n_in);
    return rc;
}

/* "torch.nn.modules.activation.Tanh"; Tanh where none is named, as the library's default is. */
static int read_act(const t2v_json *config, const struct t2v_step_act **out, struct t2v_err *err)
{
    const t2v_json *value = t2v_json_get(config, "activation_function");
    struct t2v_str name = t2v_json_str(value);
    if (value == NULL)
        name = T2V_STR("torch.nn.Tanh");
    if (name.ptr == NULL)
        return t2v_fail(err, T2V_EFORMAT, "activation_function should be a string, and is %s",
                        t2v_json_type_name(value));
    struct t2v_str last = name;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '.')
            last = t2v_str_skip(name, i + 1);
    }
    bool of_torch = t2v_str_starts(name, T2V_STR("torch.nn."));
    for (size_t i = 0; i < sizeof acts / sizeof acts[0] && of_torch; i++) {
        if (t2v_str_is(last, acts[i].name)) {
            *out = &acts[i];
            return 0;
        }
    }
    return t2v_fail(err, T2V_EUNSUPPORTED,
                    "activation_function '%.*s' is not supported (torch's Identity, "
                    "Tanh, ReLU, GELU, SiLU, Sigmoid are)",
                    T2V_STR_ARG(name));
}

/* What newer versions of the library can also say of a Dense module. */
static int refuse_unknown(const t2v_json *config, const char *input, struct t2v_err *err)
{
    static const char *const names[] = {"module_input_name", "module_output_name"};
    bool residual = false;
    int rc = t2v_json_flag(config, "use_residual", &residual, err);
    if (rc == 0 && residual)
        rc = t2v_fail(err, T2V_EUNSUPPORTED, "use_residual is not supported");
    for (size_t i = 0; i < 2 && rc == 0; i++) {
        const t2v_json *value = t2v_json_get(config, names[i]);
        struct t2v_str name = t2v_json_str(value);
        if (t2v_json_type(value) > T2V_JSON_NULL && (name.ptr == NULL || !t2v_str_is(name, input)))
            rc = t2v_fail(err, T2V_EUNSUPPORTED, "%s '%.*s' is not supported (%s is)", names[i],
                          T2V_STR_ARG(name), input);
    }
    return rc;
}

static int read_dense_config(const t2v_json *config, const char *input, size_t n_in,
                             struct t2v_step *step, bool *has_bias, struct t2v_err *err)
{
    *has_bias = true;
    step->n_in = n_in;
    int rc = t2v_json_flag(config, "bias", has_bias, err);
    if (rc == 0)
        rc = read_input(config, "in_features", n_in, err);
    if (rc == 0)
        rc = read_features(config, "out_features", &step->n_out, err);
    if (rc == 0)
        rc = read_act(config, &step->act, err);
    if (rc == 0)
        rc = refuse_unknown(config, input, err);
    return rc;
}

/* --- weights --- */

static int load_dense(const char *folder, bool has_bias, const struct t2v_kernels *kernels,
                      struct t2v_arena *arena, struct t2v_step *step, struct t2v_err *err)
{
    t2v_store *store;
    int rc = t2v_store_open(folder, &store, err);
    if (rc != 0)
        return rc;
    const struct t2v_single from = {store, kernels, arena, err};
    rc = t2v_single_linear(&from, "linear", step->n_in, step->n_out, has_bias, &step->linear);
    t2v_store_close(store);
    return rc;
}

static int load_norm(const char *folder, struct t2v_arena *arena, struct t2v_step *step,
                     struct t2v_err *err)
{
    t2v_store *store;
    int rc = t2v_store_open(folder, &store, err);
    if (rc != 0)
        return rc;
    const struct t2v_single from = {store, NULL, arena, err};
    rc = t2v_single_vector(&from, "norm.weight", step->n_in, &step->gamma);
    if (rc == 0)
        rc = t2v_single_vector(&from, "norm.bias", step->n_in, &step->beta);
    t2v_store_close(store);
    return rc;
}

int t2v_step_read_dense(const char *folder, const char *input, size_t n_in,
                        const struct t2v_kernels *kernels, struct t2v_arena *arena,
                        struct t2v_step *out, struct t2v_err *err)
{
    struct t2v_json_file config;
    bool has_bias = true;
    *out = (struct t2v_step){.kind = T2V_STEP_DENSE};
    int rc = t2v_json_file_find(folder, "config.json", T2V_JSON_OBJECT, &config, err);
    if (rc == 0)
        rc = read_dense_config(config.root, input, n_in, out, &has_bias, err);
    t2v_json_file_deinit(&config);
    if (rc != 0)
        return t2v_fail_in_dir(err, rc, folder, "config.json");
    rc = load_dense(folder, has_bias, kernels, arena, out, err);
    return t2v_fail_in_dir(err, rc, folder, NULL);
}

int t2v_step_read_norm(const char *folder, size_t n_in, struct t2v_arena *arena,
                       struct t2v_step *out, struct t2v_err *err)
{
    struct t2v_json_file config;
    *out = (struct t2v_step){.kind = T2V_STEP_NORM, .n_in = n_in, .n_out = n_in};
    int rc = t2v_json_file_find(folder, "config.json", T2V_JSON_OBJECT, &config, err);
    if (rc == 0)
        rc = read_input(config.root, "dimension", n_in, err);
    t2v_json_file_deinit(&config);
    if (rc != 0)
        return t2v_fail_in_dir(err, rc, folder, "config.json");
    rc = load_norm(folder, arena, out, err);
    return t2v_fail_in_dir(err, rc, folder, NULL);
}

int t2v_step_check_finite(const struct t2v_step *step, size_t number, struct t2v_err *err)
{
    const struct t2v_linear *linear = &step->linear;
    size_t n_weight =
        linear->weight != NULL
            ? t2v_linear_bytes(linear->form, linear->n_in, linear->n_out) / sizeof(float)
            : 0;
    const struct {
        const char *name;
        const float *x;
        size_t n;
    } parts[] = {
        {"linear.weight", linear->weight, n_weight},
        {"linear.bias", linear->bias, linear->n_out},
        {"norm.weight", step->gamma, step->n_in},
        {"norm.bias", step->beta, step->n_in},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].x != NULL && !t2v_floats_finite(parts[i].x, parts[i].n))
            return t2v_fail(err, T2V_EFORMAT,
                            "the %s of step %zu after pooling: tensor %s holds NaN or an infinity; "
                            "the file is broken",
                            step->kind == T2V_STEP_DENSE ? "Dense" : "LayerNorm", number,
                            parts[i].name);
    }
    return 0;
}

void t2v_step_describe(const struct t2v_step *step, struct t2v_buf *out)
{
    switch (step->kind) {
    case T2V_STEP_DENSE:
        t2v_buf_addf(out, "Dense to %zu", step->n_out);
        if (step->act != NULL && step->act != &acts[0])
            t2v_buf_addf(out, " with %s", step->act->name);
        break;
    case T2V_STEP_NORM:
        t2v_buf_adds(out, "LayerNorm");
        break;
    case T2V_STEP_NORMALIZE:
        t2v_buf_adds(out, "Normalize");
        break;
    }
}

/* --- running --- */

void t2v_normalize(float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    double length = sqrt(sum);
    float by = (float)(length > 1e-12 ? length : 1e-12);
    for (size_t i = 0; i < n; i++)
        x[i] /= by;
}

static float *run_dense(const struct t2v_step *step, const float *x, float *y, size_t ld,
                        size_t n_row)
{
    const struct t2v_step_act *act = step->act;
    const struct t2v_linear_call call = {
        .layer = &step->linear,
        .act = act != NULL ? act->act : T2V_ACT_NONE,
        .x = x,
        .stride = ld * sizeof *x,
        .n_row = n_row,
        .end = step->n_out,
        .y = y,
        .ldy = ld,
    };
    step->linear.form->linear(&call);
    if (act != NULL && act->fn != NULL) {
        for (size_t r = 0; r < n_row; r++) {
            for (size_t i = 0; i < step->n_out; i++)
                y[r * ld + i] = act->fn(y[r * ld + i]);
        }
    }
    return y;
}

float *t2v_step_run(const struct t2v_step *step, const struct t2v_kernels *kernels, float *x,
                    float *y, size_t ld, size_t n_row)
{
    if (step->kind == T2V_STEP_DENSE)
        return run_dense(step, x, y, ld, n_row);
    for (size_t r = 0; r < n_row; r++) {
        if (step->kind == T2V_STEP_NORM)
            kernels->layer_norm(x + r * ld, NULL, 1, step->n_in, step->gamma, step->beta, NORM_EPS,
                                x + r * ld);
        else
            t2v_normalize(x + r * ld, step->n_in);
    }
    return x;
}
