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

#include "task/classify/classifier.h"
#include "json/json.h"

#define HEADS T2V_TEST_DIR "/golden/heads/"

struct pass {
    const t2v_head *head;
    struct t2v_seqs seqs;
    t2v_scratch *scratch;
    float *hidden;
};

static void run_pass(void *arg, const struct t2v_lane *lane)
{
    struct pass *pass = arg;
    t2v_net_forward(t2v_head_encoder(pass->head), lane, &pass->seqs, pass->scratch, pass->hidden);
}

/* The logits of one sequence; *n: how many. */
static float *logits_of(const t2v_head *head, const struct t2v_ids *ids,
                        const struct t2v_ids *types, int n_lane, size_t *n)
{
    size_t start[2] = {0, ids->len}, dim = t2v_net_shape(t2v_head_encoder(head))->hidden;
    size_t n_row = t2v_head_n_row(head, ids->len);
    struct pass pass = {
        .head = head,
        .seqs = {
            .ids = ids->ptr, .start = start, .n_seq = 1, .n_tok = ids->len, .types = types->ptr}};
    t2v_team *team;
    assert_int_equal(t2v_team_new(n_lane, &team, NULL), 0);
    assert_int_equal(t2v_scratch_new(t2v_head_encoder(head), ids->len, n_lane, &pass.scratch), 0);
    pass.hidden = calloc(ids->len * dim, sizeof(float));
    t2v_team_run(team, run_pass, &pass);
    *n = n_row * t2v_head_n_label(head);
    float *spare = calloc(2 * n_row * dim, sizeof(float)), *logits = calloc(*n, sizeof(float));
    t2v_head_logits(head, pass.hidden, ids->len, spare, logits);
    free(spare);
    free(pass.hidden);
    t2v_scratch_free(pass.scratch);
    t2v_team_free(team);
    return logits;
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

static void check_case(const t2v_head *head, t2v_token_space *space, const char *what, size_t at,
                       const t2v_json *json, int n_lane)
{
    struct t2v_ids ids = {0}, types = {0};
    struct t2v_err err = {0};
    const t2v_json *texts = t2v_json_get(json, "texts"), *score = t2v_json_get(json, "score");
    int64_t max_tok;
    assert_true(t2v_json_int(t2v_json_get(json, "max_tok"), &max_tok));
    if ((size_t)max_tok > t2v_head_max_tok(head))
        max_tok = (int64_t)t2v_head_max_tok(head);
    if (t2v_head_encode(head, space, t2v_json_str(t2v_json_at(texts, 0)),
                        t2v_json_str(t2v_json_at(texts, 1)), (size_t)max_tok, &ids, &types,
                        &err) != 0)
        fail_msg("%s case %zu: %s", what, at, err.msg);
    expect_ids(what, at, &ids, t2v_json_get(json, "ids"));
    expect_ids(what, at, &types, t2v_json_get(json, "types"));
    size_t n;
    float *logits = logits_of(head, &ids, &types, n_lane, &n);
    expect_floats(what, at, logits, n, t2v_json_get(json, "logits"));
    if (score != NULL) {
        t2v_head_score(head, logits);
        expect_floats("score", at, logits, n, score);
    }
    free(logits);
    t2v_ids_deinit(&ids);
    t2v_ids_deinit(&types);
}

static t2v_head *open_head(const char *dir, const char *cpu)
{
    const struct t2v_head_options options = {dir, "f32", cpu, 1};
    struct t2v_err err = {0};
    t2v_head *head = NULL;
    if (t2v_head_open(&options, &head, &err) != 0)
        fail_msg("%s: %s", dir, err.msg);
    return head;
}

static void check(const char *name, const char *cpu, int n_lane)
{
    char path[512], what[128];
    struct t2v_err err = {0};
    t2v_json *json;
    t2v_token_space *space;
    snprintf(what, sizeof what, "%s cpu=%s lanes=%d", name, cpu, n_lane);
    snprintf(path, sizeof path, HEADS "%s/expected.json", name);
    if (t2v_json_load(path, 1 << 24, &json, &err) != 0)
        fail_msg("%s", err.msg);
    snprintf(path, sizeof path, HEADS "%s", name);
    t2v_head *head = open_head(path, cpu);
    assert_int_equal(t2v_token_space_new(&space), 0);
    const t2v_json *cases = t2v_json_get(json, "cases");
    assert_true(t2v_json_len(cases) > 0);
    for (size_t i = 0; i < t2v_json_len(cases); i++)
        check_case(head, space, what, i, t2v_json_at(cases, i), n_lane);
    t2v_token_space_free(space);
    t2v_head_free(head);
    t2v_json_free(json);
}

static void test_golden(void **state)
{
    (void)state;
    static const char *const names[] = {
        "cross-encoder",    "reader-roberta",   "ner-bert",         "sequence-distilbert",
        "sequence-roberta", "sequence-electra", "sequence-mpnet",   "sequence-modernbert",
        "span-mpnet",       "span-modernbert",  "token-distilbert", "token-modernbert"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        check(names[i], "", 2);
        check(names[i], "c", 1);
        check(names[i], "blas", 3);
    }
}

static void test_labels(void **state)
{
    (void)state;
    t2v_head *head = open_head(HEADS "ner-bert", "");
    assert_int_equal(t2v_head_kind(head), T2V_HEAD_TOKEN);
    assert_int_equal(t2v_head_n_label(head), 5);
    assert_true(t2v_str_is(t2v_head_label(head, 0), "O"));
    assert_true(t2v_str_is(t2v_head_label(head, 4), "I-LOC"));
    assert_int_equal(t2v_head_max_tok(head), 512);
    t2v_head_free(head);
    head = open_head(HEADS "reader-roberta", "");
    assert_int_equal(t2v_head_kind(head), T2V_HEAD_SPAN);
    assert_true(t2v_str_is(t2v_head_label(head, 1), "LABEL_1"));
    t2v_head_free(head);
    const float logits[] = {-1, 3, 2};
    float share;
    assert_int_equal(t2v_head_best(logits, 3, &share), 1);
    assert_true(fabsf(share - 0.72139918F) < 1e-6F);
}

/* --- refusals: a model's files are linked into a folder, with something changed in one --- */

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
        assert_int_equal(symlink(old, path), 0);
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
    const struct t2v_head_options options = {dir, "f32", "", 1};
    struct t2v_err err = {0};
    t2v_head *head = NULL;
    int rc = t2v_head_open(&options, &head, &err);
    if (rc == 0 || head != NULL || strstr(err.msg, says) == NULL)
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
        assert_int_equal(symlink(old, path), 0);
    }
    snprintf(path, sizeof path, "%s/config_sentence_transformers.json", dir);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        FILE *out = fopen(path, "w");
        assert_non_null(out);
        fputs(cases[i].text, out);
        fclose(out);
        t2v_head *head = open_head(dir, "");
        float logits[2] = {1, 1};
        t2v_head_score(head, logits);
        assert_true(fabsf(logits[0] - cases[i].want) < 1e-6f);
        t2v_head_free(head);
    }
    unlink(path);
    for (size_t i = 0; i < 5; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        unlink(path);
    }
    rmdir(dir);
}

