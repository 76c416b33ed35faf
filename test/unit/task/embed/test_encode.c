/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A second embedder on the same model: the vectors of SentenceTransformer.encode (see
 * test/golden/make-encode), what a request may choose, and what it may not.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
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
#include "task/embed/params.h"
#include "task/embed/tokens.h"

#define GOLDEN T2V_TEST_DIR "/golden/"

/* Two embedders, and the engine of the second. */
struct rig {
    t2v_embedder *first, *second;
    t2v_engine *engine;
};

static struct rig set_up(const char *name, const char *vectorizer)
{
    char dir[512];
    struct t2v_err err = {0};
    struct rig rig = {0};
    snprintf(dir, sizeof dir, GOLDEN "%s", name);
    rig.first = open_first(dir, vectorizer, "");
    if (t2v_embedder_open_sentence(rig.first, &rig.second, &err) != 0)
        fail_msg("%s", err.msg);
    assert_non_null(rig.second);
    rig.engine = engine_of(t2v_embedder_task(rig.second), 2);
    return rig;
}

static void tear_down(struct rig *rig)
{
    t2v_engine_free(rig->engine);
    t2v_embedder_free(rig->second);
    t2v_embedder_free(rig->first);
}

static struct t2v_work run(const struct rig *rig, const struct t2v_str *texts, size_t n,
                           const struct t2v_embed_params *params)
{
    return run_texts(rig->engine, texts, n, params);
}

/* --- the library's vectors --- */

static struct t2v_embed_params params_of(const t2v_json *json)
{
    struct t2v_embed_params params = {.encode.given = true};
    struct t2v_str norm = t2v_json_str(t2v_json_get(json, "norm"));
    int64_t n;
    params.encode.prompt_name = t2v_json_str(t2v_json_get(json, "prompt_name"));
    params.encode.norm = t2v_str_is(norm, "yes")  ? T2V_NORM_YES
                         : t2v_str_is(norm, "no") ? T2V_NORM_NO
                                                  : T2V_NORM_AS_MODEL;
    if (t2v_json_int(t2v_json_get(json, "dimensions"), &n))
        params.dimensions = n;
    if (t2v_json_int(t2v_json_get(json, "max_tok"), &n))
        params.encode.max_tok = (size_t)n;
    t2v_json_bool(t2v_json_get(json, "cut_start"), &params.encode.cut_start);
    return params;
}

static void expect_vector(const char *what, size_t at, const float *got, size_t dim,
                          const t2v_json *want)
{
    float vector[16384];
    double top = 0;
    size_t n_byte;
    assert_true(t2v_base64_decode(t2v_json_str(want), vector, sizeof vector, &n_byte));
    if (n_byte != dim * sizeof(float))
        fail_msg("%s: %zu components, expected %zu", what, dim, n_byte / sizeof(float));
    for (size_t i = 0; i < dim; i++)
        /* Not fmax, in whose loop gcc 12 for arm64 breaks. */
        top = fabs((double)vector[i]) > top ? fabs((double)vector[i]) : top;
    for (size_t i = 0; i < dim; i++) {
        if (!(fabs((double)got[i] - (double)vector[i]) <= 1e-5 * fmax(top, 1e-3)))
            fail_msg("%s, text %zu, component %zu: expected %.9g, got %.9g", what, at, i,
                     (double)vector[i], (double)got[i]);
    }
}

