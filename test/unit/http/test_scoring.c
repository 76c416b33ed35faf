/* SPDX-License-Identifier: BSD-3-Clause */
/* What requests to a model with a head may take: the rows, of which the engine never makes more,
 * and whether their answers are long to write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../task/answer/rig.h"
#include "http/api/answers.h"
#include "http/api/entities.h"
#include "http/api/scoring.h"
#include "http/job.h"
#include "http/service.h"

#define LIGATURE "\xef\xb7\xba" /* U+FDFA: 18 characters under NFKC */

static void test_most_tok(void **state)
{
    (void)state;
    assert_int_equal(t2v_text_most_tok(T2V_STR(""), 9), 0);
    assert_int_equal(t2v_text_most_tok(T2V_STR("the fox"), 9), 7);
    assert_int_equal(t2v_text_most_tok(T2V_STR("the fox"), 5), 5);
    assert_true(t2v_text_most_tok(T2V_STR(LIGATURE), 100) >= 18);
    assert_int_equal(t2v_text_most_tok(T2V_STR(LIGATURE), 10), 10);
    assert_int_equal(t2v_text_most_tok(T2V_STR("\xd0\xb4\xd0\xb0, \xe6\x98\xaf\xef\xbc\x81"), 99),
                     12);
    assert_true(t2v_text_most_tok(T2V_STR("\xe3\x8c\x80"), 99) >= 18); /* 6 kana in a square */
    assert_true(t2v_text_most_tok(T2V_STR("\xe2\x85\xb7 \xc2\xbc"), 99) >= 4 + 1 + 3);
}

/* Runs the input, and compares. */
static struct t2v_scoring_rows check(const struct rig *rig, struct t2v_str text,
                                     struct t2v_str second,
                                     const struct t2v_classify_params *params)
{
    const struct t2v_served served = {.classifier = rig->classifier};
    const struct t2v_service service = {.engine = rig->engine};
    struct t2v_str list[2] = {text, second};
    const struct t2v_scoring scoring = {
        .list = list, .n = 1, .paired = second.ptr != NULL, .params = *params, .served = &served};
    struct t2v_work work = run_one(rig, &text, &second, params);
    struct t2v_scoring_rows most = t2v_scoring_most_rows(&service, &scoring, 0);
    assert_int_equal(work.err.code, 0);
    assert_true(work.result.n_row <= most.n_row);
    assert_true(work.result.n_tok <= most.n_tok);
    t2v_work_deinit(&work);
    return most;
}

static const struct t2v_str words =
    T2V_STR("The fox is here, and there is the dog. It was there before the fox came. What is it "
            "that is there, and what was it before? A library of tools for this and that. The fox "
            "is here, and there is the dog. It was there before the fox came. What is it?");

static void test_windows(void **state)
{
    (void)state;
    static const struct t2v_str question = T2V_STR("what is it"),
                                ligatures = T2V_STR(LIGATURE LIGATURE LIGATURE LIGATURE LIGATURE
                                                        LIGATURE LIGATURE LIGATURE);
    struct rig rig = set_up(GOLDEN "answers/reader-bert");
    for (size_t overlap = 0; overlap < 18; overlap++) {
        const struct t2v_classify_params params = {32, true, overlap, false};
        check(&rig, question, words, &params);
        check(&rig, question, ligatures, &params);
    }
    const struct t2v_classify_params as_qna = {24, false, 0, true}, cut = {32, false, 0, false};
    check(&rig, question, words, &as_qna);
    assert_int_equal(check(&rig, question, words, &cut).n_tok, 32);
    assert_int_equal(check(&rig, question, T2V_STR("the fox"), &cut).n_row, 1);
    tear_down(&rig);
}

static void test_parts(void **state)
{
    (void)state;
    static const struct t2v_str none = {NULL, 0};
    struct rig rig = set_up(GOLDEN "heads/ner-bert");
    for (size_t overlap = 0; overlap < 30; overlap++) {
        const struct t2v_classify_params params = {32, true, overlap, false};
        check(&rig, words, none, &params);
    }
    const struct t2v_classify_params cut = {32, false, 0, false};
    assert_int_equal(check(&rig, words, none, &cut).n_tok, 32);
    tear_down(&rig);
}

/* `write` of these operations encodes the texts again: it is not for the loop thread where they are
 * long, even if all but a few tokens were cut. */
static void check_is_large(const struct t2v_operation *operation)
{
    struct t2v_job job = {.state = calloc(1, operation->state_size)};
    struct t2v_scoring *scoring = job.state;
    assert_non_null(scoring);
    job.work.n_tok = 100;
    scoring->texts.cap = 1000;
    assert_false(operation->is_large(&job));
    scoring->texts.cap = 65 * 1024;
    assert_true(operation->is_large(&job));
    job.work.err.code = T2V_EMODEL;
    assert_false(operation->is_large(&job));
    job.work.err.code = 0;
    scoring->texts.cap = 1000;
    job.work.n_tok = 300;
    assert_true(operation->is_large(&job));
    free(job.state);
}

static void test_is_large(void **state)
{
    (void)state;
    check_is_large(&t2v_entities_weaviate);
    check_is_large(&t2v_entities_hub);
    check_is_large(&t2v_answers_weaviate);
    check_is_large(&t2v_answers_hub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_most_tok),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_is_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
