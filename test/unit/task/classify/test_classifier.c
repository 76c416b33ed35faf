/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Models with heads, from texts to logits, as Transformers and sentence-transformers gave them for
 * the checkpoints of test/golden/heads (see make-heads there); and what is refused.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../base/copy.h"
#include "batch/engine.h"
#include "json/json.h"
#include "task/classify/open.h"
#include "token/encode.h"

#define HEADS T2V_TEST_DIR "/golden/heads/"

/* What is computed with one model. */
struct rig {
    t2v_classifier *classifier;
    t2v_engine *engine;
};

static t2v_classifier *open_classifier(const char *dir, const char *cpu)
{
    const struct t2v_classifier_options options = {dir, "f32", cpu, 1};
    struct t2v_err err = {0};
    t2v_classifier *classifier = NULL;
    if (t2v_classifier_open(&options, &classifier, &err) != 0)
        fail_msg("%s: %s", dir, err.msg);
    return classifier;
}

static struct rig set_up(const char *name, const char *cpu, int n_lane)
{
    char path[512];
    struct rig rig;
    struct t2v_err err = {0};
    const struct t2v_engine_options options = {
        .n_thread = n_lane, .max_queue = 1, .max_text_tok = 1000000};
    snprintf(path, sizeof path, HEADS "%s", name);
    rig.classifier = open_classifier(path, cpu);
    const struct t2v_task *task = t2v_classifier_task(rig.classifier);
    if (t2v_engine_new(&task, 1, &options, &rig.engine, &err) != 0)
        fail_msg("%s", err.msg);
    return rig;
}

static void tear_down(struct rig *rig)
{
    t2v_engine_free(rig->engine);
    t2v_classifier_free(rig->classifier);
}

/* The work, done. The caller calls t2v_work_deinit. */
static struct t2v_work run(const struct rig *rig, const struct t2v_str *texts,
                           const struct t2v_str *seconds, size_t n,
                           const struct t2v_classify_params *params)
{
    struct t2v_work work = {.texts = texts, .seconds = seconds, .n_text = n, .params = params};
    t2v_engine_run(rig->engine, &work);
    return work;
}

static void expect_done(const char *what, const struct t2v_work *work)
{
    if (work->err.code != 0)
        fail_msg("%s: input %zu: %s", what, work->err_text, work->err.msg);
}

static void expect_ids(const char *what, size_t at, const struct t2v_ids *got, const t2v_json *want)
{
    for (size_t i = 0; i < got->len || i < t2v_json_len(want); i++) {
        int64_t id = -1;
        t2v_json_int(t2v_json_at(want, i), &id);
        if (i >= got->len || id != got->ptr[i])
            fail_msg("%s case %zu: number %zu of %zu is %d, expected %d of %zu", what, at, i,
                     got->len, i < got->len ? got->ptr[i] : -1, (int)id, t2v_json_len(want));
    }
}

/* Bound: 1e-5 of the largest number of the case, or of 1 (a logit may be near 0). */
static void expect_floats(const char *what, size_t at, const float *got, size_t n,
                          const t2v_json *want)
{
    double top = 1, x = NAN;
    assert_int_equal(n, t2v_json_len(want));
    for (size_t i = 0; i < n && t2v_json_double(t2v_json_at(want, i), &x); i++)
        top = fmax(top, fabs(x));
    for (size_t i = 0; i < n; i++) {
        x = NAN;
        t2v_json_double(t2v_json_at(want, i), &x);
        if (!(fabs((double)got[i] - x) <= 1e-5 * top))
            fail_msg("%s case %zu, number %zu: expected %.9g, got %.9g", what, at, i, x,
                     (double)got[i]);
    }
}

/* The text or pair of a case; second.ptr is NULL: a single text. */
struct input {
    struct t2v_str text, second;
    struct t2v_classify_params params;
};