static void check_case(size_t at, const t2v_json *json)
{
    char what[160], name[128];
    struct t2v_str texts[16];
    const struct t2v_embed_params params = params_of(json);
    const t2v_json *list = t2v_json_get(json, "texts");
    size_t n = t2v_json_len(list);
    assert_in_range(n, 1, 16);
    for (size_t i = 0; i < n; i++)
        texts[i] = t2v_json_str(t2v_json_at(list, i));
    snprintf(name, sizeof name, "%.*s", T2V_STR_ARG(t2v_json_str(t2v_json_get(json, "model"))));
    snprintf(what, sizeof what, "case %zu (%s)", at, name);
    struct rig rig = set_up(name, "default");
    assert_ptr_equal(t2v_embedder_model(rig.second), t2v_embedder_model(rig.first));
    struct t2v_work work = run(&rig, texts, n, &params);
    if (work.err.code != 0)
        fail_msg("%s: %s", what, work.err.msg);
    for (size_t i = 0; i < n; i++)
        expect_vector(what, i, work.result.values + i * work.result.width, work.result.width,
                      t2v_json_at(t2v_json_get(json, "vectors"), i));
    t2v_work_deinit(&work);
    tear_down(&rig);
}

static void test_golden(void **state)
{
    (void)state;
    struct t2v_err err = {0};
    t2v_json *json;
    if (t2v_json_load(GOLDEN "encode/expected.json", 1 << 24, &json, &err) != 0)
        fail_msg("%s", err.msg);
    const t2v_json *cases = t2v_json_get(json, "cases");
    assert_true(t2v_json_len(cases) > 0);
    for (size_t i = 0; i < t2v_json_len(cases); i++)
        check_case(i, t2v_json_at(cases, i));
    t2v_json_free(json);
}

/* --- token vectors --- */

static void check_token_case(size_t at, const t2v_json *json)
{
    char what[160], name[128];
    const struct t2v_embed_params params = params_of(json);
    const t2v_json *list = t2v_json_get(json, "texts");
    t2v_token_embedder *tokens = NULL;
    snprintf(name, sizeof name, "%.*s", T2V_STR_ARG(t2v_json_str(t2v_json_get(json, "model"))));
    snprintf(what, sizeof what, "tokens, case %zu (%s)", at, name);
    struct rig rig = set_up(name, "default");
    assert_int_equal(t2v_token_embedder_open(rig.second, &tokens, NULL), 0);
    t2v_engine_free(rig.engine);
    rig.engine = engine_of(t2v_token_embedder_task(tokens), 2);
    for (size_t i = 0; i < t2v_json_len(list); i++) {
        const struct t2v_str text = t2v_json_str(t2v_json_at(list, i));
        struct t2v_work work = run(&rig, &text, 1, &params);
        const struct t2v_result *result = &work.result;
        assert_int_equal(work.err.code, 0);
        assert_int_equal(result->n_row, 1);
        assert_int_equal(result->rows[0].n_tok, result->n_tok);
        assert_int_equal(work.n_tok, result->n_tok);
        expect_vector(what, i, result->values, result->n_tok * result->width,
                      t2v_json_at(t2v_json_get(json, "vectors"), i));
        t2v_work_deinit(&work);
    }
    tear_down(&rig); /* with the engine, which uses the task */
    t2v_token_embedder_free(tokens);
}

static void test_tokens(void **state)
{
    (void)state;
    t2v_json *json;
    assert_int_equal(t2v_json_load(GOLDEN "encode/tokens.json", 1 << 24, &json, NULL), 0);
    const t2v_json *cases = t2v_json_get(json, "cases");
    assert_true(t2v_json_len(cases) > 0);
    for (size_t i = 0; i < t2v_json_len(cases); i++)
        check_token_case(i, t2v_json_at(cases, i));
    t2v_json_free(json);
}

