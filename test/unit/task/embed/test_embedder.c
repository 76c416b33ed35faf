/* SPDX-License-Identifier: BSD-3-Clause */
/* Which vectorizer a directory and the settings mean, and what that makes of a request. */
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
#include "base/log.h"
#include "task/embed/open.h"
#include "task/embed/params.h"
#include "task/embed/walk.h"

#define GOLDEN T2V_TEST_DIR "/golden/"

static char dir[] = "/tmp/t2v-model-XXXXXX";
static const char *const copied[] = {"config.json", "model.safetensors", "tokenizer.json",
                                     "tokenizer_config.json"};
static const char *const markers[] = {"onnx_runtime", "model_name", "model_config",
                                      "use_query_passage_prefixes"};

static int set_up(void **state)
{
    (void)state;
    char path[256], target[600];
    t2v_log_setup(T2V_LOG_ERROR, 0);
    if (mkdtemp(dir) == NULL)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, copied[i]);
        snprintf(target, sizeof target, GOLDEN "bert-uncased/%s", copied[i]);
        copy_file(target, path);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char path[256];
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, copied[i]);
        unlink(path);
    }
    return rmdir(dir);
}

/* "NAME=TEXT": those marker files and no others. */
static void mark(const char *const files[4])
{
    char path[256];
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, markers[i]);
        unlink(path);
    }
    for (size_t i = 0; i < 4 && files[i] != NULL; i++) {
        const char *equals = strchr(files[i], '=');
        snprintf(path, sizeof path, "%s/%.*s", dir, (int)(equals - files[i]), files[i]);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(equals + 1, file);
        fclose(file);
    }
}

static t2v_embedder *open_model(struct t2v_embedder_options options)
{
    t2v_embedder *model = NULL;
    struct t2v_err err = {0};
    options.precision = options.cpu = "";
    if (options.vectorizer == NULL)
        options.vectorizer = "auto";
    if (t2v_embedder_open(&options, &model, &err) != 0)
        fail_msg("%s", err.msg);
    return model;
}