static struct input input_of(const t2v_json *json)
{
    const t2v_json *texts = t2v_json_get(json, "texts");
    int64_t max_tok = 0;
    assert_true(t2v_json_int(t2v_json_get(json, "max_tok"), &max_tok));
    return (struct input){t2v_json_str(t2v_json_at(texts, 0)),
                          t2v_json_str(t2v_json_at(texts, 1)),
                          {.max_tok = (size_t)max_tok}};
}

static struct t2v_work run_input(const struct rig *rig, const struct input *input)
{
    return run(rig, &input->text, input->second.ptr != NULL ? &input->second : NULL, 1,
               &input->params);
}

/* The tokens of an input's first row, asked of the task itself. */
static void check_row(const struct rig *rig, const char *what, size_t at, const t2v_json *json)
{
    const struct t2v_task *task = t2v_classifier_task(rig->classifier);
    const struct input input = input_of(json);
    const struct t2v_inputs inputs = {&input.text, input.second.ptr != NULL ? &input.second : NULL,
                                      1};
    struct t2v_row row = {0};
    t2v_token_space *space;
    void *state;
    bool more;
    assert_int_equal(t2v_token_space_new(&space), 0);
    assert_int_equal(task->ops->open(task, &inputs, &input.params, &state, NULL), 0);
    assert_int_equal(task->ops->start(state, 0, NULL), 0);
    assert_int_equal(task->ops->next(state, space, &row, &more, NULL), 0);
    assert_true(more);
    expect_ids(what, at, &row.ids, t2v_json_get(json, "ids"));
    expect_ids(what, at, &row.types, t2v_json_get(json, "types"));
    assert_int_equal(task->ops->next(state, space, &row, &more, NULL), 0);
    assert_false(more);
    task->ops->close(state);
    t2v_row_deinit(&row);
    t2v_token_space_free(space);
}

static void check_case(const struct rig *rig, const char *what, size_t at, const t2v_json *json)
{
    const t2v_json *score = t2v_json_get(json, "score");
    const struct input input = input_of(json);
    check_row(rig, what, at, json);
    struct t2v_work work = run_input(rig, &input);
    expect_done(what, &work);
    const struct t2v_result *result = &work.result;
    size_t n_row = result->rows != NULL ? result->n_tok : 1;
    assert_int_equal(result->width, t2v_classifier_n_label(rig->classifier));
    expect_floats(what, at, result->values, n_row * result->width, t2v_json_get(json, "logits"));
    if (result->rows != NULL) {
        assert_int_equal(result->n_row, 1);
        expect_ids(what, at, &(struct t2v_ids){result->ids, result->n_tok, 0, false},
                   t2v_json_get(json, "ids"));
        expect_ids(what, at, &(struct t2v_ids){result->types, result->n_tok, 0, false},
                   t2v_json_get(json, "types"));
    }
    if (score != NULL) {
        t2v_classifier_score(rig->classifier, result->values);
        expect_floats("score", at, result->values, result->width, score);
    }
    t2v_work_deinit(&work);
}

static t2v_json *load_cases(const char *name)
{
    char path[512];
    struct t2v_err err = {0};
    t2v_json *json;
    snprintf(path, sizeof path, HEADS "%s/expected.json", name);
    if (t2v_json_load(path, 1 << 24, &json, &err) != 0)
        fail_msg("%s", err.msg);
    assert_true(t2v_json_len(t2v_json_get(json, "cases")) > 0);
    return json;
}

static void check(const char *name, const char *cpu, int n_lane)
{
    char what[128];
    snprintf(what, sizeof what, "%s cpu=%s lanes=%d", name, cpu, n_lane);
    t2v_json *json = load_cases(name);
    const t2v_json *cases = t2v_json_get(json, "cases");
    struct rig rig = set_up(name, cpu, n_lane);
    for (size_t i = 0; i < t2v_json_len(cases); i++)
        check_case(&rig, what, i, t2v_json_at(cases, i));
    tear_down(&rig);
    t2v_json_free(json);
}

static const char *const names[] = {
    "cross-encoder",    "reader-roberta",   "ner-bert",         "sequence-distilbert",
    "sequence-roberta", "sequence-electra", "sequence-mpnet",   "sequence-modernbert",
    "span-mpnet",       "span-modernbert",  "token-distilbert", "token-modernbert"};

