/* SPDX-License-Identifier: BSD-3-Clause */
/* modules.json and what it names: what is read from it, and what is refused. */
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

#include "model/modules.h"
#include "task/embed/pipeline.h"

enum { HIDDEN = 2 };

static char dir[] = "/tmp/t2v-pipeline-XXXXXX";
static struct t2v_kernels kernels;

static const char *const folders[] = {"1_Pooling", "2_Dense", "3_LayerNorm", "0_Transformer"};

#define MODULE(path, type) "{\"path\": \"" path "\", \"type\": \"" type "\"}"
#define OURS(path, type)   MODULE(path, "sentence_transformers.models." type)
#define HEAD               "[" OURS("", "Transformer") ", " OURS("1_Pooling", "Pooling")
#define DENSE(more)        "{\"in_features\": 4, \"out_features\": 3, \"activation_function\": " more "}"
#define TANH               "\"torch.nn.modules.activation.Tanh\""

/* A pipeline with everything in it. */
static const struct file {
    const char *name, *text;
} sound[] = {
    {"modules.json", HEAD ", " OURS("2_Dense", "Dense") ", " OURS("5_Dropout", "Dropout") ", " OURS(
                         "3_LayerNorm", "LayerNorm") ", " OURS("4_Normalize", "Normalize") "]"},
    {"1_Pooling/config.json", "{\"pooling_mode_cls_token\": true, \"pooling_mode_lasttoken\": true,"
                              " \"pooling_mode_mean_tokens\": false, \"include_prompt\": false}"},
    {"2_Dense/config.json", DENSE(TANH ", \"bias\": false")},
    {"3_LayerNorm/config.json", "{\"dimension\": 3}"},
    {"config_sentence_transformers.json",
     "{\"prompts\": {\"query\": \"q: \", \"passage\": \"p: \"}, "
     "\"default_prompt_name\": \"passage\"}"},
};
enum { N_SOUND = sizeof sound / sizeof sound[0] };

static void path_of(char path[256], const char *name)
{
    snprintf(path, 256, "%s/%s", dir, name);
}

static void put(const char *name, const void *bytes, size_t len)
{
    char path[256];
    path_of(path, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

/* A text of NULL: there shall be no such file. */
static void put_text(const char *name, const char *text)
{
    char path[256];
    path_of(path, name);
    unlink(path);
    if (text != NULL)
        put(name, text, strlen(text));
}

static void put_tensors(const char *name, const char *header, const float *data, size_t n)
{
    char bytes[512];
    uint64_t len = strlen(header);
    memcpy(bytes, &len, 8);
    memcpy(bytes + 8, header, len);
    memcpy(bytes + 8 + len, data, n * sizeof *data);
    put(name, bytes, 8 + len + n * sizeof *data);
}

static void put_sound(void)
{
    static const float dense[] = {1, 2, 3, 4, 5, 6, 7, 8, -1, 0, 0, 1}, norm[] = {1, 2, 3, 0, 0, 1};
    for (size_t i = 0; i < N_SOUND; i++)
        put_text(sound[i].name, sound[i].text);
    put_tensors("2_Dense/model.safetensors",
                "{\"linear.weight\":{\"dtype\":\"F32\",\"shape\":[3,4],\"data_offsets\":[0,48]}}",
                dense, 12);
    put_tensors("3_LayerNorm/model.safetensors",
                "{\"norm.weight\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]},"
                "\"norm.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[12,24]}}",
                norm, 6);
}

static int set_up(void **state)
{
    (void)state;
    char path[256];
    if (mkdtemp(dir) == NULL)
        return -1;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        path_of(path, folders[i]);
        mkdir(path, 0700);
    }
    return t2v_kernels_init(&kernels, "", NULL);
}

static int tear_down(void **state)
{
    (void)state;
    char path[256];
    for (size_t i = 0; i < N_SOUND; i++)
        put_text(sound[i].name, NULL);
    put_text("2_Dense/model.safetensors", NULL);
    put_text("3_LayerNorm/model.safetensors", NULL);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        path_of(path, folders[i]);
        rmdir(path);
    }
    return rmdir(dir);
}