/* A pair of which the first text leaves no room, and token types that the model lacks. */
static void test_pairs_that_do_not_fit(void **state)
{
    (void)state;
    struct t2v_ids ids = {0}, types = {0};
    struct t2v_err err = {0};
    t2v_token_space *space;
    assert_int_equal(t2v_token_space_new(&space), 0);
    t2v_head *head = open_head(HEADS "reader-roberta", "");
    const struct t2v_str a = T2V_STR("what is it that is there"), b = T2V_STR("it");
    assert_int_equal(t2v_head_encode(head, space, a, b, 8, &ids, &types, &err), T2V_ETOOLARGE);
    assert_non_null(strstr(err.msg, "which leaves none of 8 to the second"));
    assert_int_equal(t2v_head_encode(head, space, T2V_STR(""), b, 8, &ids, &types, &err), 0);
    assert_true(ids.len == types.len && ids.len > 4);
    assert_int_equal(t2v_head_encode(head, space, T2V_STR(""), T2V_STR(""), 4, &ids, &types, &err),
                     0);
    assert_true(ids.len == 4);
    t2v_head_free(head);
    t2v_token_space_free(space);
    t2v_ids_deinit(&ids);
    t2v_ids_deinit(&types);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_activation),
        cmocka_unit_test(test_pairs_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