static void test_golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        check(names[i], "", 2);
        check(names[i], "c", 1);
        check(names[i], "blas", 3);
    }
}

/* The part of a result that is input i's. */
static const float *part_of(const struct t2v_result *result, size_t i, size_t *n)
{
    if (result->rows == NULL) {
        *n = result->width;
        return result->values + i * result->width;
    }
    assert_int_equal(result->rows[i].input, i);
    *n = result->rows[i].n_tok * result->width;
    return result->values + result->rows[i].at * result->width;
}

enum { MAX_CASE = 64 };

/* The inputs of a model's cases: pairs, or single texts where its cases have one. */
static size_t read_inputs(const t2v_json *cases, bool pairs, struct t2v_str *texts,
                          struct t2v_str *seconds)
{
    size_t n = 0;
    for (size_t i = 0; i < t2v_json_len(cases) && n < MAX_CASE; i++) {
        const struct input input = input_of(t2v_json_at(cases, i));
        if ((input.second.ptr != NULL) != pairs)
            continue;
        texts[n] = input.text;
        seconds[n++] = input.second;
    }
    return n;
}

/* An input alone gives the same bits as among others in a batch. */
static void check_alone(const struct rig *rig, const char *name, const t2v_json *cases, bool pairs)
{
    struct t2v_str texts[MAX_CASE], seconds[MAX_CASE];
    size_t n = read_inputs(cases, pairs, texts, seconds), n_all, n_one;
    struct t2v_work all = run(rig, texts, pairs ? seconds : NULL, n, NULL);
    expect_done(name, &all);
    for (size_t i = 0; i < n; i++) {
        struct t2v_work one = run(rig, &texts[i], pairs ? &seconds[i] : NULL, 1, NULL);
        const float *want = part_of(&one.result, 0, &n_one);
        const float *got = part_of(&all.result, i, &n_all);
        assert_int_equal(n_all, n_one);
        if (memcmp(got, want, n_one * sizeof *got) != 0)
            fail_msg("%s: input %zu is another one in a batch", name, i);
        t2v_work_deinit(&one);
    }
    t2v_work_deinit(&all);
}

static void test_alone_and_in_a_batch(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        t2v_json *json = load_cases(names[i]);
        struct rig rig = set_up(names[i], "", 2);
        const char *cpu = t2v_model_cpu(t2v_classifier_model(rig.classifier));
        if (strcmp(cpu, "blas") != 0) { /* its sums depend on the number of rows */
            check_alone(&rig, names[i], t2v_json_get(json, "cases"), true);
            check_alone(&rig, names[i], t2v_json_get(json, "cases"), false);
        }
        tear_down(&rig);
        t2v_json_free(json);
    }
}

/* --- windows of a long context --- */

static const struct t2v_str question = T2V_STR("what is it");
static const struct t2v_str context =
    T2V_STR("The fox is here, and there is the dog. It was there before the fox came. What is it "
            "that is there, and what was it before? A library of tools for this and that.");

/* Row r of a result as the task laid it. */
static struct t2v_ids ids_of(const struct t2v_result *result, size_t r)
{
    const struct t2v_result_row *row = &result->rows[r];
    return (struct t2v_ids){result->ids + row->at, row->n_tok, 0, false};
}

static void expect_same(const struct t2v_ids *got, const struct t2v_ids *want, size_t r)
{
    if (got->len != want->len || memcmp(got->ptr, want->ptr, want->len * sizeof *want->ptr) != 0)
        fail_msg("window %zu has other tokens", r);
}

/* Each window is the whole question and the next tokens of the context, `overlap` of them once
 * more; its logits are those of the same tokens in a batch of their own. */
