/* SPDX-License-Identifier: BSD-3-Clause */
/* Entities of texts, as the token-classification pipeline of transformers 4.57 gave them
 * (test/golden/make-answers). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rig.h"
#include "task/answer/tagger.h"

enum { MAX_IGNORE = 4, MAX_LABEL = 32 };

static enum t2v_aggregation aggregation_of(const t2v_json *params)
{
    struct t2v_str name = t2v_json_str(t2v_json_get(params, "aggregation_strategy"));
    for (int i = 0; i < T2V_N_AGGREGATION; i++) {
        if (t2v_str_is(name, t2v_aggregation_names[i]))
            return (enum t2v_aggregation)i;
    }
    fail_msg("no such aggregation");
    return T2V_AGGREGATE_NONE;
}

static void expect_entities(const char *what, const t2v_json *want, const struct t2v_entities *got)
{
    for (size_t i = 0; i < got->len && i < t2v_json_len(want); i++) {
        const t2v_json *one = t2v_json_at(want, i);
        const struct t2v_entity *e = &got->ptr[i];
        struct t2v_str label = t2v_json_str(t2v_json_at(one, 0));
        struct t2v_str word = t2v_json_str(t2v_json_at(one, 2));
        double score = number(t2v_json_at(one, 1));
        if (!t2v_str_eq(label, e->label) || !t2v_str_eq(word, e->word) ||
            !(fabs(score - e->score) <= 1e-5) || e->begin != (size_t)integer(t2v_json_at(one, 3)) ||
            e->end != (size_t)integer(t2v_json_at(one, 4)))
            fail_msg("%s: entity %zu is %.*s '%.*s' %.9g [%zu, %zu), expected %.*s '%.*s' %.9g",
                     what, i, T2V_STR_ARG(e->label), T2V_STR_ARG(e->word), e->score, e->begin,
                     e->end, T2V_STR_ARG(label), T2V_STR_ARG(word), score);
    }
    if (got->len != t2v_json_len(want))
        fail_msg("%s: expected %zu entities, got %zu", what, t2v_json_len(want), got->len);
}

static void check_ask(const struct rig *rig, const t2v_decoder *decoder, struct t2v_str text,
                      const t2v_json *ask)
{
    static const struct t2v_str single = {NULL, 0};
    const t2v_json *params = t2v_json_get(ask, "params");
    const t2v_json *ignore = t2v_json_get(params, "ignore_labels");
    int64_t stride = integer(t2v_json_get(params, "stride"));
    struct t2v_tagger_params of_tagger = t2v_tagger_defaults;
    struct t2v_str list[MAX_IGNORE];
    bool ignored[2 * MAX_LABEL];
    struct t2v_entities got = {0};
    struct t2v_err err = {0};
    char what[300];
    const struct t2v_classify_params of_work = {.max_tok =
                                                    (size_t)integer(t2v_json_get(ask, "max_tok")),
                                                .windows = stride >= 0,
                                                .overlap = stride >= 0 ? (size_t)stride : 0};
    of_tagger.aggregation = aggregation_of(params);
    if (ignore != NULL) {
        assert_in_range(t2v_json_len(ignore), 0, MAX_IGNORE);
        assert_in_range(t2v_classifier_n_label(rig->classifier), 1, MAX_LABEL);
        for (size_t i = 0; i < t2v_json_len(ignore); i++)
            list[i] = t2v_json_str(t2v_json_at(ignore, i));
        t2v_tagger_ignore(rig->classifier, list, t2v_json_len(ignore), ignored);
        of_tagger.ignored = ignored;
    }
    snprintf(what, sizeof what, "'%.*s' %s stride %d", T2V_STR_ARG(text),
             t2v_aggregation_names[of_tagger.aggregation], (int)stride);
    struct t2v_work work = run_one(rig, &text, &single, &of_work);
    assert_int_equal(work.err.code, 0);
    const struct t2v_tagging tagging = {&work.result, 0, text};
    if (t2v_tagger_entities(rig->classifier, decoder, &tagging, &of_tagger, &got, &err) != 0)
        fail_msg("%s: %s", what, err.msg);
    expect_entities(what, t2v_json_get(ask, "entities"), &got);
    t2v_entities_deinit(&got);
    t2v_work_deinit(&work);
}

static void test_pipeline(void **state)
{
    (void)state;
    static const char *const names[] = {"heads/ner-bert", "answers/tagger-roberta"};
    t2v_json *json = load_json("answers/tag.json");
    const t2v_json *cases = t2v_json_get(json, "cases");
    size_t n_checked = 0;
    for (size_t m = 0; m < 2; m++) {
        char path[512];
        snprintf(path, sizeof path, GOLDEN "%s", names[m]);
        struct rig rig = set_up(path);
        t2v_decoder *decoder;
        const t2v_model *model = t2v_classifier_model(rig.classifier);
        assert_int_equal(t2v_decoder_new(t2v_model_tokenizer(model), &decoder, NULL), 0);
        for (size_t i = 0; i < t2v_json_len(cases); i++) {
            const t2v_json *one = t2v_json_at(cases, i), *asks = t2v_json_get(one, "asks");
            if (!t2v_str_is(t2v_json_str(t2v_json_get(one, "model")), names[m]))
                continue;
            for (size_t k = 0; k < t2v_json_len(asks); k++, n_checked++)
                check_ask(&rig, decoder, t2v_json_str(t2v_json_get(one, "text")),
                          t2v_json_at(asks, k));
        }
        t2v_decoder_free(decoder);
        tear_down(&rig);
    }
    assert_true(n_checked > 300);
    t2v_json_free(json);
}

/* A result of another text is noticed. */
static void test_another_text(void **state)
{
    (void)state;
    static const struct t2v_str text = T2V_STR("the fox and the dog"), single = {NULL, 0};
    struct rig rig = set_up(GOLDEN "heads/ner-bert");
    t2v_decoder *decoder;
    struct t2v_entities got = {0};
    const t2v_model *model = t2v_classifier_model(rig.classifier);
    assert_int_equal(t2v_decoder_new(t2v_model_tokenizer(model), &decoder, NULL), 0);
    struct t2v_work work = run_one(&rig, &text, &single, NULL);
    assert_int_equal(work.err.code, 0);
    const struct t2v_tagging tagging = {&work.result, 0, T2V_STR("the")};
    assert_int_equal(
        t2v_tagger_entities(rig.classifier, decoder, &tagging, &t2v_tagger_defaults, &got, NULL),
        T2V_EFORMAT);
    assert_int_equal(got.len, 0);
    t2v_work_deinit(&work);
    t2v_decoder_free(decoder);
    tear_down(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pipeline),
        cmocka_unit_test(test_another_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