/* Several texts: each text's row has its own tokens, and the bits that it has alone. */
static void test_rows_of_tokens(void **state)
{
    (void)state;
    const struct t2v_str texts[] = {T2V_STR("the fox"), T2V_STR(""), T2V_STR("a dog and a fox")};
    t2v_token_embedder *tokens = NULL;
    struct rig rig = set_up("bert-uncased", "default");
    assert_int_equal(t2v_token_embedder_open(rig.second, &tokens, NULL), 0);
    t2v_engine_free(rig.engine);
    rig.engine = engine_of(t2v_token_embedder_task(tokens), 2);
    struct t2v_work all = run(&rig, texts, 3, NULL);
    assert_int_equal(all.result.n_row, 3);
    assert_int_equal(all.result.rows[1].n_tok, 2);
    bool exact = strcmp(t2v_model_cpu(t2v_embedder_model(rig.first)), "blas") != 0;
    for (size_t i = 0; i < 3; i++) {
        const struct t2v_result_row *row = &all.result.rows[i];
        struct t2v_work one = run(&rig, &texts[i], 1, NULL);
        assert_int_equal(row->input, i);
        assert_int_equal(row->n_tok, one.result.n_tok);
        assert_memory_equal(all.result.ids + row->at, one.result.ids,
                            row->n_tok * sizeof *one.result.ids);
        if (exact)
            assert_memory_equal(all.result.values + row->at * all.result.width, one.result.values,
                                row->n_tok * all.result.width * sizeof(float));
        t2v_work_deinit(&one);
    }
    t2v_work_deinit(&all);
    tear_down(&rig); /* with the engine, which uses the task */
    t2v_token_embedder_free(tokens);
}

static void test_no_tokens(void **state)
{
    (void)state;
    t2v_token_embedder *tokens = NULL;
    struct t2v_err err = {0};
    t2v_embedder *first = open_first(GOLDEN "model2vec", "model2vec", "");
    assert_int_equal(t2v_token_embedder_open(first, &tokens, &err), T2V_EUNSUPPORTED);
    assert_null(tokens);
    t2v_embedder_free(first);
}

/* --- what the two share --- */

static void test_limits_are_their_own(void **state)
{
    (void)state;
    struct rig rig = set_up("st-max-last", "default");
    assert_int_equal(t2v_embedder_max_tok(rig.first), 500);
    assert_int_equal(t2v_embedder_max_tok(rig.second), 20);
    assert_int_equal(t2v_embedder_dim(rig.first), 32);
    assert_int_equal(t2v_embedder_dim(rig.second), 64);
    assert_string_equal(t2v_embedder_vectorizer(rig.second), "sentence-transformers");
    tear_down(&rig);
    rig = set_up("st-max-last", "onnx");
    assert_string_equal(t2v_model_precision(t2v_embedder_model(rig.second)), "int8");
    tear_down(&rig);
}

static void test_no_second(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"st-dense", "sentence-transformers"},
                                           {"model2vec", "sentence-transformers"},
                                           {"model2vec", "model2vec"},
                                           {"dpr", "default"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char dir[512];
        snprintf(dir, sizeof dir, GOLDEN "%s", cases[i][0]);
        t2v_embedder *first = open_first(dir, cases[i][1], ""), *second = first;
        assert_int_equal(t2v_embedder_open_sentence(first, &second, NULL), 0);
        assert_null(second);
        t2v_embedder_free(first);
    }
}

/* --- a model directory to change --- */

static const char *const files[] = {"config.json",           "model.safetensors",
                                    "tokenizer.json",        "tokenizer_config.json",
                                    "modules.json",          "config_sentence_transformers.json",
                                    "1_Pooling/config.json", "sentence_bert_config.json"};
enum { N_FILE = sizeof files / sizeof files[0], N_KEPT = 7 };

static void make_dir(char *dir, const char *settings)
{
    char from[600], to[600];
    assert_non_null(mkdtemp(dir));
    snprintf(to, sizeof to, "%s/1_Pooling", dir);
    assert_int_equal(mkdir(to, 0700), 0);
    for (size_t i = 0; i < N_KEPT; i++) {
        snprintf(from, sizeof from, GOLDEN "st-max-last/%s", files[i]);
        snprintf(to, sizeof to, "%s/%s", dir, files[i]);
        copy_file(from, to);
    }
    snprintf(to, sizeof to, "%s/sentence_bert_config.json", dir);
    FILE *file = fopen(to, "w");
    assert_non_null(file);
    fputs(settings, file);
    fclose(file);
}

