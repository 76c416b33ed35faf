/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vector for each token, from texts, as MultiVectorEncoder of sentence-transformers gave them for
 * each layout (see test/golden/make-multi); and what is refused.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../base/copy.h"
#include "../first.h"
#include "base/base64.h"
#include "base/log.h"
#include "json/json.h"
#include "task/multi/open.h"

#define GOLDEN T2V_TEST_DIR "/golden/"

struct rig {
    t2v_embedder *first;
    t2v_multi *multi;
    t2v_engine *engine;
};

static struct rig set_up(const char *name, const char *cpu, int n_thread)
{
    char dir[512];
    struct t2v_err err = {0};
    struct rig rig = {0};
    snprintf(dir, sizeof dir, GOLDEN "%s", name);
    rig.first = open_first(dir, "default", cpu);
    assert_true(t2v_multi_is_meant(t2v_embedder_model(rig.first)));
    if (t2v_multi_open(rig.first, &rig.multi, &err) != 0)
        fail_msg("%s: %s", name, err.msg);
    const struct t2v_task *task = t2v_multi_task(rig.multi);
    rig.engine = engine_of(task, n_thread);
    return rig;
}

static void tear_down(struct rig *rig)
{
    t2v_engine_free(rig->engine);
    t2v_multi_free(rig->multi);
    t2v_embedder_free(rig->first);
}

static struct t2v_work run(const struct rig *rig, const struct t2v_str *texts, size_t n,
                           struct t2v_multi_params params)
{
    return run_texts(rig->engine, texts, n, &params);
}

/* --- the library's vectors --- */

enum { MAX_TEXT = 8 };

static size_t read_texts(const t2v_json *list, struct t2v_str *texts)
{
    size_t n = t2v_json_len(list);
    assert_in_range(n, 1, MAX_TEXT);
    for (size_t i = 0; i < n; i++)
        texts[i] = t2v_json_str(t2v_json_at(list, i));
    return n;
}

static void expect_row(const char *what, size_t at, const struct t2v_result *got,
                       const t2v_json *want)
{
    float vectors[4096];
    const struct t2v_result_row *row = &got->rows[at];
    const float *values = got->values + row->at * got->width;
    size_t n_byte, n = row->n_tok * got->width;
    assert_int_equal(row->input, at);
    assert_true(t2v_base64_decode(t2v_json_str(want), vectors, sizeof vectors, &n_byte));
    if (n_byte != n * sizeof(float))
        fail_msg("%s, text %zu: %zu vectors, expected %zu", what, at, row->n_tok,
                 n_byte / sizeof(float) / got->width);
    for (size_t i = 0; i < n; i++) {
        if (!(fabs((double)values[i] - (double)vectors[i]) <= 1e-5))
            fail_msg("%s, text %zu, token %zu, component %zu: expected %.9g, got %.9g", what, at,
                     i / got->width, i % got->width, (double)vectors[i], (double)values[i]);
    }
}

static void check_case(const t2v_json *json, const char *cpu, int n_thread)
{
    char what[200], name[128];
    struct t2v_str texts[MAX_TEXT];
    struct t2v_multi_params params = {0};
    size_t n = read_texts(t2v_json_get(json, "texts"), texts);
    assert_true(t2v_json_bool(t2v_json_get(json, "query"), &params.query));
    snprintf(name, sizeof name, "%.*s", T2V_STR_ARG(t2v_json_str(t2v_json_get(json, "model"))));
    snprintf(what, sizeof what, "%s %s cpu=%s", name, params.query ? "query" : "document", cpu);
    struct rig rig = set_up(name, cpu, n_thread);
    struct t2v_work work = run(&rig, texts, n, params);
    if (work.err.code != 0)
        fail_msg("%s: %s", what, work.err.msg);
    assert_int_equal(work.result.width, t2v_multi_dim(rig.multi));
    assert_int_equal(work.result.n_row, n);
    for (size_t i = 0; i < n; i++)
        expect_row(what, i, &work.result, t2v_json_at(t2v_json_get(json, "vectors"), i));
    t2v_work_deinit(&work);
    tear_down(&rig);
}

static void test_golden(void **state)
{
    (void)state;
    t2v_json *json;
    struct t2v_err err = {0};
    if (t2v_json_load(GOLDEN "multi/expected.json", 1 << 24, &json, &err) != 0)
        fail_msg("%s", err.msg);
    const t2v_json *cases = t2v_json_get(json, "cases");
    assert_true(t2v_json_len(cases) > 0);
    for (size_t i = 0; i < t2v_json_len(cases); i++) {
        check_case(t2v_json_at(cases, i), "", 2);
        check_case(t2v_json_at(cases, i), "c", 1);
        check_case(t2v_json_at(cases, i), "blas", 3);
    }
    t2v_json_free(json);
}

