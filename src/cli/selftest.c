/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `t2v selftest`: does the model, on this processor, give the vectors that it should? Its golden
 * answers are DIR/golden.json, in the form of test/golden/NAME.json:
 *
 *     {"texts": ["...", ...], "cases": [CASE, ...]}
 *     CASE: {"vectorizer": "...", "index": [of texts, ...], "vectors": [VECTOR, ...]}, and perhaps
 *         "pooling_strategy", "task_type", "dimensions", "direct_tokenize"
 *     VECTOR: [number, ...], or base64 of little-endian float32
 *
 * Cases of other vectorizers are passed over. Vectors are float's; int8 and bf16 must be near them.
 */
#include "cli/selftest.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/command.h"
#include "json/json.h"

#include "base/banned.h"

static const char *const samples[] = {
    "hello",
    "The London Eye is a ferris wheel at the River Thames.",
    "Dr. Smith paid $3.50 on Jan. 5th. He left at 5 p.m. sharp! Did he? Yes... he did.",
    "A sentence that is a good deal longer than the others in its batch, so that what is laid "
    "beside it has another place there, and a number of rows that no panel divides evenly.",
    "Caf\u00e9 na\u00efve r\u00e9sum\u00e9, \u00c5ngstr\u00f6m, Stra\u00dfe",
    "\u65e5\u672c\u8a9e\u306e\u6587\u3002\u4e2d\u6587\u4e5f\u53ef\u4ee5\uff01",
    "\u043f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440",
    "a",
};
enum { N_SAMPLE = sizeof samples / sizeof samples[0] };

struct selftest {
    const struct t2v_options *options;
    t2v_embedder *model;
    t2v_engine *engine;
    size_t n_golden; /* answers compared */
    bool exact;      /* compared component by component, not by angle */
    double worst;    /* difference, or distance of a cosine from 1, among them */
};

/* The largest difference, relative to the largest component; infinite if a value is non-finite. */
static double difference(const float *got, const float *want, size_t dim)
{
    double worst = 0, largest = 0;
    for (size_t i = 0; i < dim; i++) {
        if (!isfinite(got[i]) || !isfinite(want[i]))
            return (double)INFINITY;
        worst = fmax(worst, fabs((double)got[i] - (double)want[i]));
        largest = fmax(largest, fabs((double)want[i]));
    }
    return largest > 0 ? worst / largest : worst;
}

static double distance(const float *a, const float *b, size_t dim)
{
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < dim; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    double cosine = ab / sqrt(aa * bb);
    return isfinite(cosine) ? 1 - cosine : (double)INFINITY;
}

/* --- golden answers --- */

/* Reads want[dim] from a list of numbers or from base64. */
static bool read_vector(const t2v_json *json, float *want, size_t dim)
{
    struct t2v_str text = t2v_json_str(json);
    size_t len;
    if (text.ptr != NULL)
        return t2v_base64_decode(text, want, dim * sizeof *want, &len) && len == dim * sizeof *want;
    bool ok = t2v_json_len(json) == dim;
    for (size_t i = 0; i < dim && ok; i++) {
        double number = 0;
        ok = t2v_json_double(t2v_json_at(json, i), &number);
        want[i] = (float)number;
    }
    return ok;
}

/* Compares with the golden vector: f32 by component, as sums may have another order; else by angle.
 */
static int check_answer(struct selftest *test, struct t2v_str text, const float *got,
                        const float *want, size_t dim, struct t2v_err *err)
{
    const char *precision = t2v_model_precision(t2v_embedder_model(test->model));
    test->exact = strcmp(precision, "f32") == 0;
    double limit = test->exact ? 1e-5 : strcmp(precision, "bf16") == 0 ? 1e-3 : 2e-2;
    double off = test->exact ? difference(got, want, dim) : distance(got, want, dim);
    test->worst = fmax(test->worst, off);
    test->n_golden++;
    if (off <= limit)
        return 0;
    return t2v_fail(err, T2V_EMODEL,
                    "'%.*s': the vector is not the golden one: off by %.1e of %.0e",
                    text.len < 60 ? (int)text.len : 60, text.ptr, off, limit);
}

static int check_text(struct selftest *test, struct t2v_str text,
                      const struct t2v_embed_params *params, const t2v_json *golden,
                      struct t2v_err *err)
{
    struct t2v_work work = {.texts = &text, .n_text = 1, .params = params};
    int rc = t2v_run_work(test->engine, &work, err);
    float *want = rc == 0 ? t2v_alloc_zero(work.result.width, sizeof *want) : NULL;
    if (rc == 0 && want == NULL)
        rc = t2v_fail(err, T2V_ENOMEM, "no memory for a vector of %zu", work.result.width);
    if (rc == 0 && !read_vector(golden, want, work.result.width))
        rc = t2v_fail(err, T2V_EFORMAT, "a golden vector is not %zu numbers, as the model's are",
                      work.result.width);
    if (rc == 0)
        rc = check_answer(test, text, work.result.values, want, work.result.width, err);
    t2v_free(want);
    t2v_work_deinit(&work);
    return rc;
}