static void remove_dir(const char *dir)
{
    char path[600];
    for (size_t i = 0; i < N_FILE; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/1_Pooling", dir);
    rmdir(path);
    rmdir(dir);
}

/* Another activation of the feed-forward nets: the vectors are those of an embedder that was opened
 * for sentence-transformers at once. */
static void test_settings_of_the_model(void **state)
{
    (void)state;
    char dir[] = "/tmp/t2v-encode-XXXXXX";
    const struct t2v_str text = T2V_STR("hello");
    make_dir(dir, "{\"config_args\": {\"hidden_act\": \"relu\"}}");
    struct rig rig = {.first = open_first(dir, "default", "")};
    assert_int_equal(t2v_embedder_open_sentence(rig.first, &rig.second, NULL), 0);
    assert_ptr_not_equal(t2v_embedder_model(rig.second), t2v_embedder_model(rig.first));
    rig.engine = engine_of(t2v_embedder_task(rig.second), 2);
    struct rig alone = {.first = open_first(dir, "sentence-transformers", "")};
    alone.engine = engine_of(t2v_embedder_task(alone.first), 2);
    struct t2v_work got = run(&rig, &text, 1, NULL), want = run(&alone, &text, 1, NULL);
    assert_int_equal(got.err.code, 0);
    assert_int_equal(got.result.width, want.result.width);
    assert_memory_equal(got.result.values, want.result.values, got.result.width * sizeof(float));
    t2v_work_deinit(&got);
    t2v_work_deinit(&want);
    tear_down(&rig);
    tear_down(&alone);
    remove_dir(dir);
}

static void test_modules_that_are_refused(void **state)
{
    (void)state;
    char dir[] = "/tmp/t2v-encode-XXXXXX";
    struct t2v_err err = {0};
    make_dir(dir, "{\"do_cook\": true}");
    t2v_embedder *first = open_first(dir, "default", ""), *second = first;
    assert_int_equal(t2v_embedder_open_sentence(first, &second, &err), T2V_EUNSUPPORTED);
    assert_null(second);
    assert_true(strncmp(err.msg, dir, strlen(dir)) == 0);
    assert_non_null(strstr(err.msg, "do_cook"));
    t2v_embedder_free(first);
    remove_dir(dir);
}

/* --- what a request may say --- */

static void test_prompt_names(void **state)
{
    (void)state;
    struct t2v_str text;
    struct rig rig = set_up("st-all-modes", "default");
    assert_int_equal(t2v_embedder_n_prompt(rig.first), 0);
    assert_int_equal(t2v_embedder_n_prompt(rig.second), 2);
    assert_true(t2v_str_is(t2v_embedder_prompt(rig.second, 0, &text), "passage"));
    assert_true(t2v_str_is(text, "passage: "));
    assert_true(t2v_str_is(t2v_embedder_prompt(rig.second, 1, NULL), "corpus"));
    tear_down(&rig);
}

static void expect_fail(const struct rig *rig, struct t2v_str text, struct t2v_embed_params params,
                        int code, const char *says)
{
    struct t2v_work work = run(rig, &text, 1, &params);
    if (work.err.code != code || strstr(work.err.msg, says) == NULL)
        fail_msg("got %d '%s', expected %d '%s'", work.err.code, work.err.msg, code, says);
    assert_null(work.result.values);
}

static void test_mistakes(void **state)
{
    (void)state;
    struct rig rig = set_up("st-max-last", "default");
    struct t2v_embed_params params = {.encode = {.given = true, .prompt_name = T2V_STR("nope")}};
    const struct t2v_str text = T2V_STR("one two three four five six seven eight nine ten");
    expect_fail(&rig, text, params, T2V_EFORMAT,
                "prompt_name 'nope' is none of the model's 2 prompts");
    params.encode.prompt_name = T2V_STR("");
    expect_fail(&rig, text, params, T2V_EFORMAT, "prompt_name ''");
    params.encode.prompt_name = (struct t2v_str){NULL, 0};
    params.dimensions = 65;
    expect_fail(&rig, text, params, T2V_EFORMAT, "65 dimensions; the model has 64");
    params.dimensions = -1;
    expect_fail(&rig, text, params, T2V_EFORMAT, "-1 dimensions; the model has 64");
    params.dimensions = 64;
    params.encode.max_tok = 8;
    params.encode.keep_all = true;
    expect_fail(&rig, text, params, T2V_ETOOLARGE, "and at most 8 are allowed");
    params.encode.keep_all = false;
    struct t2v_work work = run(&rig, &text, 1, &params);
    assert_int_equal(work.err.code, 0);
    assert_int_equal(work.n_tok, 8);
    assert_int_equal(work.n_cut, 1);
    t2v_work_deinit(&work);
    tear_down(&rig);
}

/* Without truncation the message has both numbers. */
static void test_keep_all(void **state)
{
    (void)state;
    struct rig rig = set_up("bert-uncased", "default");
    const struct t2v_str text = T2V_STR("the the the the the the");
    struct t2v_embed_params params = {.encode = {.given = true, .max_tok = 7, .keep_all = true}};
    expect_fail(&rig, text, params, T2V_ETOOLARGE, "a text of 8 tokens, and at most 7 are allowed");
    params.encode.max_tok = 8;
    struct t2v_work work = run(&rig, &text, 1, &params);
    assert_int_equal(work.err.code, 0);
    assert_int_equal(work.n_cut, 0);
    t2v_work_deinit(&work);
    tear_down(&rig);
}

/* An empty text is an error for /vectors' default vectorizer, and its special tokens where a
 * request says so. */
static void test_empty_text(void **state)
{
    (void)state;
    const struct t2v_str text = T2V_STR("");
    struct rig rig = {.first = open_first(GOLDEN "bert-uncased", "default", "")};
    rig.engine = engine_of(t2v_embedder_task(rig.first), 2);
    struct t2v_embed_params params = {.encode = {.given = true}};
    expect_fail(&rig, text, params, T2V_EEMPTY, "no sentence");
    params.encode.empty_ok = true;
    struct t2v_work work = run(&rig, &text, 1, &params);
    assert_int_equal(work.err.code, 0);
    assert_int_equal(work.n_tok, 2);
    t2v_work_deinit(&work);
    tear_down(&rig);
}

/* The three ways to a length. */
static void test_length(void **state)
{
    (void)state;
    const struct t2v_str text = T2V_STR("hello there");
    struct rig rig = set_up("bge-cls", "default");
    float length[3];
    for (int norm = T2V_NORM_AS_MODEL; norm <= T2V_NORM_NO; norm++) {
        const struct t2v_embed_params params = {
            .encode = {.given = true, .norm = (enum t2v_embed_norm)norm}};
        struct t2v_work work = run(&rig, &text, 1, &params);
        double sum = 0;
        assert_int_equal(work.err.code, 0);
        for (size_t i = 0; i < work.result.width; i++)
            sum += (double)work.result.values[i] * (double)work.result.values[i];
        length[norm] = (float)sqrt(sum);
        t2v_work_deinit(&work);
    }
    assert_true(fabsf(length[T2V_NORM_AS_MODEL] - 1) < 1e-5F);
    assert_true(fabsf(length[T2V_NORM_YES] - 1) < 1e-5F);
    assert_true(fabsf(length[T2V_NORM_NO] - 1) > 0.1F);
    tear_down(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_rows_of_tokens),
        cmocka_unit_test(test_no_tokens),
        cmocka_unit_test(test_limits_are_their_own),
        cmocka_unit_test(test_no_second),
        cmocka_unit_test(test_settings_of_the_model),
        cmocka_unit_test(test_modules_that_are_refused),
        cmocka_unit_test(test_prompt_names),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_keep_all),
        cmocka_unit_test(test_empty_text),
        cmocka_unit_test(test_length),
    };
    t2v_log_setup(T2V_LOG_ERROR, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
