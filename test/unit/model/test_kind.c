/* SPDX-License-Identifier: BSD-3-Clause */
/* What kind of model a directory holds: by modules.json, a marker file, or config.json. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/kind.h"

#define GOLDEN T2V_TEST_DIR "/golden/"

static const char *const files[] = {"config.json", "modules.json", "model_name",
                                    "config_sentence_transformers.json"};
enum { N_FILE = 4 };

static void put(const char *dir, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* A directory with the files whose text is not NULL. The kind, or a negative code. */
static int kind_of(const char *const text[N_FILE], bool chosen, struct t2v_err *err)
{
    char dir[] = "/tmp/t2v-kind-XXXXXX", path[256];
    enum t2v_kind kind = T2V_N_KIND;
    assert_non_null(mkdtemp(dir));
    for (int i = 0; i < N_FILE; i++) {
        if (text[i] != NULL)
            put(dir, files[i], text[i]);
    }
    int rc = t2v_kind_find(dir, chosen, &kind, err);
    assert_true((rc == 0) == (kind != T2V_N_KIND));
    for (int i = 0; i < N_FILE; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        unlink(path);
    }
    rmdir(dir);
    return rc != 0 ? rc : (int)kind;
}

static void expect(const char *config, const char *modules, const char *own, int want)
{
    const char *const text[N_FILE] = {config, modules, NULL, own};
    struct t2v_err err = {0};
    int got = kind_of(text, false, &err);
    if (got != want)
        fail_msg("%s %s %s: expected %d, got %d %s", config != NULL ? config : "",
                 modules != NULL ? modules : "", own != NULL ? own : "", want, got, err.msg);
}

#define CONFIG(architecture) "{\"model_type\": \"bert\", \"architectures\": [\"" architecture "\"]}"
#define TRANSFORMER                                                                                \
    "{\"idx\": 0, \"name\": \"0\", \"path\": \"\", \"type\": "                                     \
    "\"sentence_transformers.base.modules.transformer.Transformer\"}"

static void test_architectures(void **state)
{
    (void)state;
    static const char one[] = "{\"model_type\": \"bert\", \"id2label\": {\"0\": \"x\"}, "
                              "\"architectures\": [\"BertForSequenceClassification\"]}";
    static const char number[] = "{\"model_type\": \"bert\", \"num_labels\": 1, "
                                 "\"architectures\": [\"BertForSequenceClassification\"]}";
    expect(CONFIG("BertModel"), NULL, NULL, T2V_KIND_EMBEDDER);
    expect(CONFIG("DPRQuestionEncoder"), NULL, NULL, T2V_KIND_EMBEDDER);
    expect(CONFIG("T5ForConditionalGeneration"), NULL, NULL, T2V_KIND_EMBEDDER);
    expect(CONFIG("BertForMaskedLM"), NULL, NULL, T2V_KIND_MASKED_LM);
    expect(CONFIG("BertForSequenceClassification"), NULL, NULL, T2V_KIND_CLASSIFIER);
    expect(one, NULL, NULL, T2V_KIND_RERANKER);
    expect(number, NULL, NULL, T2V_KIND_RERANKER);
    expect(CONFIG("RobertaForQuestionAnswering"), NULL, NULL, T2V_KIND_READER);
    expect(CONFIG("BertForTokenClassification"), NULL, NULL, T2V_KIND_TAGGER);
    expect(CONFIG("Qwen3ForCausalLM"), NULL, NULL, T2V_KIND_GENERATOR);
    expect(CONFIG("GPT2LMHeadModel"), NULL, NULL, T2V_KIND_GENERATOR);
    expect("{\"model_type\": \"bloom\", \"architectures\": [\"BloomForCausalLM\"]}", NULL, NULL,
           T2V_KIND_GENERATOR);
    expect("{\"model_type\": \"bert\"}", NULL, NULL, T2V_KIND_EMBEDDER);
    expect("{\"model_type\": \"bert\", \"architectures\": null}", NULL, NULL, T2V_KIND_EMBEDDER);
    expect("{\"model_type\": \"bert\", \"architectures\": [7]}", NULL, NULL, T2V_KIND_EMBEDDER);
}

