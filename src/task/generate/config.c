/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/config.h"

#include "base/mem.h"
#include "model/json_file.h"

#include "base/banned.h"

static const char file_name[] = "generation_config.json";

static int add_end(struct t2v_generation_config *config, const t2v_json *value, const char *file,
                   struct t2v_err *err)
{
    int64_t id;
    if (!t2v_json_int(value, &id) || id < 0 || id > INT32_MAX)
        return t2v_fail(err, T2V_EFORMAT, "%s: eos_token_id should be a token id, or a list", file);
    int32_t *ends = t2v_resize(config->ends, config->n_end + 1, sizeof *ends);
    if (ends == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    config->ends = ends;
    config->ends[config->n_end++] = (int32_t)id;
    return 0;
}

static int add_ends(struct t2v_generation_config *config, const t2v_json *root, const char *file,
                    struct t2v_err *err)
{
    const t2v_json *value = t2v_json_get(root, "eos_token_id");
    int rc = 0;
    if (t2v_json_type(value) <= T2V_JSON_NULL)
        return 0;
    if (t2v_json_type(value) != T2V_JSON_ARRAY)
        return add_end(config, value, file, err);
    for (size_t i = 0; i < t2v_json_len(value) && rc == 0; i++)
        rc = add_end(config, t2v_json_at(value, i), file, err);
    return rc;
}

/* A number in [min, max]; absent or null: *to is left as it is. */
struct number {
    const char *key;
    double min, max;
    float *to;
};

static int read_number(const t2v_json *root, const struct number *number, struct t2v_err *err)
{
    const t2v_json *value = t2v_json_get(root, number->key);
    double x;
    if (t2v_json_type(value) <= T2V_JSON_NULL)
        return 0;
    if (!t2v_json_double(value, &x) || !(x >= number->min && x <= number->max))
        return t2v_fail(err, T2V_EFORMAT, "%s: %s should be a number from %g to %g", file_name,
                        number->key, number->min, number->max);
    *number->to = (float)x;
    return 0;
}

static int read_sampling(const t2v_json *root, struct t2v_sampling *sampling, struct t2v_err *err)
{
    float top_k = 0;
    const struct number numbers[] = {
        {"temperature", 0, 1e6, &sampling->temperature},
        {"top_k", 0, 1e9, &top_k},
        {"top_p", 0, 1, &sampling->top_p},
        {"min_p", 0, 1, &sampling->min_p},
        {"typical_p", 0, 1, &sampling->typical_p},
        {"repetition_penalty", 1e-6, 1e6, &sampling->repetition_penalty},
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && rc == 0; i++)
        rc = read_number(root, &numbers[i], err);
    sampling->top_k = (uint32_t)top_k;
    if (sampling->temperature == 0) { /* greedy */
        sampling->sample = false;
        sampling->temperature = 1;
    }
    /* 0 keeps one token; the sampler wants more than 0. */
    sampling->top_p = sampling->top_p > 0 ? sampling->top_p : 1e-6f;
    sampling->typical_p = sampling->typical_p > 0 ? sampling->typical_p : 1e-6f;
    return rc;
}

int t2v_generation_config_read(const t2v_model *model, struct t2v_generation_config *out,
                               struct t2v_err *err)
{
    struct t2v_json_file file;
    *out = (struct t2v_generation_config){.sampling = t2v_sampling_greedy};
    out->sampling.sample = true;
    const t2v_json *all = t2v_model_settings(model), *text = t2v_net_text(all);
    int rc = add_ends(out, all, "config.json", err);
    if (rc == 0 && text != all)
        rc = add_ends(out, text, "config.json", err);
    if (rc != 0)
        return rc;
    rc = t2v_json_file_find(t2v_model_net_dir(model), file_name, T2V_JSON_OBJECT, &file, err);
    if (rc == 0 && file.root != NULL) {
        rc = add_ends(out, file.root, file_name, err);
        if (rc == 0)
            rc = read_sampling(file.root, &out->sampling, err);
    }
    t2v_json_file_deinit(&file);
    return rc;
}

bool t2v_generation_config_is_end(const struct t2v_generation_config *config, int32_t id)
{
    for (size_t i = 0; i < config->n_end; i++) {
        if (config->ends[i] == id)
            return true;
    }
    return false;
}

void t2v_generation_config_deinit(struct t2v_generation_config *config)
{
    t2v_free(config->ends);
    *config = (struct t2v_generation_config){0};
}