static void test_choice(void **state)
{
    (void)state;
    static const struct {
        const char *files[4];
        struct t2v_embedder_options options;
        const char *want;
    } CASES[] = {
        {{NULL}, {.vectorizer = "auto"}, "default"},
        {{NULL}, {.sentence_transformers = true}, "sentence-transformers"},
        {{NULL}, {.onnx_runtime = true}, "onnx"},
        {{NULL}, {.onnx_runtime = true, .sentence_transformers = true}, "onnx"},
        {{"onnx_runtime=true"}, {.vectorizer = "auto"}, "onnx"},
        {{"onnx_runtime=true\n"}, {.vectorizer = "auto"}, "onnx"},
        {{"onnx_runtime=false"}, {.onnx_runtime = true}, "default"},
        {{"onnx_runtime=True"}, {.onnx_runtime = true}, "default"},
        {{"model_name=some/model"}, {.vectorizer = "auto"}, "sentence-transformers"},
        {{"model_name="}, {.vectorizer = "auto"}, "sentence-transformers"},
        {{"model_name=x", "onnx_runtime=true"}, {.vectorizer = "auto"}, "onnx"},
        {{"model_name=x"}, {.vectorizer = "default"}, "default"},
        {{"onnx_runtime=true"}, {.vectorizer = "sentence-transformers"}, "sentence-transformers"},
        {{NULL}, {.vectorizer = "onnx"}, "onnx"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct t2v_embedder_options options = CASES[i].options;
        options.dir = dir;
        mark(CASES[i].files);
        t2v_embedder *model = open_model(options);
        if (strcmp(t2v_embedder_vectorizer(model), CASES[i].want) != 0)
            fail_msg("case %zu: expected %s, got %s", i, CASES[i].want,
                     t2v_embedder_vectorizer(model));
        t2v_embedder_free(model);
    }
    mark((const char *const[4]){NULL});
}

/* Floats of a pooled row. */
static size_t width_of(const t2v_embedder *embedder)
{
    const struct t2v_task *task = t2v_embedder_task(embedder);
    return task->ops->width(task, 1).out;
}

static struct t2v_embed_resolved resolve(const t2v_embedder *model, struct t2v_embed_params params)
{
    struct t2v_embed_resolved got;
    struct t2v_err err = {0};
    if (t2v_embed_resolve(model, &params, &got, &err) != 0)
        fail_msg("%s", err.msg);
    return got;
}

static void test_marked_prefixes(void **state)
{
    (void)state;
    struct t2v_embed_params params = {.task = T2V_STR("query")};
    mark((const char *const[4]){"use_query_passage_prefixes=true"});
    t2v_embedder *model = open_model((struct t2v_embedder_options){.dir = dir});
    assert_true(t2v_str_is(resolve(model, params).task, "query"));
    assert_null(resolve(model, (struct t2v_embed_params){0}).task.ptr);
    t2v_embedder_free(model);
    mark((const char *const[4]){"use_query_passage_prefixes=false"});
    model = open_model((struct t2v_embedder_options){.dir = dir, .query_passage_prefixes = true});
    assert_null(resolve(model, params).task.ptr);
    t2v_embedder_free(model);
    mark((const char *const[4]){NULL});
}

static void test_meta(void **state)
{
    (void)state;
    mark((const char *const[4]){"model_name=x",
                                "model_config={\"model_type\": \"as upstream had it\"}"});
    t2v_embedder *model = open_model((struct t2v_embedder_options){.dir = dir});
    assert_true(t2v_str_is(t2v_embedder_meta(model), "{\"model_type\": \"as upstream had it\"}"));
    t2v_embedder_free(model);
    mark((const char *const[4]){"model_name=x", "model_config=[]"});
    struct t2v_embedder_options options = {
        .dir = dir, .vectorizer = "auto", .precision = "", .cpu = ""};
    struct t2v_err err = {0};
    assert_int_equal(t2v_embedder_open(&options, &model, &err), T2V_EFORMAT);
    assert_non_null(strstr(err.msg, "model_config: should be an object"));
    mark((const char *const[4]){NULL});
}

static void test_sentence_transformers(void **state)
{
    (void)state;
    t2v_embedder *model = open_model((struct t2v_embedder_options){
        .dir = GOLDEN "st-dense", .vectorizer = "sentence-transformers"});
    assert_int_equal(t2v_embedder_dim(model), 21);
    assert_int_equal(width_of(model), 96);
    assert_int_equal(t2v_embedder_max_tok(model), 14);
    struct t2v_embed_resolved got =
        resolve(model, (struct t2v_embed_params){.pooling = T2V_STR("nonsense")});
    assert_int_equal(got.pool.n_mode, 3);
    assert_int_equal(got.dim, 21);
    assert_true(t2v_str_is(got.prompt, "find: "));
    size_t n_document = got.pool.n_skip;
    assert_in_range(n_document, 3, 12);
    got = resolve(model, (struct t2v_embed_params){.task = T2V_STR("query"), .dimensions = 20});
    assert_true(t2v_str_starts(got.prompt, T2V_STR("find the passage")));
    assert_int_equal(got.dim, 20);
    assert_in_range(got.pool.n_skip, n_document + 1, 13);
    got = resolve(model,
                  (struct t2v_embed_params){.task = T2V_STR("Query"), .dimensions = INT64_MAX});
    assert_true(t2v_str_is(got.prompt, "find: "));
    assert_int_equal(got.dim, 21);
    t2v_embedder_free(model);
}

/* max_seq_length is the smaller of the model's positions and the tokenizer's limit where no file
 * gives one; onnx has the tokenizer's; the default vectorizer 500. */
static void test_limits(void **state)
{
    (void)state;
    static const struct {
        const char *dir, *vectorizer;
        size_t want;
    } CASES[] = {
        {GOLDEN "bert-uncased", "default", 500},
        {GOLDEN "bert-uncased", "onnx", 512},
        {GOLDEN "bert-uncased", "sentence-transformers", 512},
        {GOLDEN "st-max-last", "sentence-transformers", 20},
        {GOLDEN "st-max-last", "onnx", 512},
        {GOLDEN "st-all-modes", "sentence-transformers", 512},
        {GOLDEN "st-plain", "sentence-transformers", 512},
        {GOLDEN "dpr", "default", 64},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        t2v_embedder *model = open_model(
            (struct t2v_embedder_options){.dir = CASES[i].dir, .vectorizer = CASES[i].vectorizer});
        if (t2v_embedder_max_tok(model) != CASES[i].want)
            fail_msg("case %zu: expected %zu, got %zu", i, CASES[i].want,
                     t2v_embedder_max_tok(model));
        t2v_embedder_free(model);
    }
}

static void test_default_and_onnx(void **state)
{
    (void)state;
    struct t2v_embed_params nonsense = {.pooling = T2V_STR("nonsense"), .dimensions = 3};
    struct t2v_embed_resolved got;
    t2v_embedder *model = open_model((struct t2v_embedder_options){.dir = GOLDEN "bert-uncased"});
    assert_int_equal(t2v_embed_resolve(model, &nonsense, &got, NULL), T2V_EPOOLING);
    assert_int_equal(
        resolve(model, (struct t2v_embed_params){.pooling = T2V_STR("cls")}).pool.modes[0],
        T2V_POOL_CLS);
    got = resolve(model, (struct t2v_embed_params){.dimensions = 3});
    assert_int_equal(got.pool.modes[0], T2V_POOL_MEAN);
    assert_int_equal(got.dim, 32);
    t2v_embedder_free(model);
    model = open_model(
        (struct t2v_embedder_options){.dir = GOLDEN "bert-uncased", .vectorizer = "onnx"});
    assert_string_equal(t2v_model_precision(t2v_embedder_model(model)), "int8");
    got = resolve(model, nonsense);
    assert_int_equal(got.pool.modes[0], T2V_POOL_MEAN);
    assert_int_equal(got.dim, 32);
    t2v_embedder_free(model);
}

static void test_dpr(void **state)
{
    (void)state;
    struct t2v_embedder_options options = {
        .dir = GOLDEN "dpr", .vectorizer = "onnx", .precision = "", .cpu = ""};
    struct t2v_err err = {0};
    t2v_embedder *model;
    assert_int_equal(t2v_embedder_open(&options, &model, &err), T2V_EUNSUPPORTED);
    assert_non_null(strstr(err.msg, "dpr runs under the default vectorizer"));
    options.vectorizer = "auto";
    model = open_model(options);
    struct t2v_embed_resolved got =
        resolve(model, (struct t2v_embed_params){.pooling = T2V_STR("nonsense")});
    assert_int_equal(got.pool.modes[0], T2V_POOL_CLS);
    assert_int_equal(got.dim, 9);
    assert_int_equal(t2v_embedder_dim(model), 9);
    t2v_embedder_free(model);
}

/* The pieces of a text of n words, none of them longer than 1024, nor with special tokens. */
static void check_pieces(const t2v_embedder *model, size_t n)
{
    struct t2v_buf text;
    t2v_token_space *space;
    struct t2v_ids ids = {0};
    struct t2v_walk walk;
    struct t2v_embed_resolved got = resolve(model, (struct t2v_embed_params){0});
    size_t seen = 0, pieces = 0;
    bool more = true;
    t2v_buf_init(&text, SIZE_MAX);
    for (size_t i = 0; i < n; i++)
        t2v_buf_adds(&text, "a ");
    assert_int_equal(t2v_token_space_new(&space), 0);
    assert_int_equal(t2v_walk_start(&walk, model, t2v_buf_str(&text), &got, NULL), 0);
    while (more) {
        assert_int_equal(t2v_walk_next(&walk, space, &ids, &more, NULL), 0);
        assert_true(ids.len <= 1024);
        seen += ids.len;
        pieces += more;
    }
    assert_int_equal(seen, n);
    assert_int_equal(pieces, n == 0 ? 1 : (n + 1023) / 1024);
    assert_int_equal(walk.n_seq, pieces);
    t2v_walk_deinit(&walk);
    t2v_ids_deinit(&ids);
    t2v_token_space_free(space);
    t2v_buf_deinit(&text);
}

/* The only sequence of "the cat is on a mat", of which Transformers 4.56 gives the ids. */
static void check_bare(const t2v_embedder *model, const int32_t want[3])
{
    t2v_token_space *space;
    struct t2v_ids ids = {0};
    struct t2v_walk walk;
    struct t2v_embed_resolved got = resolve(model, (struct t2v_embed_params){0});
    bool more;
    assert_int_equal(t2v_token_space_new(&space), 0);
    assert_int_equal(t2v_walk_start(&walk, model, T2V_STR("the cat is on a mat"), &got, NULL), 0);
    assert_int_equal(t2v_walk_next(&walk, space, &ids, &more, NULL), 0);
    assert_true(more && ids.cut);
    assert_int_equal(ids.len, 3);
    assert_memory_equal(ids.ptr, want, 3 * sizeof *want);
    t2v_walk_deinit(&walk);
    t2v_ids_deinit(&ids);
    t2v_token_space_free(space);
}

static void write_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Without special tokens, too, a text is cut at the end that truncation_side names. */
static void test_bare(void **state)
{
    (void)state;
    static const struct {
        const char *side;
        int32_t want[3];
    } CASES[] = {{"right", {810, 34, 794}}, {"left", {32, 44, 794}}};
    static const char *const names[] = {"modules.json", "sentence_bert_config.json",
                                        "p/config.json"};
    char settings[256];
    char folder[256];
    snprintf(folder, sizeof folder, "%s/p", dir);
    assert_int_equal(mkdir(folder, 0700), 0);
    write_file(names[0],
               "[{\"path\": \"\", \"type\": \"sentence_transformers.models.Transformer\"}, "
               "{\"path\": \"p\", \"type\": \"sentence_transformers.models.Pooling\"}]");
    write_file(names[2], "{\"word_embedding_dimension\": 32, \"pooling_mode_mean_tokens\": true}");
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        snprintf(settings, sizeof settings,
                 "{\"processing_kwargs\": {\"text\": {\"max_length\": 3, \"add_special_tokens\": "
                 "false}}, \"processor_kwargs\": {\"truncation_side\": \"%s\"}}",
                 CASES[i].side);
        write_file(names[1], settings);
        t2v_embedder *model = open_model(
            (struct t2v_embedder_options){.dir = dir, .vectorizer = "sentence-transformers"});
        check_bare(model, CASES[i].want);
        t2v_embedder_free(model);
    }
    for (size_t i = 0; i < 3; i++) {
        snprintf(settings, sizeof settings, "%s/%s", dir, names[i]);
        unlink(settings);
    }
    rmdir(folder);
}