/* Some embedders name an architecture that generates; their modules.json decides. */
static void test_modules(void **state)
{
    (void)state;
    static const char cross[] = "{\"model_type\": \"CrossEncoder\"}";
    static const char sentence[] = "{\"model_type\": \"SentenceTransformer\"}";
    static const char reranker[] = "{\"model_type\": \"bert\", \"id2label\": {\"0\": \"x\"}, "
                                   "\"architectures\": [\"BertForSequenceClassification\"]}";
    static const char both[] = "[" TRANSFORMER ", {\"path\": \"1\", \"type\": "
                               "\"sentence_transformers.cross_encoder.modules.logit_score."
                               "LogitScore\"}]";
    expect(CONFIG("Qwen3ForCausalLM"), "[" TRANSFORMER "]", NULL, T2V_KIND_EMBEDDER);
    expect(CONFIG("Qwen3ForCausalLM"), "[" TRANSFORMER "]", sentence, T2V_KIND_EMBEDDER);
    expect(CONFIG("BertForMaskedLM"), "[" TRANSFORMER "]", sentence, T2V_KIND_EMBEDDER);
    expect(reranker, "[" TRANSFORMER "]", cross, T2V_KIND_RERANKER);
    expect(reranker, "[" TRANSFORMER "]", sentence, T2V_KIND_EMBEDDER);
    expect(reranker, NULL, cross, T2V_KIND_RERANKER);
    expect(CONFIG("Qwen3ForCausalLM"), both, cross, T2V_EUNSUPPORTED);
    expect(CONFIG("Qwen3ForCausalLM"), both, sentence, T2V_KIND_EMBEDDER);
}

static void test_chosen_and_marked(void **state)
{
    (void)state;
    const char *const plain[N_FILE] = {CONFIG("Qwen3ForCausalLM"), NULL, NULL, NULL};
    const char *const marked[N_FILE] = {CONFIG("Qwen3ForCausalLM"), NULL, "", NULL};
    assert_int_equal(kind_of(plain, false, NULL), T2V_KIND_GENERATOR);
    assert_int_equal(kind_of(plain, true, NULL), T2V_KIND_EMBEDDER);
    assert_int_equal(kind_of(marked, false, NULL), T2V_KIND_EMBEDDER);
}

static void expect_error(const char *config, const char *says)
{
    const char *const text[N_FILE] = {config, NULL, NULL, NULL};
    struct t2v_err err = {0};
    int rc = kind_of(text, false, &err);
    if (rc >= 0 || strstr(err.msg, says) == NULL)
        fail_msg("expected '%s', got %d '%s'", says, rc, err.msg);
}

static void test_errors(void **state)
{
    (void)state;
    struct t2v_err err = {0};
    enum t2v_kind kind = T2V_N_KIND;
    expect_error("{\"model_type\": \"bert\", \"num_labels\": 0, "
                 "\"architectures\": [\"BertForSequenceClassification\"]}",
                 "0 labels, outside 1");
    expect_error("[]", "config.json");
    expect_error(NULL, "no config.json");
    assert_int_equal(t2v_kind_find("/nonexistent/model", false, &kind, &err), T2V_EIO);
    assert_non_null(strstr(err.msg, "/nonexistent/model"));
    assert_int_equal(t2v_kind_find("/nonexistent/model", true, &kind, &err), T2V_EIO);
    assert_int_equal(kind, T2V_N_KIND);
}

/* The directories that other tests open. */
static void test_real_directories(void **state)
{
    (void)state;
    static const struct {
        const char *dir;
        enum t2v_kind kind;
    } dirs[] = {
        {GOLDEN "heads/cross-encoder", T2V_KIND_RERANKER},
        {GOLDEN "heads/sequence-electra", T2V_KIND_CLASSIFIER},
        {GOLDEN "heads/reader-roberta", T2V_KIND_READER},
        {GOLDEN "heads/ner-bert", T2V_KIND_TAGGER},
        {GOLDEN "bert-uncased", T2V_KIND_EMBEDDER},
        {GOLDEN "distilbert-mlm", T2V_KIND_MASKED_LM},
        {GOLDEN "model2vec", T2V_KIND_EMBEDDER},
        {GOLDEN "qwen3-embedding", T2V_KIND_EMBEDDER},
    };
    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
        struct t2v_err err = {0};
        enum t2v_kind kind = T2V_N_KIND;
        if (t2v_kind_find(dirs[i].dir, false, &kind, &err) != 0 || kind != dirs[i].kind)
            fail_msg("%s: %d %s", dirs[i].dir, kind, err.msg);
        assert_non_null(t2v_kind_names[kind]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_architectures),     cmocka_unit_test(test_modules),
        cmocka_unit_test(test_chosen_and_marked), cmocka_unit_test(test_errors),
        cmocka_unit_test(test_real_directories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
