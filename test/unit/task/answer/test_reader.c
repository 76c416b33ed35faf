/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers to questions, as the question-answering pipeline of transformers 4.57 and the rules of
 * Weaviate's container gave them (test/golden/make-answers). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rig.h"
#include "task/answer/qna.h"
#include "task/answer/reader.h"

/* The number under a key; or is what a missing one means. */
static size_t size_at(const t2v_json *params, const char *key, size_t or)
{
    int64_t n = integer(t2v_json_get(params, key));
    return n < 0 ? or : (size_t)n;
}

static struct t2v_reader_params params_of(const t2v_json *json)
{
    struct t2v_reader_params params = T2V_READER_PARAMS;
    params.top_k = size_at(json, "top_k", params.top_k);
    params.max_answer_tok = size_at(json, "max_answer_len", params.max_answer_tok);
    t2v_json_bool(t2v_json_get(json, "handle_impossible_answer"), &params.impossible);
    t2v_json_bool(t2v_json_get(json, "align_to_words"), &params.align);
    return params;
}

static void expect_answers(const char *what, const t2v_json *want, const struct t2v_answers *got)
{
    if (got->len != t2v_json_len(want))
        fail_msg("%s: expected %zu answers, got %zu", what, t2v_json_len(want), got->len);
    for (size_t i = 0; i < got->len; i++) {
        const t2v_json *one = t2v_json_at(want, i);
        const struct t2v_answer *a = &got->ptr[i];
        struct t2v_str text = t2v_json_str(t2v_json_at(one, 0));
        double score = number(t2v_json_at(one, 1));
        if (!t2v_str_eq(text, a->text) || !(fabs(score - a->score) <= fmin(1e-5, 1e-3 * score)) ||
            a->begin != (size_t)integer(t2v_json_at(one, 2)) ||
            a->end != (size_t)integer(t2v_json_at(one, 3)))
            fail_msg("%s: answer %zu is '%.*s' %.9g [%zu, %zu), expected '%.*s' %.9g", what, i,
                     T2V_STR_ARG(a->text), a->score, a->begin, a->end, T2V_STR_ARG(text), score);
    }
}

static void check_ask(const struct rig *rig, const t2v_json *json, size_t at, const t2v_json *ask)
{
    const t2v_json *params = t2v_json_get(ask, "params");
    struct t2v_str question = t2v_json_str(t2v_json_get(json, "question"));
    struct t2v_str context = t2v_json_str(t2v_json_get(json, "context"));
    struct t2v_reader_params of_reader = params_of(params);
    struct t2v_classify_params windows;
    struct t2v_answers answers = {0};
    struct t2v_err err = {0};
    size_t stride = size_at(params, "doc_stride", 0);
    char what[300];
    snprintf(what, sizeof what, "case %zu, '%.*s', top_k %zu", at, T2V_STR_ARG(question),
             of_reader.top_k);
    t2v_reader_windows(rig->classifier, size_at(params, "max_seq_len", T2V_READER_DEFAULT),
                       t2v_json_get(params, "doc_stride") != NULL ? &stride : NULL, &windows);
    struct t2v_work work = run_one(rig, &question, &context, &windows);
    assert_int_equal(work.err.code, 0);
    const struct t2v_reading reading = {&work.result, 0, question, context};
    if (t2v_reader_answers(rig->classifier, &reading, &of_reader, &answers, &err) != 0)
        fail_msg("%s: %s", what, err.msg);
    expect_answers(what, t2v_json_get(ask, "answers"), &answers);
    t2v_answers_deinit(&answers);
    t2v_work_deinit(&work);
}

static void test_pipeline(void **state)
{
    (void)state;
    static const char *const names[] = {"heads/reader-roberta", "answers/reader-bert"};
    t2v_json *json = load_json("answers/read.json");
    const t2v_json *cases = t2v_json_get(json, "cases");
    size_t n_checked = 0;
    for (size_t m = 0; m < 2; m++) {
        char path[512];
        snprintf(path, sizeof path, GOLDEN "%s", names[m]);
        struct rig rig = set_up(path);
        for (size_t i = 0; i < t2v_json_len(cases); i++) {
            const t2v_json *one = t2v_json_at(cases, i), *asks = t2v_json_get(one, "asks");
            if (!t2v_str_is(t2v_json_str(t2v_json_get(one, "model")), names[m]))
                continue;
            for (size_t k = 0; k < t2v_json_len(asks); k++, n_checked++)
                check_ask(&rig, one, i, t2v_json_at(asks, k));
        }
        tear_down(&rig);
    }
    assert_true(n_checked > 80);
    t2v_json_free(json);
}

/* Weaviate's container. */

static void check_qna(const struct rig *rig, const t2v_decoder *decoder, size_t at,
                      const t2v_json *json)
{
    static const struct t2v_classify_params as_qna = {.as_qna = true};
    struct t2v_str question = t2v_json_str(t2v_json_get(json, "question"));
    struct t2v_str context = t2v_json_str(t2v_json_get(json, "context"));
    struct t2v_str want = t2v_json_str(t2v_json_get(json, "answer"));
    struct t2v_qna got = {.there = false};
    struct t2v_work work = run_one(rig, &question, &context, &as_qna);
    assert_int_equal(work.err.code, 0);
    t2v_buf_init(&got.text, SIZE_MAX);
    assert_int_equal(t2v_qna_answer(&work.result, 0, decoder, &got, NULL), 0);
    if (got.there != (want.ptr != NULL))
        fail_msg("case %zu: expected %s answer", at, want.ptr != NULL ? "an" : "no");
    double certainty = got.there ? number(t2v_json_get(json, "certainty")) : 0;
    if (got.there && !t2v_str_eq(t2v_buf_str(&got.text), want))
        fail_msg("case %zu: got '%.*s', expected '%.*s'", at, T2V_STR_ARG(t2v_buf_str(&got.text)),
                 T2V_STR_ARG(want));
    assert_true(fabs(got.certainty - certainty) <= 1e-5);
    t2v_buf_deinit(&got.text);
    t2v_work_deinit(&work);
}