/* --- queries and documents --- */

static const struct t2v_str short_text = T2V_STR("ab cd"),
                            long_text = T2V_STR(
                                "a b c d e f g h i j k l m n o p q r s t a b c d e f g h i j");

/* A text alone has the bits that it has among others, whose queries are expanded by other numbers
 * of tokens. */
static void test_alone(void **state)
{
    (void)state;
    const struct t2v_str texts[] = {short_text, T2V_STR(""), long_text};
    struct rig rig = set_up("multi/stanford", "", 2);
    bool exact = strcmp(t2v_model_cpu(t2v_embedder_model(rig.first)), "blas") != 0;
    for (int query = 0; query < 2 && exact; query++) {
        const struct t2v_multi_params params = {.query = query != 0};
        struct t2v_work all = run(&rig, texts, 3, params);
        assert_int_equal(all.err.code, 0);
        for (size_t i = 0; i < 3; i++) {
            struct t2v_work one = run(&rig, &texts[i], 1, params);
            const struct t2v_result_row *row = &all.result.rows[i];
            assert_int_equal(one.result.n_tok, row->n_tok);
            assert_memory_equal(all.result.values + row->at * all.result.width, one.result.values,
                                row->n_tok * all.result.width * sizeof(float));
            t2v_work_deinit(&one);
        }
        t2v_work_deinit(&all);
    }
    tear_down(&rig);
}

static void test_limits(void **state)
{
    (void)state;
    struct rig rig = set_up("multi/stanford", "", 1);
    assert_int_equal(t2v_multi_max_tok(rig.multi, true), 12);
    assert_int_equal(t2v_multi_max_tok(rig.multi, false), 20);
    struct t2v_work work = run(&rig, &short_text, 1, (struct t2v_multi_params){.query = true});
    assert_int_equal(work.result.n_tok, 12);
    assert_int_equal(work.n_cut, 0);
    t2v_work_deinit(&work);
    work = run(&rig, &long_text, 1, (struct t2v_multi_params){0});
    assert_int_equal(work.result.n_tok, 20);
    assert_int_equal(work.n_cut, 1);
    t2v_work_deinit(&work);
    work = run(&rig, &long_text, 1, (struct t2v_multi_params){.keep_all = true});
    assert_int_equal(work.err.code, T2V_ETOOLARGE);
    assert_non_null(strstr(work.err.msg, "a text of 33 tokens, and at most 20 are allowed"));
    work = run(&rig, &short_text, 1, (struct t2v_multi_params){.keep_all = true});
    assert_int_equal(work.err.code, 0);
    t2v_work_deinit(&work);
    tear_down(&rig);
}

static void test_dimensions(void **state)
{
    (void)state;
    struct rig rig = set_up("multi/stanford", "", 1);
    struct t2v_work all = run(&rig, &short_text, 1, (struct t2v_multi_params){0});
    struct t2v_work cut = run(&rig, &short_text, 1, (struct t2v_multi_params){.dimensions = 4});
    assert_int_equal(cut.result.width, 4);
    assert_int_equal(cut.result.n_tok, all.result.n_tok);
    for (size_t t = 0; t < cut.result.n_tok; t++) {
        const float *a = all.result.values + t * 9, *b = cut.result.values + t * 4;
        float length = sqrtf(a[0] * a[0] + a[1] * a[1] + a[2] * a[2] + a[3] * a[3]);
        for (size_t i = 0; i < 4; i++)
            assert_true(fabsf(b[i] - a[i] / length) < 1e-5F);
    }
    t2v_work_deinit(&all);
    t2v_work_deinit(&cut);
    for (int i = 0; i < 2; i++) {
        struct t2v_work work =
            run(&rig, &short_text, 1, (struct t2v_multi_params){.dimensions = i == 0 ? -1 : 10});
        assert_int_equal(work.err.code, T2V_EFORMAT);
        assert_non_null(strstr(work.err.msg, "dimensions; the model has 9"));
    }
    tear_down(&rig);
}

/* --- other directories --- */

static void test_not_meant(void **state)
{
    (void)state;
    struct t2v_err err = {0};
    t2v_multi *multi = NULL;
    t2v_embedder *first = open_first(GOLDEN "st-dense", "default", "");
    assert_false(t2v_multi_is_meant(t2v_embedder_model(first)));
    assert_int_equal(t2v_multi_open(first, &multi, &err), T2V_EUNSUPPORTED);
    assert_null(multi);
    assert_non_null(strstr(err.msg, "neither HF_ColBERT nor"));
    t2v_embedder_free(first);
}