static void check_windows(const struct rig *rig, size_t max_tok, size_t overlap)
{
    const t2v_tokenizer *tokenizer = t2v_model_tokenizer(t2v_classifier_model(rig->classifier));
    const struct t2v_classify_params params = {max_tok, true, overlap, false};
    struct t2v_ids a = {0}, b = {0}, ids = {0}, types = {0};
    size_t n_special, from = 0;
    int32_t max_id, max_type;
    t2v_token_space *space;
    assert_int_equal(t2v_token_space_new(&space), 0);
    assert_int_equal(t2v_tokenizer_encode_bare(tokenizer, space, question, &a, NULL), 0);
    assert_int_equal(t2v_tokenizer_encode_bare(tokenizer, space, context, &b, NULL), 0);
    assert_true(t2v_tokenizer_pair(tokenizer, &n_special, &max_id, &max_type));
    size_t limit = t2v_classifier_task(rig->classifier)->max_tok;
    size_t n_window = (max_tok < limit ? max_tok : limit) - n_special - a.len;
    struct t2v_work work = run(rig, &question, &context, 1, &params);
    expect_done("windows", &work);
    const struct t2v_result *result = &work.result;
    assert_int_equal(result->n_row, b.len <= n_window ? 1
                                                      : (b.len - overlap + n_window - overlap - 1) /
                                                            (n_window - overlap));
    for (size_t r = 0; r < result->n_row; r++, from += n_window - overlap) {
        size_t n = b.len - from < n_window ? b.len - from : n_window;
        assert_int_equal(result->rows[r].first, from);
        assert_int_equal(t2v_tokenizer_join_pair(tokenizer, &a, &b, from, n, &ids, &types), 0);
        const struct t2v_ids got = ids_of(result, r);
        expect_same(&got, &ids, r);
        assert_true(r + 1 == result->n_row ? from + n == b.len : from + n < b.len);
    }
    t2v_work_deinit(&work);
    t2v_ids_deinit(&a);
    t2v_ids_deinit(&b);
    t2v_ids_deinit(&ids);
    t2v_ids_deinit(&types);
    t2v_token_space_free(space);
}

static void test_windows(void **state)
{
    (void)state;
    static const char *const spans[] = {"reader-roberta", "span-mpnet", "span-modernbert"};
    for (size_t i = 0; i < 3; i++) {
        struct rig rig = set_up(spans[i], "", 2);
        check_windows(&rig, 24, 0);
        check_windows(&rig, 24, 1);
        check_windows(&rig, 25, 4);
        check_windows(&rig, 60, 8);
        tear_down(&rig);
    }
}

/* Each row says how many tokens come after it. */
static void check_behind(const struct rig *rig, const struct t2v_inputs *inputs,
                         const struct t2v_classify_params *params)
{
    enum { MOST = 500 };
    const struct t2v_task *task = t2v_classifier_task(rig->classifier);
    struct t2v_row row = {0};
    size_t behind[MOST], n_tok[MOST], n = 0, sum = 0;
    t2v_token_space *space;
    void *state;
    bool more;
    assert_int_equal(t2v_token_space_new(&space), 0);
    assert_int_equal(task->ops->open(task, inputs, params, &state, NULL), 0);
    assert_int_equal(task->ops->start(state, 0, NULL), 0);
    for (; n < MOST && task->ops->next(state, space, &row, &more, NULL) == 0 && more; n++) {
        behind[n] = row.behind;
        n_tok[n] = row.ids.len;
    }
    assert_in_range(n, 1, MOST - 1);
    while (n-- > 0) {
        assert_int_equal(behind[n], sum);
        sum += n_tok[n];
    }
    task->ops->close(state);
    t2v_row_deinit(&row);
    t2v_token_space_free(space);
}

static void test_tokens_behind(void **state)
{
    (void)state;
    const struct t2v_inputs pair = {&question, &context, 1}, single = {&context, NULL, 1};
    struct rig reader = set_up("reader-roberta", "", 1), tagger = set_up("ner-bert", "", 1);
    for (size_t max_tok = 16; max_tok < 40; max_tok++) {
        for (size_t overlap = 0; overlap < 6; overlap++) {
            const struct t2v_classify_params params = {max_tok, true, overlap, false};
            check_behind(&reader, &pair, &params);
            check_behind(&tagger, &single, &params);
        }
        const struct t2v_classify_params as_qna = {max_tok + 16, false, 0, true};
        check_behind(&reader, &pair, &as_qna);
    }
    tear_down(&reader);
    tear_down(&tagger);
}