static void test_container(void **state)
{
    (void)state;
    t2v_json *json = load_json("answers/qna.json");
    const t2v_json *cases = t2v_json_get(json, "cases");
    struct rig rig = set_up(GOLDEN "answers/reader-bert");
    t2v_decoder *decoder;
    const t2v_model *model = t2v_classifier_model(rig.classifier);
    assert_int_equal(t2v_decoder_new(t2v_model_tokenizer(model), &decoder, NULL), 0);
    assert_true(t2v_json_len(cases) > 10);
    for (size_t i = 0; i < t2v_json_len(cases); i++)
        check_qna(&rig, decoder, i, t2v_json_at(cases, i));
    t2v_decoder_free(decoder);
    tear_down(&rig);
    t2v_json_free(json);
}

/* A question that leaves no room for the text; the container would never answer. */
static void test_long_question(void **state)
{
    (void)state;
    static const struct t2v_classify_params as_qna = {.max_tok = 16, .as_qna = true};
    static const struct t2v_str question =
        T2V_STR("the library of the library of the library of the library of the library of");
    static const struct t2v_str context = T2V_STR("the fox");
    struct rig rig = set_up(GOLDEN "answers/reader-bert");
    struct t2v_work work = run_one(&rig, &question, &context, &as_qna);
    assert_int_equal(work.err.code, T2V_ETOOLARGE);
    assert_non_null(strstr(work.err.msg, "which leaves none of 16 to the second"));
    tear_down(&rig);
}

/* An empty context has no answer but "no answer". */
static void test_empty_context(void **state)
{
    (void)state;
    static const struct t2v_str question = T2V_STR("what"), context = T2V_STR("");
    struct rig rig = set_up(GOLDEN "answers/reader-bert");
    struct t2v_reader_params params = T2V_READER_PARAMS;
    struct t2v_classify_params windows;
    struct t2v_answers answers;
    t2v_reader_windows(rig.classifier, T2V_READER_DEFAULT, NULL, &windows);
    struct t2v_work work = run_one(&rig, &question, &context, &windows);
    assert_int_equal(work.err.code, 0);
    const struct t2v_reading reading = {&work.result, 0, question, context};
    assert_int_equal(t2v_reader_answers(rig.classifier, &reading, &params, &answers, NULL), 0);
    assert_int_equal(answers.len, 0);
    t2v_answers_deinit(&answers);
    params.impossible = true;
    assert_int_equal(t2v_reader_answers(rig.classifier, &reading, &params, &answers, NULL), 0);
    assert_int_equal(answers.len, 1);
    assert_int_equal(answers.ptr[0].text.len, 0);
    assert_true(fabs(answers.ptr[0].score - 1) < 1e-6);
    t2v_answers_deinit(&answers);
    t2v_work_deinit(&work);
    tear_down(&rig);
}

/* Windows that move by one token find the same answers again and again: what is kept of them is
 * bounded, and the answers are the same. */
static void test_kept(void **state)
{
    (void)state;
    static const struct t2v_str question = T2V_STR("what");
    static const struct t2v_str context =
        T2V_STR("The Fox and the dog. The dog was there before the fox came, and the Library of "
                "the fox is here. It was there before the dog.");
    static const size_t all = T2V_READER_MOST_BYTES;
    struct rig rig = set_up(GOLDEN "answers/reader-bert");
    struct t2v_reader_params params = T2V_READER_PARAMS;
    struct t2v_classify_params windows;
    struct t2v_answers want, got;
    struct t2v_err err = {0};
    const size_t stride = 8;
    size_t n_smaller = 0;
    t2v_reader_windows(rig.classifier, 14, &stride, &windows);
    struct t2v_work work = run_one(&rig, &question, &context, &windows);
    if (work.err.code != 0)
        fail_msg("%s", work.err.msg);
    const struct t2v_reading reading = {&work.result, 0, question, context};
    params.top_k = 10;
    assert_int_equal(t2v_reader_answers(rig.classifier, &reading, &params, &want, &err), 0);
    assert_int_equal(want.len, 10);
    const size_t found = work.result.n_row * 20 * T2V_READER_SPAN_BYTES;
    int rc = 0;
    for (params.most_bytes = all; rc == 0; params.most_bytes -= params.most_bytes / 8) {
        rc = t2v_reader_answers(rig.classifier, &reading, &params, &got, &err);
        for (size_t i = 0; i < want.len && rc == 0; i++) {
            assert_true(want.ptr[i].score == got.ptr[i].score);
            assert_int_equal(want.ptr[i].begin, got.ptr[i].begin);
            assert_true(t2v_str_eq(want.ptr[i].text, got.ptr[i].text));
        }
        n_smaller += rc == 0 && params.most_bytes < found;
        if (rc == 0)
            t2v_answers_deinit(&got);
    }
    assert_true(n_smaller > 0);
    assert_int_equal(rc, T2V_ETOOLARGE);
    assert_non_null(strstr(err.msg, "different answers of the windows need more than"));
    t2v_answers_deinit(&want);
    t2v_work_deinit(&work);
    tear_down(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pipeline),      cmocka_unit_test(test_container),
        cmocka_unit_test(test_long_question), cmocka_unit_test(test_empty_context),
        cmocka_unit_test(test_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