static void test_sound(void **state)
{
    (void)state;
    struct t2v_arena arena = {0};
    struct t2v_pipeline p;
    struct t2v_err err = {0};
    put_sound();
    if (t2v_pipeline_read(dir, HIDDEN, &kernels, &arena, &p, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(p.n_mode, 2);
    assert_int_equal(p.modes[0], T2V_POOL_CLS);
    assert_int_equal(p.modes[1], T2V_POOL_LAST);
    assert_true(p.skip_prompt);
    assert_int_equal(p.n_step, 3);
    assert_int_equal(p.width, 4);
    assert_int_equal(p.dim, 3);
    assert_true(t2v_str_is(p.prompts[T2V_PROMPT_QUERY], "q: "));
    assert_int_equal(p.prompts[T2V_PROMPT_DOCUMENT].len, 0);
    struct t2v_buf text;
    t2v_buf_init(&text, 256);
    t2v_pipeline_describe(&p, &text);
    t2v_buf_addc(&text, '\0');
    assert_string_equal(text.ptr, "cls + lasttoken, Dense to 3 with Tanh, LayerNorm, Normalize");
    t2v_buf_deinit(&text);
    t2v_arena_free(&arena);
}

/* Each step by itself on rows that lie farther apart than they are wide. */
static void test_steps(void **state)
{
    (void)state;
    enum { LD = 5 };
    struct t2v_arena arena = {0};
    struct t2v_pipeline p;
    put_sound();
    assert_int_equal(t2v_pipeline_read(dir, HIDDEN, &kernels, &arena, &p, NULL), 0);
    float x[2 * LD] = {0.1F, 0, -0.1F, 0.2F, 9, 0, 0, 0, 0.05F, 9}, y[2 * LD];
    static const float want[2][3] = {{0.6F, 1.4F, 0.1F}, {0.2F, 0.4F, 0.05F}};
    float *to = t2v_step_run(&p.steps[0], &kernels, x, y, LD, 2);
    assert_ptr_equal(to, y);
    for (size_t r = 0; r < 2; r++) {
        for (size_t i = 0; i < 3; i++)
            assert_true(fabsf(y[r * LD + i] - tanhf(want[r][i])) < 1e-6F);
    }
    float rows[LD] = {1, 2, 3, 9, 9}; /* mean 2, variance 2 / 3 */
    assert_ptr_equal(t2v_step_run(&p.steps[1], &kernels, rows, y, LD, 1), rows);
    float z = 1 / sqrtf(2.0F / 3 + 1e-5F);
    assert_true(fabsf(rows[0] + z) < 1e-5F && fabsf(rows[1]) < 1e-5F &&
                fabsf(rows[2] - (3 * z + 1)) < 1e-5F && rows[3] == 9);
    float unit[LD] = {3, 0, -4, 9, 9}, zero[LD] = {0};
    t2v_step_run(&p.steps[2], &kernels, unit, y, LD, 1);
    t2v_step_run(&p.steps[2], &kernels, zero, y, LD, 1);
    assert_true(unit[0] == 0.6F && unit[2] == -0.8F && unit[3] == 9 && zero[0] == 0);
    t2v_arena_free(&arena);
}

/* A file in the place of a sound one, and the pipeline in words. */
static void test_spellings(void **state)
{
    (void)state;
    static const struct {
        struct file file;
        const char *want;
    } CASES[] = {
        {{"modules.json", NULL}, "mean"},
        {{"modules.json", HEAD "]"}, "cls + lasttoken"},
        {{"modules.json",
          "[" MODULE(".", "sentence_transformers.base.modules.transformer.Transformer") ", " MODULE(
              "./1_Pooling/",
              "sentence_transformers.sentence_transformer.modules.pooling.Pooling") "]"},
         "cls + lasttoken"},
        {{"modules.json", HEAD ", " OURS("", "Normalize") ", " OURS("", "Normalize") "]"},
         "cls + lasttoken, Normalize, Normalize"},
    };
    static const struct {
        const char *config, *want;
    } POOLING[] = {
        {"{}", "mean"},
        {"{\"pooling_mode_mean_tokens\": false}", "mean"},
        {"{\"pooling_mode_cls_token\": true}", "cls + mean"},
        {"{\"pooling_mode\": \"lasttoken\", \"pooling_mode_cls_token\": true}", "lasttoken"},
        {"{\"pooling_mode\": [\"mean\", \"cls\"]}", "mean + cls"},
        {"{\"pooling_mode\": null, \"pooling_mode_mean_sqrt_len_tokens\": true}",
         "mean + mean_sqrt_len_tokens"},
        {"{\"pooling_mode\": [\"max\", \"weightedmean\", \"mean\", \"mean_sqrt_len_tokens\", "
         "\"cls\", \"max\"]}",
         "max + weightedmean + mean + mean_sqrt_len_tokens + cls + max"},
    };
    enum { N = sizeof CASES / sizeof *CASES, N_POOLING = sizeof POOLING / sizeof *POOLING };
    for (size_t i = 0; i < N + N_POOLING; i++) {
        struct t2v_arena arena = {0};
        struct t2v_pipeline p;
        struct t2v_err err = {0};
        struct t2v_buf text;
        put_sound();
        if (i < N)
            put_text(CASES[i].file.name, CASES[i].file.text);
        else
            put_text("modules.json", HEAD "]"),
                put_text("1_Pooling/config.json", POOLING[i - N].config);
        if (t2v_pipeline_read(dir, HIDDEN, &kernels, &arena, &p, &err) != 0)
            fail_msg("case %zu: %s", i, err.msg);
        t2v_buf_init(&text, 256);
        t2v_pipeline_describe(&p, &text);
        t2v_buf_addc(&text, '\0');
        const char *want = i < N ? CASES[i].want : POOLING[i - N].want;
        if (strcmp(text.ptr, want) != 0)
            fail_msg("case %zu: expected %s, got %s", i, want, text.ptr);
        t2v_buf_deinit(&text);
        t2v_arena_free(&arena);
    }
}

/* A file in the place of a sound one, and what is said of it. */
static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        int code;
        const char *says;
    } CASES[] = {
        {"modules.json", "{}", T2V_EFORMAT, "modules.json: should be an array"},
        {"modules.json", "[", T2V_EFORMAT, "modules.json: "},
        {"modules.json", "[]", T2V_EUNSUPPORTED, "0 modules"},
        {"modules.json", "[1, 2]", T2V_EFORMAT, "without a type"},
        {"modules.json", "[" OURS("", "Transformer") "]", T2V_EUNSUPPORTED, "1 modules"},
        {"modules.json",
         "[" OURS("", "Transformer") ", {\"type\": \"sentence_transformers.Pooling\"}]",
         T2V_EFORMAT, "without a path"},
        {"modules.json", "[" OURS("", "StaticEmbedding") ", " OURS("", "Normalize") "]",
         T2V_EUNSUPPORTED, "'StaticEmbedding'"},
        {"modules.json", "[" OURS("", "Transformer") ", " OURS("", "Normalize") "]",
         T2V_EUNSUPPORTED, "'Normalize'"},
        {"modules.json", HEAD ", " OURS("2_Dense", "WordWeights") "]", T2V_EUNSUPPORTED,
         "'WordWeights'"},
        {"modules.json", HEAD ", " OURS("", "Pooling") "]", T2V_EUNSUPPORTED, "'Pooling'"},
        {"modules.json", "[" MODULE("", "custom_st.Transformer") ", " OURS("", "Pooling") "]",
         T2V_EUNSUPPORTED, "custom_st.Transformer"},
        {"modules.json", HEAD ", " OURS("../../etc", "Dense") "]", T2V_EFORMAT,
         "'../../etc' does not stay"},
        {"modules.json", HEAD ", " OURS("2_Dense/..", "Dense") "]", T2V_EFORMAT, "does not stay"},
        {"modules.json", HEAD ", " OURS("/etc", "Dense") "]", T2V_EFORMAT, "'/etc' does not stay"},
        {"modules.json", HEAD ", " OURS("2_Dense\\u0000", "Dense") "]", T2V_EFORMAT,
         "does not stay"},
        {"modules.json", HEAD ", " OURS("nowhere", "Dense") "]", T2V_EFORMAT,
         "nowhere/config.json: in_features should be an integer, and is missing"},
        {"1_Pooling/config.json", NULL, T2V_EIO, "1_Pooling/config.json: there is no such file"},
        {"1_Pooling/config.json", "[]", T2V_EFORMAT, "1_Pooling/config.json: should be an object"},
        {"1_Pooling/config.json", "{\"pooling_mode\": \"best\"}", T2V_EUNSUPPORTED,
         "1_Pooling/config.json: pooling_mode 'best'"},
        {"1_Pooling/config.json", "{\"pooling_mode\": 3}", T2V_EFORMAT, "pooling_mode should be"},
        {"1_Pooling/config.json",
         "{\"pooling_mode\": [\"cls\", \"cls\", \"cls\", \"cls\", \"cls\", \"cls\", \"cls\"]}",
         T2V_EUNSUPPORTED, "more than 6 modes"},
        {"1_Pooling/config.json", "{\"pooling_mode_cls_token\": 1}", T2V_EFORMAT,
         "1_Pooling/config.json: pooling_mode_cls_token should be true or false, and is a number"},
        {"1_Pooling/config.json", "{\"include_prompt\": \"false\"}", T2V_EFORMAT,
         "include_prompt should be true or false, and is a string"},
        {"2_Dense/config.json", DENSE(TANH ", \"bias\": 0"), T2V_EFORMAT,
         "2_Dense/config.json: bias should be true or false, and is a number"},
        {"2_Dense/config.json", DENSE(TANH ", \"use_residual\": 1"), T2V_EFORMAT,
         "use_residual should be"},
        {"2_Dense/config.json", DENSE(TANH ", \"module_output_name\": 3"), T2V_EUNSUPPORTED,
         "module_output_name"},
        {"2_Dense/config.json", "{\"in_features\": 5, \"out_features\": 3}", T2V_EFORMAT,
         "2_Dense/config.json: in_features is 5, but 4 come in"},
        {"2_Dense/config.json", "{\"in_features\": 4, \"out_features\": 0}", T2V_EFORMAT,
         "out_features is 0, outside 1 to 65536"},
        {"2_Dense/config.json", "{\"in_features\": 4, \"out_features\": 65537}", T2V_EFORMAT,
         "out_features is 65537"},
        {"2_Dense/config.json", "{\"in_features\": 4, \"out_features\": 1e300}", T2V_EFORMAT,
         "out_features should be an integer"},
        {"2_Dense/config.json", "{\"in_features\": 4, \"out_features\": \"3\"}", T2V_EFORMAT,
         "out_features should be an integer, and is a string"},
        {"2_Dense/config.json", "{\"in_features\": 4, \"out_features\": 4, \"bias\": false}",
         T2V_EFORMAT, "linear.weight has shape [3, 4], expected [4, 4]"},
        {"2_Dense/config.json", DENSE(TANH), T2V_EFORMAT, "linear.bias is missing"},
        {"2_Dense/config.json", DENSE("\"torch.nn.modules.activation.Hardtanh\""), T2V_EUNSUPPORTED,
         "'torch.nn.modules.activation.Hardtanh'"},
        {"2_Dense/config.json", DENSE("\"my.own.Tanh\""), T2V_EUNSUPPORTED, "'my.own.Tanh'"},
        {"2_Dense/config.json", DENSE("7"), T2V_EFORMAT,
         "activation_function should be a string, and is a number"},
        {"2_Dense/config.json", DENSE(TANH ", \"use_residual\": true"), T2V_EUNSUPPORTED,
         "use_residual"},
        {"2_Dense/config.json", DENSE(TANH ", \"module_input_name\": \"token_embeddings\""),
         T2V_EUNSUPPORTED, "'token_embeddings'"},
        {"2_Dense/model.safetensors", NULL, T2V_EIO, "2_Dense"},
        {"2_Dense/model.safetensors", "", T2V_EFORMAT, "2_Dense/model.safetensors"},
        {"3_LayerNorm/config.json", "{\"dimension\": 4}", T2V_EFORMAT,
         "3_LayerNorm/config.json: dimension is 4, but 3 come in"},
        {"3_LayerNorm/model.safetensors", NULL, T2V_EIO, "3_LayerNorm"},
        {"config_sentence_transformers.json", "{\"truncate_dim\": 0}", T2V_EFORMAT,
         "/config_sentence_transformers.json: truncate_dim should be an integer above 0"},
        {"config_sentence_transformers.json", "{\"truncate_dim\": \"7\"}", T2V_EFORMAT,
         "truncate_dim"},
        {"config_sentence_transformers.json", "{\"prompts\": [\"q: \"]}", T2V_EFORMAT,
         "/config_sentence_transformers.json: prompts should be an object, and is an array"},
        {"config_sentence_transformers.json", "{\"prompts\": {\"query\": 1}}", T2V_EFORMAT,
         "prompt query should be a string, and is a number"},
        {"config_sentence_transformers.json", "{\"model_type\": \"SparseEncoder\"}",
         T2V_EUNSUPPORTED, "'SparseEncoder'"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct t2v_arena arena = {0};
        struct t2v_pipeline p;
        struct t2v_err err = {0};
        put_sound();
        put_text(CASES[i].name, CASES[i].text);
        int rc = t2v_pipeline_read(dir, HIDDEN, &kernels, &arena, &p, &err);
        if (rc != CASES[i].code || err.code != rc || strstr(err.msg, CASES[i].says) == NULL)
            fail_msg("case %zu: expected %d and \"%s\", got %d and \"%s\"", i, CASES[i].code,
                     CASES[i].says, rc, err.msg);
        t2v_arena_free(&arena);
    }
}

static void test_bag(void **state)
{
    (void)state;
    static const struct {
        const char *modules, *says;
    } CASES[] = {
        {"[" OURS(".", "StaticEmbedding") "]", NULL},
        {"[" OURS(".", "StaticEmbedding") ", " OURS("1", "Normalize") "]", NULL},
        {"[]", NULL},
        {"[" OURS("", "Transformer") "]", "module 'Transformer' is not supported here"},
        {"[" OURS("", "StaticEmbedding") ", " OURS("2_Dense", "Dense") "]", "module 'Dense' is"},
        {"[{\"path\": \"\", \"type\": \"mine.StaticEmbedding\"}]", "model's own code"},
        {"{}", "should be an array"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct t2v_arena arena = {0};
        struct t2v_pipeline p;
        struct t2v_err err = {0};
        put_sound();
        put_text("modules.json", CASES[i].modules);
        int rc = t2v_pipeline_read_static(dir, HIDDEN, &arena, &p, &err);
        if ((rc == 0) != (CASES[i].says == NULL) ||
            (rc != 0 &&
             (strstr(err.msg, CASES[i].says) == NULL || strncmp(err.msg, dir, strlen(dir)) != 0)))
            fail_msg("case %zu: got %d '%s', expected '%s'", i, rc, err.msg,
                     CASES[i].says != NULL ? CASES[i].says : "none");
        if (rc == 0)
            assert_true(p.modes[0] == T2V_POOL_SUM && p.n_step == 0 && p.dim == HIDDEN);
        t2v_arena_free(&arena);
    }
}

static void test_too_many_modules(void **state)
{
    (void)state;
    char text[4096] = HEAD;
    for (int i = 0; i < T2V_MAX_STEP + 1; i++)
        strcat(text, ", " OURS("", "Normalize"));
    strcat(text, "]");
    struct t2v_arena arena = {0};
    struct t2v_pipeline p;
    struct t2v_err err = {0};
    put_sound();
    put_text("modules.json", text);
    assert_int_equal(t2v_pipeline_read(dir, HIDDEN, &kernels, &arena, &p, &err), T2V_EUNSUPPORTED);
    assert_non_null(strstr(err.msg, "more than 16 modules"));
    t2v_arena_free(&arena);
}

static void test_encoder_dir(void **state)
{
    (void)state;
    static const struct {
        const char *modules, *want; /* NULL: refused */
    } CASES[] = {
        {NULL, ""},
        {HEAD "]", ""},
        {"[" OURS(".", "Transformer") "]", ""},
        {"[" OURS("./", "Transformer") "]", ""},
        {"[]", ""},
        {"[3]", ""},
        {"[" OURS("0_Transformer", "Transformer") "]", "/0_Transformer"},
        {"[" OURS("a/../..", "Transformer") "]", NULL},
        {"[" OURS("/", "Transformer") "]", NULL},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char got[T2V_PATH_BYTES];
        bool is_static;
        put_text("modules.json", CASES[i].modules);
        int rc = t2v_modules_first(dir, got, &is_static, NULL);
        assert_int_equal(rc, CASES[i].want == NULL ? T2V_EFORMAT : 0);
        if (CASES[i].want == NULL)
            continue;
        assert_string_equal(*CASES[i].want == '\0' ? got : got + strlen(dir), CASES[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_encoder_dir),
        cmocka_unit_test(test_bag),
        cmocka_unit_test(test_too_many_modules),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