/* Too many tokens are refused before any window is computed. */
static void test_windows_of_too_many_tokens(void **state)
{
    (void)state;
    const struct t2v_classify_params params = {24, true, 8, false};
    const struct t2v_engine_options options = {.n_thread = 1, .max_queue = 1, .max_text_tok = 60};
    struct t2v_err err = {0};
    struct rig rig = set_up("reader-roberta", "", 1);
    const struct t2v_task *task = t2v_classifier_task(rig.classifier);
    t2v_engine_free(rig.engine);
    if (t2v_engine_new(&task, 1, &options, &rig.engine, &err) != 0)
        fail_msg("%s", err.msg);
    struct t2v_work work = run(&rig, &question, &context, 1, &params);
    assert_int_equal(work.err.code, T2V_ETOOLARGE);
    assert_string_equal(work.err.msg, "more than 60 tokens (max-text-tokens)");
    assert_int_equal(work.n_tok, 0);
    tear_down(&rig);
}

/* Without a second row the windows are the pair; a window that would never move on is refused. */
static void test_windows_at_their_limits(void **state)
{
    (void)state;
    struct rig rig = set_up("reader-roberta", "", 1);
    const struct t2v_classify_params whole = {0, true, 8, false}, plain = {0},
                                     stuck = {24, true, 24, false}, narrow = {5, true, 0, false};
    const struct t2v_str second = T2V_STR("the fox is it");
    struct t2v_work a = run(&rig, &question, &second, 1, &whole);
    struct t2v_work b = run(&rig, &question, &second, 1, &plain);
    expect_done("windows", &a);
    expect_done("plain", &b);
    assert_int_equal(a.result.n_tok, b.result.n_tok);
    assert_memory_equal(a.result.values, b.result.values,
                        a.result.n_tok * a.result.width * sizeof(float));
    t2v_work_deinit(&a);
    t2v_work_deinit(&b);
    a = run(&rig, &question, &context, 1, &stuck);
    assert_int_equal(a.err.code, T2V_ETOOLARGE);
    assert_non_null(strstr(a.err.msg, "cannot share 24"));
    assert_null(a.result.values);
    a = run(&rig, &question, &context, 1, &narrow);
    assert_int_equal(a.err.code, T2V_ETOOLARGE);
    assert_non_null(strstr(a.err.msg, "which leaves none of 5 to the second"));
    tear_down(&rig);
}

static void test_labels(void **state)
{
    (void)state;
    t2v_classifier *c = open_classifier(HEADS "ner-bert", "");
    assert_int_equal(t2v_classifier_kind(c), T2V_CLASSIFY_TOKEN);
    assert_int_equal(t2v_classifier_n_label(c), 5);
    assert_true(t2v_str_is(t2v_classifier_label(c, 0), "O"));
    assert_true(t2v_str_is(t2v_classifier_label(c, 4), "I-LOC"));
    assert_int_equal(t2v_classifier_task(c)->max_tok, 512);
    t2v_classifier_free(c);
    c = open_classifier(HEADS "reader-roberta", "");
    assert_int_equal(t2v_classifier_kind(c), T2V_CLASSIFY_SPAN);
    assert_true(t2v_str_is(t2v_classifier_label(c, 1), "LABEL_1"));
    t2v_classifier_free(c);
    const float logits[] = {-1, 3, 2};
    float share;
    assert_int_equal(t2v_classify_best(logits, 3, &share), 1);
    assert_true(fabsf(share - 0.72139918F) < 1e-6F);
}

/* --- refusals: a model's files are copied into a folder, with something changed in one --- */

