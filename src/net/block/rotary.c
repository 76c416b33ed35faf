/* SPDX-License-Identifier: BSD-3-Clause */
/* Rotary positions (Su and others, 2021): queries and keys are rotated by angles proportional to
 * the position. Element i of a head's first half is paired with element i of the second half. */
#include "net/block/rotary.h"

#include <math.h>

#include "net/load/config.h"
#include "net/load/load.h"

#include "base/banned.h"

/* The settings of a layer type: rope_parameters has an object for each type, or is flat if all
 * layers are alike; older files have rope_scaling, which is flat. */
static const t2v_json *settings_of(const struct t2v_loader *loader,
                                   const struct t2v_rotary_keys *keys)
{
    const t2v_json *flat = t2v_json_get(loader->config, "rope_scaling");
    if (t2v_json_type(flat) <= T2V_JSON_NULL)
        flat = t2v_json_get(loader->config, "rope_parameters");
    const t2v_json *own = t2v_json_get(flat, keys->layer_type);
    if (t2v_json_type(own) > T2V_JSON_NULL)
        return own;
    return keys->flat_counts ? flat : NULL;
}

/* How positions are scaled. */
struct scaling {
    float factor; /* the divisor of all angles; of llama3, of the slow ones */
    bool llama3;
    float low, high; /* of llama3: periods that fit `context` positions fewer times than `low` are
                      * slow, those that fit more than `high` times stay as they are */
    float context;
};

static int read_llama3(const struct t2v_loader *loader, const t2v_json *settings,
                       struct scaling *out)
{
    size_t context;
    const struct t2v_size_key key = {"original_max_position_embeddings", 1, 1 << 24, -1, &context};
    int rc = t2v_config_sizes(settings, &key, 1, loader->err);
    if (rc == 0)
        rc = t2v_config_float(settings, "low_freq_factor", 1e-3, 1e6, 1, &out->low, loader->err);
    if (rc == 0)
        rc = t2v_config_float(settings, "high_freq_factor", 1e-3, 1e6, 4, &out->high, loader->err);
    if (rc != 0)
        return rc;
    if (out->high <= out->low)
        return t2v_fail(loader->err, T2V_EFORMAT,
                        "config.json: high_freq_factor %g is not above low_freq_factor %g",
                        (double)out->high, (double)out->low);
    out->llama3 = true;
    out->context = (float)context;
    return 0;
}

static int read_scaling(const struct t2v_loader *loader, const struct t2v_rotary_keys *keys,
                        const t2v_json *settings, struct scaling *out)
{
    struct t2v_str kind = t2v_json_str(t2v_json_get(settings, "rope_type"));
    float part = 1.0f;
    *out = (struct scaling){.factor = 1.0f};
    if (kind.ptr == NULL)
        kind = t2v_json_str(t2v_json_get(settings, "type"));
    int rc = t2v_config_float(settings, "partial_rotary_factor", 0, 1, 1, &part, loader->err);
    if (rc == 0 && part < 1.0f && !keys->partial)
        return t2v_fail(loader->err, T2V_EUNSUPPORTED,
                        "config.json: partial_rotary_factor %g is not supported (1 is)",
                        (double)part);
    if (rc != 0 || kind.ptr == NULL || t2v_str_is(kind, "default"))
        return rc;
    bool llama3 = t2v_str_is(kind, "llama3");
    if (!llama3 && !t2v_str_is(kind, "linear"))
        return t2v_fail(
            loader->err, T2V_EUNSUPPORTED,
            "config.json: rope_type '%.*s' is not supported; supported: default, linear, llama3",
            T2V_STR_ARG(kind));
    rc = t2v_config_float(settings, "factor", 1e-3, 1e6, 1, &out->factor, loader->err);
    return rc == 0 && llama3 ? read_llama3(loader, settings, out) : rc;
}

/* An angle per position, scaled. float32 exactly where Transformers uses it: at large positions
 * every bit matters. */
static float scale(const struct scaling *scaling, float frequency)
{
    float period = 6.283185307179586f / frequency, slow = frequency / scaling->factor;
    if (!scaling->llama3 || period > scaling->context / scaling->low)
        return slow;
    if (period < scaling->context / scaling->high)
        return frequency;
    float share = (scaling->context / period - scaling->low) / (scaling->high - scaling->low);
    return (1.0f - share) * frequency / scaling->factor + share * frequency;
}

int t2v_rotary_open(const struct t2v_loader *loader, const struct t2v_rotary_keys *keys, size_t dim,
                    struct t2v_rotary *out)
{
    const t2v_json *settings = settings_of(loader, keys);
    bool own = t2v_json_type(t2v_json_get(settings, "rope_theta")) > T2V_JSON_NULL;
    struct scaling scaling;
    float base;
    int rc = read_scaling(loader, keys, settings, &scaling);
    if (rc == 0)
        rc = t2v_config_float(own ? settings : loader->config, own ? "rope_theta" : keys->theta, 1,
                              1e12, keys->theta_absent, &base, loader->err);
    if (rc != 0)
        return rc;
    float *frequency = t2v_load_alloc(loader, dim / 2, sizeof *frequency);
    if (frequency == NULL)
        return T2V_ENOMEM;
    for (size_t i = 0; i < dim / 2; i++) {
        float power = (float)(2 * i) / (float)dim;
        frequency[i] = scale(&scaling, 1.0f / (float)pow((double)base, (double)power));
    }
    *out = (struct t2v_rotary){frequency, dim};
    return 0;
}

void t2v_block_rotary(const struct t2v_run *run, const struct t2v_rotary *rotary, size_t head_dim,
                      float *table)
{
    size_t begin, end, half = rotary->dim / 2, s = 0;
    t2v_block_rows(run, &begin, &end);
    for (size_t t = begin; t < end; t++) {
        size_t at = t2v_block_position(run, t, &s);
        float *row = table + t * head_dim, position = (float)at;
        for (size_t i = 0; i < half; i++) {
            float angle = position * rotary->frequency[i];
            row[i] = cosf(angle);
            row[half + i] = sinf(angle);
        }
    }
}

/* head: [2 half]; cos_sin: [2 half], cosines, then sines. */
static void rotate_head(float *restrict head, const float *restrict cos_sin, size_t half)
{
    for (size_t i = 0; i < half; i++) {
        float a = head[i], b = head[half + i];
        head[i] = a * cos_sin[i] - b * cos_sin[half + i];
        head[half + i] = b * cos_sin[i] + a * cos_sin[half + i];
    }
}

void t2v_block_rotate(const struct t2v_run *run, const struct t2v_heads *heads, const float *table,
                      const struct t2v_norm *q_norm, const struct t2v_norm *k_norm, float eps,
                      float *qkv)
{
    size_t begin, end, dim = heads->head_dim, ld = (heads->heads + 2 * heads->kv_heads) * dim;
    t2v_block_rows(run, &begin, &end);
    for (size_t t = begin; t < end; t++) {
        float *q = qkv + t * ld, *k = q + heads->heads * dim;
        if (q_norm->gamma != NULL)
            run->kernels->rms_norm(q, NULL, heads->heads, dim, q_norm->gamma, NULL, eps, q);
        if (k_norm->gamma != NULL)
            run->kernels->rms_norm(k, NULL, heads->kv_heads, dim, k_norm->gamma, NULL, eps, k);
        for (size_t h = 0; h < heads->heads + heads->kv_heads; h++)
            rotate_head(q + h * dim, table + t * dim, heads->rotary_dim / 2);
    }
    t2v_lane_barrier(run->lane);
}
