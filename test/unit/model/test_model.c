/* SPDX-License-Identifier: BSD-3-Clause */
/* A model directory opened without a task: the limits, ids without a row, and JSON files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "model/json_file.h"
#include "model/model.h"
#include "model/modules.h"

#define GOLDEN T2V_TEST_DIR "/golden/"

static t2v_model *load(const char *dir)
{
    const struct t2v_model_options options = {.precision = "f32", .cpu = ""};
    struct t2v_err err = {0};
    t2v_model *model = NULL;
    if (t2v_model_find(dir, false, &model, &err) != 0 || t2v_model_load(model, &options, &err) != 0)
        fail_msg("%s", err.msg);
    return model;
}

static void test_limits(void **state)
{
    (void)state;
    t2v_model *model = load(GOLDEN "bert-uncased");
    size_t of_net = t2v_net_shape(t2v_model_net(model))->max_tok, max_tok = 0;
    struct t2v_err err = {0};
    assert_int_equal(
        t2v_model_fit(model, &(struct t2v_model_use){.limit = SIZE_MAX}, &max_tok, &err), 0);
    assert_int_equal(max_tok, of_net);
    assert_int_equal(t2v_model_fit(model, &(struct t2v_model_use){.limit = 7}, &max_tok, &err), 0);
    assert_int_equal(max_tok, 7);
    assert_int_equal(t2v_model_fit(model, &(struct t2v_model_use){.limit = 1}, &max_tok, &err),
                     T2V_EFORMAT);
    assert_string_equal(err.msg, "2 special tokens, but a sequence is at most 1 tokens");
    /* A pair has three of them. */
    struct t2v_model_use two = {.limit = 2};
    assert_int_equal(t2v_model_fit(model, &two, &max_tok, &err), 0);
    two.pairs = true;
    assert_int_equal(t2v_model_fit(model, &two, &max_tok, &err), T2V_EFORMAT);
    assert_string_equal(err.msg, "3 special tokens, but a sequence is at most 2 tokens");
    t2v_model_free(model);
}

static void test_ids_without_a_row(void **state)
{
    (void)state;
    t2v_model *model = load(GOLDEN "bert-uncased");
    int32_t n_row = (int32_t)t2v_net_shape(t2v_model_net(model))->vocab;
    int32_t known[] = {0, n_row - 1}, unknown[] = {0, n_row};
    struct t2v_err err = {0};
    assert_int_equal(t2v_model_check_ids(model, &(struct t2v_ids){known, 2, 2, false}, &err), 0);
    assert_int_equal(t2v_model_check_ids(model, &(struct t2v_ids){unknown, 2, 2, false}, &err),
                     T2V_EMODEL);
    assert_non_null(strstr(err.msg, "has no row in the embeddings"));
    t2v_model_free(model);
}

static void test_settings_are_overlaid(void **state)
{
    (void)state;
    const struct t2v_model_options options = {
        .precision = "f32", .cpu = "", .config_args = T2V_STR("{\"torch_dtype\": \"told\"}")};
    struct t2v_err err = {0};
    t2v_model *model = NULL;
    assert_int_equal(t2v_model_find(GOLDEN "bert-uncased", false, &model, &err), 0);
    assert_int_equal(t2v_model_load(model, &options, &err), 0);
    const t2v_json *value = t2v_json_get(t2v_model_settings(model), "torch_dtype");
    assert_true(t2v_str_is(t2v_json_str(value), "told"));
    const char *text = t2v_model_config(model).ptr; /* stays the file's */
    assert_null(strstr(text, "told"));
    t2v_model_free(model);
}

static void test_no_model(void **state)
{
    (void)state;
    struct t2v_err err = {0};
    t2v_model *model = NULL;
    assert_int_equal(t2v_model_find(GOLDEN "no-such", false, &model, &err), T2V_EIO);
    assert_non_null(strstr(err.msg, "no such directory"));
    assert_null(model);
    t2v_model_free(NULL);
}

/* --- JSON files --- */

static char dir[] = "/tmp/t2v-model-XXXXXX";

static void put(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_json_files(void **state)
{
    (void)state;
    struct t2v_json_file file;
    struct t2v_err err = {0};
    bool flag = true;
    assert_int_equal(t2v_json_file_find(dir, "x.json", T2V_JSON_OBJECT, &file, &err), 0);
    assert_true(file.root == NULL && file.text.ptr == NULL);
    assert_int_equal(t2v_json_file_read(dir, "x.json", T2V_JSON_OBJECT, &file, &err), T2V_EIO);
    put("x.json", "[1]");
    assert_int_equal(t2v_json_file_find(dir, "x.json", T2V_JSON_OBJECT, &file, &err), T2V_EFORMAT);
    assert_non_null(strstr(err.msg, "/x.json: should be an object, and is an array"));
    assert_true(file.root == NULL && file.text.ptr == NULL);
    put("x.json", "{\"a\": false, \"b\": null, \"c\": 1}");
    assert_int_equal(t2v_json_file_read(dir, "x.json", T2V_JSON_OBJECT, &file, &err), 0);
    assert_true(t2v_str_is(file.text, "{\"a\": false, \"b\": null, \"c\": 1}"));
    assert_int_equal(t2v_json_flag(file.root, "b", &flag, &err), 0);
    assert_true(flag);
    assert_int_equal(t2v_json_flag(file.root, "a", &flag, &err), 0);
    assert_false(flag);
    assert_int_equal(t2v_json_flag(file.root, "c", &flag, &err), T2V_EFORMAT);
    assert_string_equal(err.msg, "c should be true or false, and is a number");
    t2v_json_file_deinit(&file);
}

static void test_modules(void **state)
{
    (void)state;
    char path[T2V_PATH_BYTES];
    struct t2v_err err = {0};
    bool is_static = true;
    assert_int_equal(t2v_modules_first(dir, path, &is_static, &err), 0);
    assert_true(*path == '\0' && !is_static);
    put("modules.json", "[{\"type\": \"sentence_transformers.models.StaticEmbedding\", "
                        "\"path\": \"0_S\"}]");
    assert_int_equal(t2v_modules_first(dir, path, &is_static, &err), 0);
    assert_true(is_static && strcmp(path + strlen(dir), "/0_S") == 0);
    assert_int_equal(t2v_modules_check_first(dir, &err), 0);
    put("modules.json", "[{\"type\": \"sentence_transformers.models.Router\", \"path\": \"\"}]");
    assert_int_equal(t2v_modules_check_first(dir, &err), T2V_EUNSUPPORTED);
    put("modules.json", "[{\"type\": \"sentence_transformers.models.Transformer\", "
                        "\"path\": \"a/../../b\"}]");
    assert_int_equal(t2v_modules_first(dir, path, &is_static, &err), T2V_EFORMAT);
}

static int set_up(void **state)
{
    (void)state;
    t2v_log_setup(T2V_LOG_ERROR, 0);
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const files[] = {"x.json", "modules.json"};
    char path[256];
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        unlink(path);
    }
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* Files outside the last model directory that was opened are refused: these come first. */
        cmocka_unit_test(test_json_files),
        cmocka_unit_test(test_modules),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_ids_without_a_row),
        cmocka_unit_test(test_settings_are_overlaid),
        cmocka_unit_test(test_no_model),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