static void put(const char *dir, const char *name, const char *text)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    unlink(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Opens the model `name` with `from` in one of its files replaced by `to`. */
static void refuse(const char *name, const char *file, const char *from, const char *to,
                   const char *says)
{
    static const char *const files[] = {"config.json", "model.safetensors", "tokenizer.json",
                                        "tokenizer_config.json", "special_tokens_map.json"};
    static char text[1 << 20], changed[1 << 20];
    char dir[] = "/tmp/t2v-head-XXXXXX", path[600], old[600];
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < 5; i++) {
        snprintf(old, sizeof old, HEADS "%s/%s", name, files[i]);
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        copy_file(old, path);
    }
    snprintf(old, sizeof old, HEADS "%s/%s", name, file);
    FILE *in = fopen(old, "r");
    assert_non_null(in);
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    fclose(in);
    const char *at = strstr(text, from);
    if (at == NULL)
        fail_msg("%s: no '%s' in its %s", name, from, file);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    put(dir, file, changed);
    const struct t2v_classifier_options options = {dir, "f32", "", 1};
    struct t2v_err err = {0};
    t2v_classifier *classifier = NULL;
    int rc = t2v_classifier_open(&options, &classifier, &err);
    if (rc == 0 || classifier != NULL || strstr(err.msg, says) == NULL)
        fail_msg("%s with %s: got %d '%s', expected '%s'", name, to, rc, err.msg, says);
    for (size_t i = 0; i < 5; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        unlink(path);
    }
    rmdir(dir);
}

static void test_refusals(void **state)
{
    (void)state;
    const char *c = "config.json", *id0 = "\"0\": \"LABEL_0\"";
    refuse("cross-encoder", c, "BertForSequenceClassification", "BertForMaskedLM",
           "architectures[0] 'BertForMaskedLM' has no head that is supported");
    refuse("cross-encoder", c, "\"BertForSequenceClassification\"", "7", "architectures[0] ''");
    refuse("cross-encoder", c, "BertForSequenceClassification", "BertForQuestionAnswering",
           "question answering has 2 labels, and here are 1");
    refuse("reader-roberta", c, "RobertaForQuestionAnswering", "RobertaForTokenClassification",
           "classifier.weight is missing");
    refuse("reader-roberta", c, "RobertaForQuestionAnswering", "RobertaForSequenceClassification",
           "classifier.dense.weight is missing");
    refuse("cross-encoder", c, id0, "\"0\": \"A\", \"1\": \"B\"",
           "classifier.weight has shape [1, 32], expected [2, 32]");
    refuse("cross-encoder", c, id0, "\"0\": 5", "id2label[\"0\"] should be a string");
    refuse("cross-encoder", c, id0, "\"1\": \"A\"",
           "id2label has a label '1', and 1 labels in all");
    refuse("cross-encoder", c, id0, "\"00\": \"A\", \"0\": \"B\"", "id2label has no label 1");
    refuse("cross-encoder", c, id0, "\"99999999999999999999\": \"A\"", "id2label has a label '999");
    refuse("cross-encoder", c, id0, "\"\": \"A\"", "id2label has a label ''");
    refuse("cross-encoder", c, id0, "", "0 labels, outside 1");
    refuse("cross-encoder", c, "\"id2label\": {", "\"id2label\": [], \"x\": {",
           "id2label should be an object, and is an array");
    refuse("cross-encoder", c, "\"hidden_act\"", "\"num_labels\": 3, \"hidden_act\"",
           "num_labels is 3, but id2label has 1");
    refuse("cross-encoder", c, "\"hidden_act\"", "\"num_labels\": \"1\", \"hidden_act\"",
           "num_labels should be an integer, and is a string");
    refuse("reader-roberta", c, "\"hidden_act\"", "\"num_labels\": 3, \"hidden_act\"",
           "question answering has 2 labels, and here are 3");
    refuse("reader-roberta", c, "\"hidden_act\"", "\"num_labels\": -1, \"hidden_act\"",
           "-1 labels, outside 1");
    refuse("sequence-electra", c, "torch.nn.modules.activation.Sigmoid", "os.system",
           "activation_fn 'os.system' is not supported");
    refuse("sequence-modernbert", c, "\"classifier_pooling\": \"mean\"",
           "\"classifier_pooling\": \"max\"", "classifier_pooling 'max' is not supported");
    refuse("sequence-modernbert", c, "\"classifier_activation\": \"gelu\"",
           "\"classifier_activation\": \"relu\"", "classifier_activation 'relu' is not supported");
    refuse("token-modernbert", c, "\"classifier_bias\": false", "\"classifier_bias\": true",
           "head.dense.bias is missing");
    refuse("token-modernbert", c, "\"classifier_bias\": false", "\"classifier_bias\": 1",
           "classifier_bias should be true or false, and is a number");
    refuse("token-modernbert", c, "\"model_type\": \"modernbert\"", "\"model_type\": \"eurobert\"",
           "model_type \'eurobert\' has no heads here (bert, distilbert, ");
    refuse("cross-encoder", "tokenizer.json", "\"[SEP]\": 3", "\"[SEP]\": 3, \"zz\": 1200",
           "the tokenizer's largest id is 1200, but the embeddings have only 1200 rows");
}

