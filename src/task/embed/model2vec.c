/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/embed/model2vec.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "model/json_file.h"
#include "task/embed/steps.h"

#include "base/banned.h"

enum { MAX_TOK = 512 }; /* of a text, where the settings do not say otherwise */

/* max_length: a number, or null for no limit. */
static int read_max_length(const t2v_json *settings, size_t *out, struct t2v_err *err)
{
    const t2v_json *value = t2v_json_get(settings, "max_length");
    int64_t n = MAX_TOK;
    if (value != NULL && !t2v_json_int(value, &n)) {
        if (t2v_json_type(value) != T2V_JSON_NULL)
            return t2v_fail(err, T2V_EFORMAT,
                            "config.json: max_length should be an integer or "
                            "null");
        n = INT64_MAX;
    }
    if (n < 0)
        return t2v_fail(err, T2V_EFORMAT, "config.json: max_length is %" PRId64 ", below 0", n);
    *out = n == INT64_MAX ? SIZE_MAX : (size_t)n;
    return 0;
}

/* A table that no mapping leads to has a row for each token. */
static int check_rows(const t2v_model *model, size_t n_token, struct t2v_err *err)
{
    size_t n_row = t2v_net_shape(t2v_model_net(model))->vocab;
    if (t2v_store_find(t2v_model_store(model), T2V_STR("mapping")) != NULL || n_row == n_token)
        return 0;
    return t2v_fail(err, T2V_EFORMAT,
                    "model2vec wants a row for each token, or a mapping: there are %zu rows and "
                    "%zu tokens",
                    n_row, n_token);
}

static bool is_f16(const t2v_store *store, const char *name)
{
    const struct t2v_tensor *tensor = t2v_store_find(store, t2v_str_of(name));
    return tensor != NULL && tensor->dtype == T2V_F16;
}

/* Whether the mean of rows is f16. UPSTREAM: f32 weights make it f32 in 0.8.1, not in 0.10. */
static bool rounds(const t2v_store *store, bool char_cut)
{
    if (!is_f16(store, "embedding.weight") && !is_f16(store, "embeddings"))
        return false;
    return !char_cut || t2v_store_find(store, T2V_STR("weights")) == NULL ||
           is_f16(store, "weights");
}

/* Both versions cut a text at max_tok times the median token's length in characters, before
 * anything else. 0.10 then cuts at max_tok, and drops unknown tokens. UPSTREAM: 0.8.1 cuts where
 * tokenizer.json's truncation says, drops unknown tokens (but Unigram's), then cuts at 512,
 * whatever the settings say. */
int t2v_model2vec_open(t2v_model *model, bool char_cut, struct t2v_model2vec *out,
                       struct t2v_err *err)
{
    const t2v_json *settings = t2v_model_settings(model);
    t2v_tokenizer *tokenizer = t2v_model_own_tokenizer(model);
    size_t n_token, median, max_tok = MAX_TOK;
    int rc = t2v_tokenizer_survey(tokenizer, &n_token, &median);
    if (rc != 0)
        return t2v_fail(err, rc, "no memory for the vocabulary");
    rc = check_rows(model, n_token, err);
    if (rc == 0)
        rc = t2v_json_flag(settings, "normalize", &out->normalize, err);
    if (rc == 0 && !char_cut)
        rc = read_max_length(settings, &max_tok, err);
    if (rc != 0)
        return rc;
    if (!char_cut)
        t2v_tokenizer_truncate(tokenizer, max_tok);
    out->max_tok = char_cut ? MAX_TOK : SIZE_MAX;
    if (__builtin_mul_overflow(max_tok, median, &out->max_char))
        out->max_char = SIZE_MAX;
    out->unk = t2v_tokenizer_unk(tokenizer, char_cut);
    out->rounds = rounds(t2v_model_store(model), char_cut);
    out->half_norm = char_cut;
    return 0;
}

struct t2v_str t2v_model2vec_cut_text(const struct t2v_model2vec *m2v, struct t2v_str text)
{
    size_t n_char = 0, i = 0;
    if (text.len <= m2v->max_char)
        return text;
    for (; i < text.len; i++) {
        n_char += !t2v_utf8_is_tail(text.ptr[i]);
        if (n_char > m2v->max_char)
            break;
    }
    return (struct t2v_str){text.ptr, i};
}

void t2v_model2vec_cut_ids(const struct t2v_model2vec *m2v, struct t2v_ids *ids)
{
    size_t n = 0;
    for (size_t i = 0; i < ids->len && n < m2v->max_tok; i++) {
        if (ids->ptr[i] != m2v->unk)
            ids->ptr[n++] = ids->ptr[i];
    }
    ids->len = n;
}

/* Rounds to f16, ties to even; above the largest, infinity. */
static float round_f16(float x)
{
    int exponent;
    if (x == 0.0F || !isfinite(x))
        return x;
    frexpf(x, &exponent);
    if (exponent < -13)
        exponent = -13; /* subnormals have the spacing of the smallest normal */
    float unit = ldexpf(1.0F, exponent - 11), rounded = rintf(x / unit) * unit;
    return fabsf(rounded) > 65504.0F ? copysignf(INFINITY, x) : rounded;
}

static void round_all(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = round_f16(x[i]);
}

/* The length of x as NumPy computes it in f16: squares, their sum and its root are each rounded. */
static float half_length(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)round_f16(x[i] * x[i]);
    return round_f16(sqrtf(round_f16((float)sum)));
}

static void normalize_half(float *x, size_t n)
{
    float length = half_length(x, n);
    for (size_t i = 0; i < n && length != 0.0F; i++)
        x[i] /= length;
}

void t2v_model2vec_finish(const struct t2v_model2vec *m2v, float *vector, size_t dim)
{
    if (m2v->rounds)
        round_all(vector, dim);
    if (m2v->normalize && m2v->rounds && m2v->half_norm)
        normalize_half(vector, dim);
    else if (m2v->normalize)
        t2v_normalize(vector, dim);
    if (m2v->rounds && m2v->normalize)
        round_all(vector, dim);
}