static const char *const files[] = {"config.json",
                                    "model.safetensors",
                                    "tokenizer.json",
                                    "tokenizer_config.json",
                                    "modules.json",
                                    "sentence_bert_config.json",
                                    "config_sentence_transformers.json",
                                    "artifact.metadata",
                                    "1_Dense/config.json",
                                    "1_Dense/model.safetensors",
                                    "2_MultiVectorMask/config.json"};
enum { N_FILE = sizeof files / sizeof files[0] };
static const char *const folders[] = {"1_Dense", "2_MultiVectorMask"};

/* A copy of a model with one file replaced is refused. */
static void refuse(const char *name, const char *file, const char *text, const char *says)
{
    char dir[] = "/tmp/t2v-multi-XXXXXX", from[600], path[600];
    struct t2v_err err = {0};
    t2v_multi *multi = NULL;
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, folders[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    for (size_t i = 0; i < N_FILE; i++) {
        snprintf(from, sizeof from, GOLDEN "multi/%s/%s", name, files[i]);
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        if (access(from, F_OK) == 0)
            copy_file(from, path);
    }
    snprintf(path, sizeof path, "%s/%s", dir, file);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    t2v_embedder *first = open_first(dir, "default", "");
    if (t2v_multi_open(first, &multi, &err) == 0 || multi != NULL ||
        strstr(err.msg, says) == NULL || strncmp(err.msg, dir, strlen(dir)) != 0)
        fail_msg("%s with %s: got '%s', expected '%s'", file, text, err.msg, says);
    t2v_embedder_free(first);
    for (size_t i = 0; i < N_FILE; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        unlink(path);
    }
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, folders[i]);
        rmdir(path);
    }
    rmdir(dir);
}

#define MODULE(path, type) "{\"path\": \"" path "\", \"type\": \"" type "\"}"
#define OURS(path, type)   MODULE(path, "sentence_transformers.models." type)

static void test_refusals(void **state)
{
    (void)state;
    static const char meta[] = "artifact.metadata", own[] = "sentence_bert_config.json",
                      modules[] = "modules.json", st[] = "config_sentence_transformers.json",
                      mask[] = "2_MultiVectorMask/config.json";
    refuse("stanford", meta, "{\"query_maxlen\": 0}", "query_maxlen should be an integer from 1");
    refuse("stanford", meta, "{\"query_maxlen\": 53}", "queries are expanded to 53 tokens, but");
    refuse("stanford", meta, "{\"doc_maxlen\": 2}",
           "3 special tokens, but a sequence is at most 2");
    refuse("stanford", meta, "{\"mask_punctuation\": 1}", "mask_punctuation should be true or");
    refuse("pylate", st, "{\"query_prefix\": 3}", "query_prefix should be a string");
    refuse("pylate", st, "{\"query_prefix\": \"\", \"skiplist_words\": \"a\"}",
           "skiplist_words should be an array");
    refuse("pylate", st, "{\"query_prefix\": \"\", \"skiplist_words\": [\"a\", 3]}",
           "skiplist_words[1] should be a string");
    refuse("pylate", own, "{\"do_lower_case\": true}", "do_lower_case and processing_kwargs are");
    refuse("pylate", modules,
           "[" OURS("", "Transformer") ", " MODULE("1_Dense", "pylate.models.Dense.Sparse") "]",
           "the model's own code");
    refuse("pylate", modules, "[" OURS("", "Transformer") ", " OURS("", "Pooling") "]",
           "module 'Pooling' is not supported here");
    refuse("native", modules,
           "[" OURS("", "Transformer") ", " OURS("", "Normalize") ", " OURS("1_Dense", "Dense") "]",
           "module 'Dense' is not supported here");
    refuse("native", mask, "{\"keep_only_token_ids\": [3]}",
           "keep_only_token_ids is not supported");
    refuse("native", own, "{\"query_expansion\": {\"strategy\": \"max\", \"length\": 8}}",
           "strategy 'max' is not supported");
    refuse("native", own, "{\"query_expansion\": {\"strategy\": \"min\"}}", "without a length");
    refuse("native", own,
           "{\"query_expansion\": {\"strategy\": \"min\", \"length\": 8, \"token\": \"[no]\"}}",
           "the tokenizer has no token for that");
    refuse("pylate", own,
           "{\"query_expansion\": {\"strategy\": \"fixed\", \"length\": 48, \"attend\": false}, "
           "\"config_args\": {\"local_attention\": 8}}",
           "farther apart than the local attention reaches");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),    cmocka_unit_test(test_alone),
        cmocka_unit_test(test_limits),    cmocka_unit_test(test_dimensions),
        cmocka_unit_test(test_not_meant), cmocka_unit_test(test_refusals),
    };
    t2v_log_setup(T2V_LOG_ERROR, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