/* A cross-encoder's activation is named in three places; the newest that is there counts. */
static void test_activation(void **state)
{
    (void)state;
    static const char *const files[] = {"config.json", "model.safetensors", "tokenizer.json",
                                        "tokenizer_config.json", "special_tokens_map.json"};
    static const struct {
        const char *text;
        float want; /* of a logit of 1; the model's config.json says Sigmoid */
    } cases[] = {{"{}", 0.7310586f},
                 {"{\"activation_fn\": null}", 0.7310586f},
                 {"{\"activation_fn\": \"torch.nn.modules.linear.Identity\"}", 1},
                 {"{\"activation_fn\": \"torch.nn.modules.activation.Tanh\"}", 0.7615942f}};
    char dir[] = "/tmp/t2v-head-XXXXXX", path[600], old[600];
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < 5; i++) {
        snprintf(old, sizeof old, HEADS "sequence-electra/%s", files[i]);
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        copy_file(old, path);
    }
    snprintf(path, sizeof path, "%s/config_sentence_transformers.json", dir);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        FILE *out = fopen(path, "w");
        assert_non_null(out);
        fputs(cases[i].text, out);
        fclose(out);
        t2v_classifier *classifier = open_classifier(dir, "");
        float logits[2] = {1, 1};
        t2v_classifier_score(classifier, logits);
        assert_true(fabsf(logits[0] - cases[i].want) < 1e-6f);
        t2v_classifier_free(classifier);
    }
    unlink(path);
    for (size_t i = 0; i < 5; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        unlink(path);
    }
    rmdir(dir);
}

/* A pair of which the first text leaves no room. */
static void test_pairs_that_do_not_fit(void **state)
{
    (void)state;
    struct rig rig = set_up("reader-roberta", "", 1);
    const struct t2v_str a = T2V_STR("what is it that is there"), b = T2V_STR("it"),
                         none = T2V_STR("");
    const struct t2v_classify_params eight = {.max_tok = 8}, four = {.max_tok = 4};
    struct t2v_work work = run(&rig, &a, &b, 1, &eight);
    assert_int_equal(work.err.code, T2V_ETOOLARGE);
    assert_non_null(strstr(work.err.msg, "which leaves none of 8 to the second"));
    work = run(&rig, &none, &b, 1, &eight);
    expect_done("an empty question", &work);
    assert_true(work.result.n_tok > 4);
    t2v_work_deinit(&work);
    work = run(&rig, &none, &none, 1, &four);
    expect_done("two empty texts", &work);
    assert_int_equal(work.result.n_tok, 4);
    t2v_work_deinit(&work);
    tear_down(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_alone_and_in_a_batch),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_tokens_behind),
        cmocka_unit_test(test_windows_of_too_many_tokens),
        cmocka_unit_test(test_windows_at_their_limits),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_activation),
        cmocka_unit_test(test_pairs_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