static void test_model2vec(void **state)
{
    (void)state;
    static const char *const others[] = {"default", "onnx"};
    struct t2v_embedder_options options = {.dir = GOLDEN "model2vec", .precision = "", .cpu = ""};
    t2v_embedder *model;
    for (size_t i = 0; i < 2; i++) {
        struct t2v_err err = {0};
        options.vectorizer = others[i];
        assert_int_equal(t2v_embedder_open(&options, &model, &err), T2V_EUNSUPPORTED);
        assert_non_null(strstr(
            err.msg, "static embeddings run under sentence-transformers or model2vec, not under"));
    }
    model = open_model((struct t2v_embedder_options){.dir = options.dir});
    assert_string_equal(t2v_embedder_vectorizer(model), "sentence-transformers");
    assert_string_equal(t2v_embedder_pipeline(model), "mean of the tokens' rows, to length 1");
    static const size_t words[] = {0, 1, 1023, 1024, 1025, 2048, 5000};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        check_pieces(model, words[i]);
    t2v_embedder_free(model);
}

/* With a model in the directory, too: the library would take that of the folder. */
static void check_both_places(const char *folder)
{
    static const char *const names[] = {"config.json", "model.safetensors", "tokenizer.json"};
    enum { N = sizeof names / sizeof names[0] };
    struct t2v_embedder_options options = {
        .dir = folder, .vectorizer = "sentence-transformers", .precision = "", .cpu = ""};
    struct t2v_err err = {0};
    t2v_embedder *model;
    char from[512], to[N][256];
    for (size_t i = 0; i < N; i++) {
        snprintf(from, sizeof from, GOLDEN "bert-uncased/%s", names[i]);
        snprintf(to[i], sizeof to[i], "%s/%s", folder, names[i]);
        copy_file(from, to[i]);
    }
    assert_int_equal(t2v_embedder_open(&options, &model, &err), T2V_EUNSUPPORTED);
    if (strstr(err.msg, "/0_BERT: modules.json has the Transformer here") == NULL)
        fail_msg("%s", err.msg);
    for (size_t i = 0; i < N; i++)
        unlink(to[i]);
}

