/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/load/config.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/banned.h"

static int read_size(const t2v_json *config, const struct t2v_size_key *key, struct t2v_err *err)
{
    const t2v_json *value = t2v_json_get(config, key->key);
    int64_t n = key->absent;
    if (t2v_json_type(value) <= T2V_JSON_NULL) {
        if (key->absent < 0)
            return t2v_fail(err, T2V_EFORMAT, "config.json: %s is missing", key->key);
    } else if (!t2v_json_int(value, &n)) {
        return t2v_fail(err, T2V_EFORMAT, "config.json: %s should be an integer, and is %s",
                        key->key, t2v_json_type_name(value));
    } else if (n < key->min || n > key->max) {
        return t2v_fail(err, T2V_EFORMAT,
                        "config.json: %s is %" PRId64 ", outside %" PRId64 " to %" PRId64, key->key,
                        n, key->min, key->max);
    }
    *key->to = (size_t)n;
    return 0;
}

int t2v_config_sizes(const t2v_json *config, const struct t2v_size_key *keys, size_t n_key,
                     struct t2v_err *err)
{
    int rc = 0;
    for (size_t i = 0; i < n_key && rc == 0; i++)
        rc = read_size(config, &keys[i], err);
    return rc;
}

int t2v_config_float(const t2v_json *config, const char *key, double min, double max, double absent,
                     float *out, struct t2v_err *err)
{
    const t2v_json *value = t2v_json_get(config, key);
    double x = absent;
    if (t2v_json_type(value) > T2V_JSON_NULL && !t2v_json_double(value, &x))
        return t2v_fail(err, T2V_EFORMAT, "config.json: %s should be a number, and is %s", key,
                        t2v_json_type_name(value));
    if (!(x >= min && x <= max))
        return t2v_fail(err, T2V_EFORMAT, "config.json: %s is %g, outside %g to %g", key, x, min,
                        max);
    *out = (float)x;
    return 0;
}

int t2v_config_bool(const t2v_json *config, const char *key, bool absent, bool *out,
                    struct t2v_err *err)
{
    const t2v_json *value = t2v_json_get(config, key);
    *out = absent;
    if (t2v_json_type(value) > T2V_JSON_NULL && !t2v_json_bool(value, out))
        return t2v_fail(err, T2V_EFORMAT, "config.json: %s should be true or false, and is %s", key,
                        t2v_json_type_name(value));
    return 0;
}

int t2v_config_word(const t2v_json *config, const char *key, const char *absent,
                    struct t2v_str *out, struct t2v_err *err)
{
    const t2v_json *value = t2v_json_get(config, key);
    *out = value != NULL ? t2v_json_str(value) : t2v_str_of(absent);
    if (out->ptr != NULL)
        return 0;
    return t2v_fail(err, T2V_EFORMAT, "config.json: %s should be a string, and is %s", key,
                    t2v_json_type_name(value));
}

int t2v_act_of(struct t2v_str name, const char *key, enum t2v_act *out, struct t2v_err *err)
{
    static const struct {
        const char *name;
        enum t2v_act act;
    } acts[] = {
        {"gelu", T2V_ACT_GELU},
        {"gelu_python", T2V_ACT_GELU},
        {"gelu_new", T2V_ACT_GELU_TANH},
        {"gelu_fast", T2V_ACT_GELU_TANH},
        {"gelu_pytorch_tanh", T2V_ACT_GELU_TANH},
        {"gelu_accurate", T2V_ACT_GELU_TANH},
        {"relu", T2V_ACT_RELU},
        {"silu", T2V_ACT_SILU},
        {"swish", T2V_ACT_SILU},
    };
    char known[160] = "";
    size_t at = 0;
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (name.ptr != NULL && t2v_str_is(name, acts[i].name)) {
            *out = acts[i].act;
            return 0;
        }
        if (at < sizeof known)
            at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", i > 0 ? ", " : "",
                                   acts[i].name);
    }
    if (name.ptr == NULL)
        return t2v_fail(err, T2V_EFORMAT, "config.json: %s should be the name of an activation",
                        key);
    return t2v_fail(err, T2V_EUNSUPPORTED, "config.json: %s '%.*s' is not supported; supported: %s",
                    key, T2V_STR_ARG(name), known);
}

int t2v_config_act(const t2v_json *config, const char *key, const char *absent, enum t2v_act *out,
                   struct t2v_err *err)
{
    const t2v_json *value = t2v_json_get(config, key);
    return t2v_act_of(value != NULL ? t2v_json_str(value) : t2v_str_of(absent), key, out, err);
}
