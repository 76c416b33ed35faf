/* SPDX-License-Identifier: BSD-3-Clause */
/* sentence_bert_config.json: what is taken from it, and what is refused. That the vectors are the
 * library's is checked from outside (test/api/check_settings.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "json/overlay.h"
#include "task/embed/transformer.h"

static char dir[] = "t2v-transformer-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(dir);
}

static int read_as(const char *name, const char *text, struct t2v_transformer *out,
                   struct t2v_notes *notes, struct t2v_err *err)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    int rc = t2v_transformer_read(dir, false, out, notes, err);
    unlink(path);
    return rc;
}

static const char *const bert = "sentence_bert_config.json";

static void test_taken(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t max_tok, query_tok, document_tok;
        bool lower, bare;
        const char *config_args, *tokenizer_args, *notes;
    } cases[] = {
        {"{}", 0, 0, 0, false, false, NULL, NULL, ""},
        {"{\"max_seq_length\": 77, \"do_lower_case\": true}", 77, 0, 0, true, false, NULL, NULL,
         ""},
        {"{\"max_seq_length\": null, \"do_lower_case\": 1}", 0, 0, 0, true, false, NULL, NULL, ""},
        {"{\"max_seq_length\": 9, \"max_seq_length\": 8.0}", 8, 0, 0, false, false, NULL, NULL, ""},
        {"{\"cache_dir\": \"/x\", \"trust_remote_code\": true, \"torch_dtype\": \"float16\", "
         "\"attn_implementation\": \"sdpa\", \"unpad_inputs\": false, \"backend\": \"torch\"}",
         0, 0, 0, false, false, NULL, NULL, ""},
        {"{\"tokenizer_args\": {\"use_fast\": true}, \"config_args\": {}, \"model_args\": "
         "{\"torch_dtype\": \"bfloat16\"}}",
         0, 0, 0, false, false, NULL, NULL, ""},
        {"{\"tokenizer_args\": {\"do_lower_case\": false}, "
         "\"config_args\":{\"hidden_act\":\"relu\"}}",
         0, 0, 0, false, false, "{\"hidden_act\":\"relu\"}", "{\"do_lower_case\": false}",
         "sentence_bert_config.json: config_args, sentence_bert_config.json: tokenizer_args"},
        {"{\"max_seq_length\": 8, \"tokenizer_args\": {\"model_max_length\": 5}}", 8, 0, 0, false,
         false, NULL, "{\"model_max_length\": 5}", "sentence_bert_config.json: tokenizer_args"},
        {"{\"max_seq_length\": 8, \"processor_kwargs\": {\"model_max_length\": 5}}", 0, 0, 0, false,
         false, NULL, "{\"model_max_length\": 5}", "sentence_bert_config.json: processor_kwargs"},
        {"{\"query_length\": 32, \"document_length\": 180}", 0, 32, 180, false, false, NULL, NULL,
         "sentence_bert_config.json: query_length, sentence_bert_config.json: document_length"},
        {"{\"query_length\": 32, \"processing_kwargs\": {\"text\": {\"max_length\": 7, "
         "\"padding\": "
         "true}}}",
         7, 7, 7, false, false, NULL, NULL,
         "sentence_bert_config.json: query_length, sentence_bert_config.json: processing_kwargs"},
        {"{\"processing_kwargs\": {\"common\": {\"add_special_tokens\": false}, \"chat_template\": "
         "{\"x\": 1}}}",
         0, 0, 0, false, true, NULL, NULL, "sentence_bert_config.json: processing_kwargs"},
        {"{\"transformer_task\": \"feature-extraction\", \"modality_config\": {\"text\": "
         "{\"method\": "
         "\"forward\", \"method_output_name\": \"last_hidden_state\"}}, \"module_output_name\": "
         "\"token_embeddings\", \"query_expansion\": null}",
         0, 0, 0, false, false, NULL, NULL, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct t2v_transformer t;
        struct t2v_notes notes = {""};
        struct t2v_err err = {0};
        if (read_as(bert, cases[i].text, &t, &notes, &err) != 0)
            fail_msg("%s: %s", cases[i].text, err.msg);
        bool same = t.max_tok == cases[i].max_tok && t.query_tok == cases[i].query_tok &&
                    t.document_tok == cases[i].document_tok && t.lower == cases[i].lower &&
                    t.bare == cases[i].bare && strcmp(notes.text, cases[i].notes) == 0;
        const struct t2v_str got[] = {t.config_args, t.tokenizer_args};
        const char *const want[] = {cases[i].config_args, cases[i].tokenizer_args};
        for (size_t k = 0; k < 2; k++)
            same &= want[k] == NULL ? got[k].ptr == NULL : t2v_str_is(got[k], want[k]);
        if (!same)
            fail_msg("%s: other than expected; notes: %s", cases[i].text, notes.text);
        t2v_transformer_deinit(&t);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"[]", "sentence_bert_config.json: should be an object"},
        {"{\"max_seq_length\": 0}", "sentence_bert_config.json: max_seq_length"},
        {"{\"max_seq_length\": \"x\"}", "max_seq_length"},
        {"{\"do_lower_case\": []}",
         "/sentence_bert_config.json: do_lower_case should be true or false, and is an array"},
        {"{\"nonsense\": 1}", "sentence_bert_config.json: nonsense is not known"},
        {"{\"tokenizer_args\": 7}",
         "sentence_bert_config.json: tokenizer_args should be an object"},
        {"{\"tokenizer_args\": {\"add_special_tokens\": false}}",
         "tokenizer_args has add_special_tokens"},
        {"{\"tokenizer_name_or_path\": \"x\"}", "tokenizer_name_or_path is not supported"},
        {"{\"model_args\": {\"torch_dtype\": \"auto\", \"quantization_config\": {}}}",
         "sentence_bert_config.json: model_args has quantization_config"},
        {"{\"processing_kwargs\": {\"text\": {\"stride\": 2}}}",
         "processing_kwargs.text has stride"},
        {"{\"processing_kwargs\": {\"text\": {\"truncation\": false}}}", "truncation false"},
        {"{\"processing_kwargs\": {\"text\": {\"max_length\": 0}}}", "max_length"},
        {"{\"transformer_task\": \"fill-mask\"}", "transformer_task 'fill-mask' is not supported"},
        {"{\"modality_config\": {\"text\": {\"method\": \"forward\", \"method_output_name\": "
         "\"last_hidden_state\"}, \"message\": {}}}",
         "sentence_bert_config.json: modality_config has \"message\""},
        {"{\"modality_config\": {\"text\": {\"method\": \"get_text_features\"}}}",
         "modality_config does not take texts"},
        {"{\"module_output_name\": \"sentence_embedding\"}",
         "module_output_name 'sentence_embedding'"},
        {"{\"query_expansion\": {\"length\": 32}}", "query_expansion is not supported"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct t2v_transformer t;
        struct t2v_err err = {0};
        if (read_as(bert, cases[i][0], &t, NULL, &err) == 0 || strstr(err.msg, cases[i][1]) == NULL)
            fail_msg("%s: '%s', expected '%s'", cases[i][0], err.msg, cases[i][1]);
        t2v_transformer_deinit(&t);
    }
}

/* Older names of the file, and no file at all. */
static void test_names(void **state)
{
    (void)state;
    struct t2v_transformer t;
    assert_int_equal(
        read_as("sentence_xlnet_config.json", "{\"max_seq_length\": 5}", &t, NULL, NULL), 0);
    assert_int_equal(t.max_tok, 5);
    t2v_transformer_deinit(&t);
    assert_int_equal(t2v_transformer_read(dir, false, &t, NULL, NULL), 0);
    assert_true(t.max_tok == 0 && t.file.root == NULL);
}

static void test_overlay(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"{}", "{}", "{}"},
        {" { } \n", "{\"a\": 1 }", "{\"a\": 1}"},
        {"{\"a\": {\"b\": 2}}\n", " {\"a\":null}", "{\"a\": {\"b\": 2},\"a\":null}"},
        {"{\"a\": 1}", "{ }", "{\"a\": 1}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct t2v_buf out;
        t2v_buf_init(&out, 100);
        assert_int_equal(t2v_json_overlay(t2v_str_of(cases[i][0]), t2v_str_of(cases[i][1]), &out),
                         0);
        if (!t2v_str_is(t2v_buf_str(&out), cases[i][2]))
            fail_msg("%zu: %.*s", i, (int)out.len, out.ptr);
        t2v_buf_deinit(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_overlay),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
