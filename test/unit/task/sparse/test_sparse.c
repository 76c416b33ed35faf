/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sparse vectors, from texts to entries of the vocabulary, as SparseEncoder of
 * sentence-transformers gave them (see test/golden/make-sparse); and what is refused.
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
#include "base/log.h"
#include "json/json.h"
#include "task/embed/params.h"
#include "task/sparse/open.h"

#define GOLDEN T2V_TEST_DIR "/golden/"

struct rig {
    t2v_embedder *first;
    t2v_sparse *sparse;
    t2v_engine *engine;
};

static struct rig set_up(const char *name, const char *cpu, int n_thread)
{
    char dir[512];
    struct t2v_err err = {0};
    struct rig rig = {0};
    snprintf(dir, sizeof dir, GOLDEN "%s", name);
    rig.first = open_first(dir, "default", cpu);
    assert_true(t2v_sparse_can(t2v_embedder_model(rig.first)));
    if (t2v_sparse_open(rig.first, &rig.sparse, &err) != 0)
        fail_msg("%s: %s", name, err.msg);
    const struct t2v_task *task = t2v_sparse_task(rig.sparse);
    assert_ptr_equal(task->model, t2v_embedder_model(rig.first));
    rig.engine = engine_of(task, n_thread);
    return rig;
}

static void tear_down(struct rig *rig)
{
    t2v_engine_free(rig->engine);
    t2v_sparse_free(rig->sparse);
    t2v_embedder_free(rig->first);
}

static struct t2v_work run(const struct rig *rig, const struct t2v_str *texts, size_t n,
                           const struct t2v_embed_params *params)
{
    return run_texts(rig->engine, texts, n, params);
}

/* --- the library's numbers --- */

/* Bound: 1e-5 of the largest weight of the text, or of 1. An entry so small that either side may
 * have it as 0 may be missing. */
static void expect_row(const char *what, size_t at, const struct t2v_result *got, size_t vocab,
                       const t2v_json *want)
{
    const struct t2v_result_row *row = &got->rows[at];
    const t2v_json *ids = t2v_json_get(want, "ids"), *values = t2v_json_get(want, "values");
    double dense[4096] = {0}, top = 1, x;
    assert_in_range(vocab, 1, 4096);
    for (size_t i = 0; i < t2v_json_len(ids); i++) {
        int64_t id = -1;
        assert_true(t2v_json_int(t2v_json_at(ids, i), &id) && id >= 0 && (size_t)id < vocab);
        assert_true(t2v_json_double(t2v_json_at(values, i), &x));
        dense[id] = x;
        top = fmax(top, x);
    }
    for (size_t i = 0; i < row->n_tok; i++) {
        int32_t id = got->ids[row->at + i];
        assert_true(id >= 0 && (size_t)id < vocab);
        assert_true(i == 0 || got->ids[row->at + i - 1] < id);
        assert_true(got->values[row->at + i] > 0);
        dense[id] -= (double)got->values[row->at + i];
    }
    for (size_t i = 0; i < vocab; i++) {
        if (!(fabs(dense[i]) <= 1e-5 * top))
            fail_msg("%s, text %zu, entry %zu: off by %g", what, at, i, dense[i]);
    }
}

enum { MAX_TEXT = 8 };

static void check_case(size_t at, const t2v_json *json, const char *cpu, int n_thread)
{
    char what[160], name[128];
    struct t2v_str texts[MAX_TEXT];
    const t2v_json *list = t2v_json_get(json, "texts");
    size_t n = t2v_json_len(list);
    const struct t2v_embed_params params = {
        .encode = {.given = true, .prompt_name = t2v_json_str(t2v_json_get(json, "prompt_name"))}};
    assert_in_range(n, 1, MAX_TEXT);
    for (size_t i = 0; i < n; i++)
        texts[i] = t2v_json_str(t2v_json_at(list, i));
    snprintf(name, sizeof name, "%.*s", T2V_STR_ARG(t2v_json_str(t2v_json_get(json, "model"))));
    snprintf(what, sizeof what, "case %zu (%s) cpu=%s", at, name, cpu);
    struct rig rig = set_up(name, cpu, n_thread);
    struct t2v_work work = run(&rig, texts, n, &params);
    if (work.err.code != 0)
        fail_msg("%s: %s", what, work.err.msg);
    assert_int_equal(work.result.width, 1);
    assert_int_equal(work.result.n_row, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(work.result.rows[i].input, i);
        expect_row(what, i, &work.result, t2v_sparse_vocab(rig.sparse),
                   t2v_json_at(t2v_json_get(json, "rows"), i));
    }
    t2v_work_deinit(&work);
    tear_down(&rig);
}

static void test_golden(void **state)
{
    (void)state;
    t2v_json *json;
    struct t2v_err err = {0};
    if (t2v_json_load(GOLDEN "sparse/expected.json", 1 << 24, &json, &err) != 0)
        fail_msg("%s", err.msg);
    const t2v_json *cases = t2v_json_get(json, "cases");
    assert_true(t2v_json_len(cases) > 0);
    for (size_t i = 0; i < t2v_json_len(cases); i++) {
        check_case(i, t2v_json_at(cases, i), "", 2);
        check_case(i, t2v_json_at(cases, i), "c", 1);
        check_case(i, t2v_json_at(cases, i), "blas", 3);
    }
    t2v_json_free(json);
}

