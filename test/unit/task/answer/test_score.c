/* SPDX-License-Identifier: BSD-3-Clause */
/* Scores of logits and their order, as the text-classification pipeline of transformers 4.57 gave
 * them (test/golden/make-answers). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../base/copy.h"
#include "rig.h"
#include "task/answer/score.h"

static enum t2v_apply apply_of(const t2v_json *json, const t2v_classifier *classifier)
{
    static const char *const names[] = {"none", "sigmoid", "softmax"};
    struct t2v_str name = t2v_json_str(t2v_json_get(json, "apply"));
    for (int i = 0; i < 3 && name.ptr != NULL; i++) {
        if (t2v_str_is(name, names[i]))
            return (enum t2v_apply)i;
    }
    return t2v_apply_pipeline(classifier);
}

static void check_case(const struct rig *rig, const t2v_json *asked, const t2v_json *json)
{
    const t2v_json *want = t2v_json_get(json, "scores"), *texts = t2v_json_get(asked, "texts");
    struct t2v_str text = t2v_json_str(t2v_json_at(texts, 0));
    struct t2v_str second = t2v_json_str(t2v_json_at(texts, 1));
    struct t2v_work work = run_one(rig, &text, &second, NULL);
    size_t n = work.result.width, order[8];
    assert_int_equal(work.err.code, 0);
    assert_int_equal(n, t2v_json_len(want));
    assert_in_range(n, 1, 8);
    float *scores = work.result.values;
    t2v_apply(apply_of(json, rig->classifier), scores, n);
    t2v_rank(scores, n, T2V_TIES_FIRST, order);
    for (size_t i = 0; i < n; i++) {
        struct t2v_str label = t2v_classifier_label(rig->classifier, order[i]);
        assert_true(t2v_str_eq(label, t2v_json_str(t2v_json_at(t2v_json_at(want, i), 0))));
        double x = number(t2v_json_at(t2v_json_at(want, i), 1));
        if (!(fabs((double)scores[order[i]] - x) <= 1e-5 * fmax(1, fabs(x))))
            fail_msg("expected %.9g, got %.9g", x, (double)scores[order[i]]);
    }
    t2v_work_deinit(&work);
}

static void test_golden(void **state)
{
    (void)state;
    static const char *const names[] = {"cross-encoder", "sequence-distilbert", "sequence-electra",
                                        "sequence-modernbert"};
    t2v_json *json = load_json("answers/classify.json");
    const t2v_json *cases = t2v_json_get(json, "cases");
    size_t n_checked = 0;
    for (size_t m = 0; m < 4; m++) {
        char path[512];
        snprintf(path, sizeof path, GOLDEN "heads/%s", names[m]);
        struct rig rig = set_up(path);
        snprintf(path, sizeof path, "heads/%s/expected.json", names[m]);
        t2v_json *asked = load_json(path);
        for (size_t i = 0; i < t2v_json_len(cases); i++) {
            const t2v_json *one = t2v_json_at(cases, i);
            if (!t2v_str_is(t2v_json_str(t2v_json_get(one, "model")), names[m]))
                continue;
            check_case(&rig,
                       t2v_json_at(t2v_json_get(asked, "cases"),
                                   (size_t)integer(t2v_json_get(one, "case"))),
                       one);
            n_checked++;
        }
        t2v_json_free(asked);
        tear_down(&rig);
    }
    assert_int_equal(n_checked, t2v_json_len(cases));
    assert_true(n_checked > 40);
    t2v_json_free(json);
}

static void expect_order(const float *scores, size_t n, enum t2v_ties ties, const size_t *want)
{
    size_t order[8];
    t2v_rank(scores, n, ties, order);
    assert_memory_equal(order, want, n * sizeof *want);
}

/* TEI's order of equal scores is that of a list sorted upwards and reversed. */
static void test_ties(void **state)
{
    (void)state;
    const float scores[] = {0.5F, 0.25F, 0.5F, 0.75F, 0.25F, 0.5F};
    const size_t first[] = {3, 0, 2, 5, 1, 4}, last[] = {3, 5, 2, 0, 4, 1};
    expect_order(scores, 6, T2V_TIES_FIRST, first);
    expect_order(scores, 6, T2V_TIES_LAST, last);
    expect_order(scores, 0, T2V_TIES_LAST, last);
}

static void test_extremes(void **state)
{
    (void)state;
    float sigmoid[] = {-200, 0, 200}, softmax[] = {1000, -1000, 1000}, one[] = {7};
    t2v_apply(T2V_APPLY_SIGMOID, sigmoid, 3);
    assert_true(sigmoid[0] >= 0 && sigmoid[0] < 1e-30F && sigmoid[1] == 0.5F && sigmoid[2] == 1);
    t2v_apply(T2V_APPLY_SOFTMAX, softmax, 3);
    assert_true(softmax[0] == 0.5F && softmax[1] == 0 && softmax[2] == 0.5F);
    t2v_apply(T2V_APPLY_SOFTMAX, one, 1);
    assert_true(one[0] == 1);
    t2v_apply(T2V_APPLY_SOFTMAX, one, 0);
}

/* The model `name` with a problem_type in its config.json. */
static void expect_defaults(const char *name, const char *problem, enum t2v_apply tei,
                            enum t2v_apply pipeline)
{
    static const char *const files[] = {"config.json", "model.safetensors", "tokenizer.json",
                                        "tokenizer_config.json"};
    static char text[1 << 16];
    char dir[] = "/tmp/t2v-score-XXXXXX", path[600], old[600];
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < 4; i++) {
        snprintf(old, sizeof old, GOLDEN "heads/%s/%s", name, files[i]);
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        copy_file(old, path);
    }
    snprintf(path, sizeof path, "%s/config.json", dir);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "{\"problem_type\": %s, %s", problem, strchr(text, '{') + 1);
    fclose(file);
    struct rig rig = set_up(dir);
    assert_int_equal(t2v_apply_tei(rig.classifier), tei);
    assert_int_equal(t2v_apply_pipeline(rig.classifier), pipeline);
    tear_down(&rig);
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        unlink(path);
    }
    rmdir(dir);
}

static void test_defaults(void **state)
{
    (void)state;
    expect_defaults("sequence-distilbert", "null", T2V_APPLY_SOFTMAX, T2V_APPLY_SOFTMAX);
    expect_defaults("sequence-distilbert", "\"multi_label_classification\"", T2V_APPLY_SIGMOID,
                    T2V_APPLY_SIGMOID);
    expect_defaults("sequence-distilbert", "\"regression\"", T2V_APPLY_SOFTMAX, T2V_APPLY_NONE);
    expect_defaults("cross-encoder", "\"regression\"", T2V_APPLY_SIGMOID, T2V_APPLY_NONE);
    expect_defaults("cross-encoder", "\"single_label_classification\"", T2V_APPLY_SIGMOID,
                    T2V_APPLY_SIGMOID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_ties),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