static int check_case(struct selftest *test, const t2v_json *texts, const t2v_json *of,
                      struct t2v_err *err)
{
    bool direct = false;
    t2v_json_bool(t2v_json_get(of, "direct_tokenize"), &direct);
    if (!t2v_str_is(t2v_json_str(t2v_json_get(of, "vectorizer")),
                    t2v_embedder_vectorizer(test->model)) ||
        direct != test->options->direct_tokenize)
        return 0;
    const t2v_json *index = t2v_json_get(of, "index"), *vectors = t2v_json_get(of, "vectors");
    struct t2v_embed_params params = {.pooling = t2v_json_str(t2v_json_get(of, "pooling_strategy")),
                                      .task = t2v_json_str(t2v_json_get(of, "task_type"))};
    t2v_json_int(t2v_json_get(of, "dimensions"), &params.dimensions);
    if (t2v_json_type(index) != T2V_JSON_ARRAY || t2v_json_type(vectors) != T2V_JSON_ARRAY ||
        t2v_json_len(index) != t2v_json_len(vectors))
        return t2v_fail(err, T2V_EFORMAT, "a case needs index and vectors, lists of one length");
    for (size_t i = 0; i < t2v_json_len(index); i++) {
        int64_t at = -1;
        t2v_json_int(t2v_json_at(index, i), &at);
        struct t2v_str text = {NULL, 0};
        if (at >= 0)
            text = t2v_json_str(t2v_json_at(texts, (size_t)at));
        if (text.ptr == NULL)
            return t2v_fail(err, T2V_EFORMAT, "index %zu of a case is not that of a text", i);
        int rc = check_text(test, text, &params, t2v_json_at(vectors, i), err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int check_golden(struct selftest *test, struct t2v_err *err)
{
    char path[4096];
    t2v_json *golden = NULL;
    bool there;
    int rc = t2v_file_find(path, sizeof path, test->options->model, "golden.json", &there, err);
    if (rc != 0 || !there)
        return rc;
    rc = t2v_json_load(path, (size_t)64 << 20, &golden, err);
    const t2v_json *cases = t2v_json_get(golden, "cases");
    if (rc == 0 && t2v_json_type(cases) != T2V_JSON_ARRAY)
        rc = t2v_fail(err, T2V_EFORMAT, "%s has no list of cases", path);
    for (size_t i = 0; i < t2v_json_len(cases) && rc == 0; i++) {
        rc = check_case(test, t2v_json_get(golden, "texts"), t2v_json_at(cases, i), err);
        if (rc != 0)
            t2v_fail_in(err, rc, path);
    }
    t2v_json_free(golden);
    return rc;
}

/* --- properties of any model --- */

/* Checks that samples[i] alone has the same vector as among all. OpenBLAS may sum in another order
 * for another number of rows. */
static int check_alone(struct selftest *test, size_t i, const float *vector, struct t2v_err *err)
{
    struct t2v_str text = t2v_str_of(samples[i]);
    struct t2v_work work = {.texts = &text, .n_text = 1};
    int rc = t2v_run_work(test->engine, &work, err);
    if (rc == 0 && !(difference(work.result.values, vector, work.result.width) <= 1e-5))
        rc = t2v_fail(err, T2V_EMODEL, "'%.40s': alone it has another vector than among others",
                      samples[i]);
    t2v_work_deinit(&work);
    return rc;
}

static int check_samples(struct selftest *test, struct t2v_err *err)
{
    struct t2v_str texts[N_SAMPLE];
    for (size_t i = 0; i < N_SAMPLE; i++)
        texts[i] = t2v_str_of(samples[i]);
    struct t2v_work work = {.texts = texts, .n_text = N_SAMPLE};
    int rc = t2v_run_work(test->engine, &work, err);
    if (rc == 0 && work.result.width != t2v_embedder_dim(test->model))
        rc = t2v_fail(err, T2V_EMODEL, "vectors have %zu components, not %zu", work.result.width,
                      t2v_embedder_dim(test->model));
    float any = 0;
    for (size_t k = 0; rc == 0 && k < N_SAMPLE * work.result.width; k++) {
        any = k < work.result.width ? any + fabsf(work.result.values[k]) : any;
        if (!isfinite(work.result.values[k]))
            rc = t2v_fail(err, T2V_EMODEL, "'%.40s': its vector is not finite",
                          samples[k / work.result.width]);
    }
    if (rc == 0 && !(any > 0))
        rc = t2v_fail(err, T2V_EMODEL, "'%s': its vector is nothing but zeros", samples[0]);
    for (size_t i = 0; i < N_SAMPLE && rc == 0; i++)
        rc = check_alone(test, i, work.result.values + i * work.result.width, err);
    t2v_work_deinit(&work);
    return rc;
}

int t2v_command_selftest(const struct t2v_options *options, struct t2v_err *err)
{
    struct selftest test = {.options = options};
    int rc = t2v_open(options, false, &test.model, &test.engine, err);
    if (rc == 0)
        rc = check_golden(&test, err);
    if (rc == 0)
        rc = check_samples(&test, err);
    if (rc == 0) {
        printf("ok: %zu golden answers", test.n_golden);
        if (test.n_golden > 0)
            printf(test.exact ? ", off by %.1e of the largest component at most"
                              : ", cosines of 1 - %.1e at least",
                   test.worst);
        printf("; %d texts have finite vectors of %zu, alone the same as among others\n", N_SAMPLE,
               t2v_embedder_dim(test.model));
    }
    t2v_engine_free(test.engine);
    t2v_embedder_free(test.model);
    return rc;
}