/* A text alone has the bits that it has among others. */
static void test_alone(void **state)
{
    (void)state;
    const struct t2v_str texts[] = {T2V_STR("ab cd"), T2V_STR(""), T2V_STR("f g h i j k l m n")};
    struct rig rig = set_up("sparse/splade", "", 2);
    bool exact = strcmp(t2v_model_cpu(t2v_embedder_model(rig.first)), "blas") != 0;
    struct t2v_work all = run(&rig, texts, 3, NULL);
    assert_int_equal(all.err.code, 0);
    for (size_t i = 0; i < 3 && exact; i++) {
        struct t2v_work one = run(&rig, &texts[i], 1, NULL);
        const struct t2v_result_row *row = &all.result.rows[i];
        assert_int_equal(one.result.n_tok, row->n_tok);
        assert_memory_equal(all.result.ids + row->at, one.result.ids,
                            row->n_tok * sizeof *one.result.ids);
        assert_memory_equal(all.result.values + row->at, one.result.values,
                            row->n_tok * sizeof(float));
        t2v_work_deinit(&one);
    }
    t2v_work_deinit(&all);
    tear_down(&rig);
}

/* --- which models --- */

static void test_meant(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool can, meant;
    } cases[] = {{"sparse/splade", true, true},
                 {"sparse/roberta", true, false},
                 {"bert-uncased", false, false},
                 {"st-dense", false, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char dir[512];
        snprintf(dir, sizeof dir, GOLDEN "%s", cases[i].name);
        t2v_embedder *first = open_first(dir, "default", "");
        const t2v_model *model = t2v_embedder_model(first);
        assert_int_equal(t2v_sparse_can(model), cases[i].can);
        assert_int_equal(t2v_sparse_is_meant(model), cases[i].meant);
        t2v_embedder_free(first);
    }
}

static const char *const files[] = {"config.json",
                                    "model.safetensors",
                                    "tokenizer.json",
                                    "tokenizer_config.json",
                                    "modules.json",
                                    "sentence_bert_config.json",
                                    "config_sentence_transformers.json",
                                    "1_SpladePooling/config.json"};
enum { N_FILE = sizeof files / sizeof files[0] };

/* A copy of sparse/splade with one file replaced is refused. */
static void refuse(const char *file, const char *text, const char *says)
{
    char dir[] = "/tmp/t2v-sparse-XXXXXX", from[600], path[600];
    struct t2v_err err = {0};
    t2v_sparse *sparse = NULL;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/1_SpladePooling", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    for (size_t i = 0; i < N_FILE; i++) {
        snprintf(from, sizeof from, GOLDEN "sparse/splade/%s", files[i]);
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        copy_file(from, path);
    }
    snprintf(path, sizeof path, "%s/%s", dir, file);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    t2v_embedder *first = open_first(dir, "default", "");
    if (t2v_sparse_open(first, &sparse, &err) == 0 || sparse != NULL ||
        strstr(err.msg, says) == NULL)
        fail_msg("%s with %s: got '%s', expected '%s'", file, text, err.msg, says);
    t2v_embedder_free(first);
    for (size_t i = 0; i < N_FILE; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/1_SpladePooling", dir);
    rmdir(path);
    rmdir(dir);
}

#define MODULE(path, type)                                                                         \
    "{\"path\": \"" path "\", \"type\": \"sentence_transformers.models." type "\"}"

static void test_refusals(void **state)
{
    (void)state;
    static const char pooling[] = "1_SpladePooling/config.json";
    refuse(pooling, "{\"pooling_strategy\": \"mean\"}", "pooling_strategy 'mean' is not supported");
    refuse(pooling, "{\"activation_function\": 3}", "activation_function '' is not supported");
    refuse("modules.json",
           "[" MODULE("", "Transformer") ", " MODULE(
               "1_SpladePooling", "SpladePooling") ", " MODULE("", "Normalize") "]",
           "module 'Normalize' is not supported here");
    refuse("modules.json", "[" MODULE("", "Transformer") ", " MODULE("../x", "SpladePooling") "]",
           "does not stay inside");
    refuse("sentence_bert_config.json", "{\"max_seq_length\": 0}", "max_seq_length should be");
    struct t2v_err err = {0};
    t2v_sparse *sparse = NULL;
    t2v_embedder *first = open_first(GOLDEN "bert-uncased", "default", "");
    assert_int_equal(t2v_sparse_open(first, &sparse, &err), T2V_EUNSUPPORTED);
    assert_non_null(strstr(err.msg, "architectures[0] is no ...ForMaskedLM"));
    t2v_embedder_free(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_meant),
        cmocka_unit_test(test_refusals),
    };
    t2v_log_setup(T2V_LOG_ERROR, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