/* Everything in the folder of the Transformer module, as the library's first version had it. */
static void test_old_layout(void **state)
{
    (void)state;
    char old[] = "/tmp/t2v-model-XXXXXX", path[256], from[600];
    assert_non_null(mkdtemp(old));
    snprintf(path, sizeof path, "%s/0_BERT", old);
    assert_int_equal(mkdir(path, 0700), 0);
    for (size_t i = 0; i < 4; i++) {
        snprintf(from, sizeof from, GOLDEN "bert-uncased/%s", copied[i]);
        snprintf(path, sizeof path, "%s/0_BERT/%s", old, copied[i]);
        copy_file(from, path);
    }
    snprintf(path, sizeof path, "%s/1_Pooling", old);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/1_Pooling/config.json", old);
    copy_file(GOLDEN "bge-cls/1_Pooling/config.json", path);
    snprintf(path, sizeof path, "%s/modules.json", old);
    FILE *file = fopen(path, "w");
    fputs("[{\"path\": \"0_BERT\", \"type\": \"sentence_transformers.models.Transformer\"},"
          " {\"path\": \"1_Pooling\", \"type\": \"sentence_transformers.models.Pooling\"}]",
          file);
    fclose(file);
    t2v_embedder *model = open_model(
        (struct t2v_embedder_options){.dir = old, .vectorizer = "sentence-transformers"});
    assert_string_equal(t2v_embedder_pipeline(model), "cls, to length 1");
    assert_string_equal(t2v_model_dir(t2v_embedder_model(model)), old);
    t2v_embedder_free(model);
    check_both_places(old);
    unlink(path);
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/0_BERT/%s", old, copied[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/0_BERT", old);
    rmdir(path);
    snprintf(path, sizeof path, "%s/1_Pooling/config.json", old);
    unlink(path);
    snprintf(path, sizeof path, "%s/1_Pooling", old);
    rmdir(path);
    rmdir(old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice),    cmocka_unit_test(test_marked_prefixes),
        cmocka_unit_test(test_meta),      cmocka_unit_test(test_sentence_transformers),
        cmocka_unit_test(test_limits),    cmocka_unit_test(test_default_and_onnx),
        cmocka_unit_test(test_dpr),       cmocka_unit_test(test_old_layout),
        cmocka_unit_test(test_model2vec), cmocka_unit_test(test_bare),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
