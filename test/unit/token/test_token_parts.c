/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts on their own: trie, pre-tokenizers, WordPiece, template, added tokens. */
#include "dir.h"

#include "token/added.h"
#include "token/model/kinds.h"
#include "token/normalize/bert.h"
#include "token/pretok/pretok.h"
#include "token/template.h"
#include "token/trie.h"

static t2v_json *parse(const char *text)
{
    t2v_json *root = NULL;
    struct t2v_err err;
    if (t2v_json_parse(t2v_str_of(text), &root, &err) != 0)
        fail_msg("%s: %s", text, err.msg);
    return root;
}

static void test_trie(void **state)
{
    (void)state;
    struct t2v_trie trie;
    assert_int_equal(t2v_trie_init(&trie, 0), 0);
    /* Enough for several rounds of growth, with every byte at every place. */
    for (int32_t i = 0; i < 50000; i++) {
        char key[8];
        int n = snprintf(key, sizeof key, "%c%x", i % 256, (unsigned)i);
        assert_int_equal(t2v_trie_set(&trie, (struct t2v_str){key, (size_t)n}, i), 0);
    }
    assert_int_equal(trie.n_value, 50000);
    for (int32_t i = 0; i < 50000; i++) {
        char key[8];
        int n = snprintf(key, sizeof key, "%c%x", i % 256, (unsigned)i);
        if (t2v_trie_get(&trie, (struct t2v_str){key, (size_t)n}) != i)
            fail_msg("key %d: got %d", i, t2v_trie_get(&trie, (struct t2v_str){key, (size_t)n}));
    }
    assert_int_equal(t2v_trie_get(&trie, T2V_STR("")), -1);
    assert_int_equal(t2v_trie_get(&trie, T2V_STR("nothing")), -1);
    assert_int_equal(t2v_trie_set(&trie, T2V_STR(""), 7), 0);
    assert_int_equal(t2v_trie_set(&trie, T2V_STR(""), 8), 0);
    assert_int_equal(t2v_trie_get(&trie, T2V_STR("")), 8);
    assert_int_equal(trie.n_value, 50001);
    t2v_trie_deinit(&trie);
}

/* Pieces, joined by '|'. */
struct joined {
    char text[256];
    size_t left; /* end the run after so many */
};

static int join(void *ctx, struct t2v_str piece)
{
    struct joined *joined = ctx;
    size_t n = strlen(joined->text);
    snprintf(joined->text + n, sizeof joined->text - n, "%s%.*s", n != 0 ? "|" : "", (int)piece.len,
             piece.ptr);
    return --joined->left == 0 ? 99 : 0;
}

static void check_pretok(const char *json, const char *text, size_t most, const char *want)
{
    struct t2v_pretok pretok = {0};
    struct t2v_arena arena = {0};
    struct t2v_err err;
    struct t2v_buf scratch[T2V_PRETOK_MAX_STEPS] = {{0}};
    t2v_json *root = parse(json);
    if (t2v_pretok_load(root, "pre_tokenizer", &arena, &pretok, &err) != 0)
        fail_msg("%s", err.msg);
    struct joined joined = {.left = most};
    struct t2v_pretok_run run = {
        .pretok = &pretok, .scratch = scratch, .take = join, .ctx = &joined};
    int rc = t2v_pretok_run(&run, t2v_str_of(text));
    if (strcmp(joined.text, want) != 0)
        fail_msg("%s on \"%s\": expected \"%s\", got \"%s\"", json, text, want, joined.text);
    assert_int_equal(rc, joined.left == 0 ? 99 : 0);
    t2v_json_free(root);
    t2v_arena_free(&arena);
}

static void test_pretok(void **state)
{
    (void)state;
    const char *bert = "{\"type\": \"BertPreTokenizer\"}";
    const char *words = "{\"type\": \"Whitespace\"}";
    const char *spaces = "{\"type\": \"WhitespaceSplit\"}";
    check_pretok(bert, "Hey, you!? \xe3\x80\x80it's $3", 99, "Hey|,|you|!|?|it|'|s|$|3");
    check_pretok(bert, "  ", 99, "");
    check_pretok(bert, "a b c d", 2, "a|b");
    check_pretok(words, "a_b-- c\xcc\x81!x", 99, "a_b|--|c\xcc\x81|!|x");
    check_pretok(spaces,
                 " a-b\xc2\x85"
                 "c\n",
                 99, "a-b|c");
    check_pretok(
        "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"WhitespaceSplit\"}, "
        "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"BertPreTokenizer\"}]}]}",
        "a-b c", 99, "a|-|b|c");
    check_pretok("null", " as it is ", 99, " as it is ");
}

static struct t2v_token_model *load_model(const char *json)
{
    struct t2v_token_model *model = NULL;
    struct t2v_err err;
    t2v_json *root = parse(json);
    if (t2v_token_model_load(root, NULL, "model", &model, &err) != 0)
        fail_msg("%s", err.msg);
    t2v_json_free(root);
    return model;
}

static void check_model(const struct t2v_token_model *model, const char *word, const char *want)
{
    struct t2v_ids ids = {0};
    char got[256] = "";
    assert_int_equal(model->ops->encode(model, NULL, t2v_str_of(word), &ids, NULL), 0);
    for (size_t i = 0; i < ids.len; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%d", i != 0 ? " " : "",
                 ids.ptr[i]);
    if (strcmp(got, want) != 0)
        fail_msg("\"%s\": expected %s, got %s", word, want, got);
    t2v_ids_deinit(&ids);
}

static void test_wordpiece(void **state)
{
    (void)state;
    struct t2v_token_model *model = load_model(
        "{\"type\": \"WordPiece\", \"unk_token\": \"?\", \"continuing_subword_prefix\": \"##\", "
        "\"max_input_chars_per_word\": 6, \"vocab\": {\"?\": 0, \"un\": 1, \"##aff\": 2, "
        "\"##able\": 3, \"##a\": 4, \"una\": 5, \"##\": 6, \"\xc3\xa9\": 7, \"##\xc3\xa9\": 8, "
        "\"##f\": 20}}");
    assert_int_equal(model->n_vocab, 10);
    assert_int_equal(model->max_id, 20);
    assert_int_equal(model->ops->id_of(model, T2V_STR("##able")), 3);
    assert_int_equal(model->ops->id_of(model, T2V_STR("##abl")), -1);
    check_model(model, "unaff", "5 20 20"); /* the longest first, not the fewest */
    check_model(model, "unab", "0");        /* one unknown for the whole word */
    check_model(model, "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", "7 8 8 8 8 8");
    check_model(model, "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", "0"); /* 7 */
    check_model(model, "##", "6");
    check_model(model, "##f", "20");
    t2v_token_model_free(model);
    model = load_model("{\"unk_token\": \"?\", \"continuing_subword_prefix\": \"\", "
                       "\"max_input_chars_per_word\": 100, \"vocab\": {\"?\": 0, \"a\": 1}}");
    check_model(model, "aaa", "1 1 1"); /* no type in old files, and no prefix */
    t2v_token_model_free(model);
    model = load_model("{\"unk_token\": \"?\", \"continuing_subword_prefix\": \"##\", "
                       "\"max_input_chars_per_word\": 100, \"vocab\": {\"?\": 0, \"a\": 1}}");
    check_model(model, "a", "1");
    check_model(model, "aa", "0"); /* nothing begins with the prefix */
    t2v_token_model_free(model);
}

static void check_template(const char *json, const char *want)
{
    struct t2v_template tmpl;
    struct t2v_err err;
    char got[128] = "";
    t2v_json *root = parse(json);
    if (t2v_template_load(root, "post_processor", &tmpl, &err) != 0)
        fail_msg("%s", err.msg);
    for (size_t i = 0; i < tmpl.before.len; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%d ", tmpl.before.ptr[i]);
    snprintf(got + strlen(got), sizeof got - strlen(got), "A");
    for (size_t i = 0; i < tmpl.behind.len; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), " %d", tmpl.behind.ptr[i]);
    if (strcmp(got, want) != 0)
        fail_msg("%s: expected %s, got %s", json, want, got);
    t2v_template_deinit(&tmpl);
    t2v_json_free(root);
}

static void test_template(void **state)
{
    (void)state;
    check_template("null", "A");
    check_template("{\"type\": \"BertProcessing\", \"sep\": [\"s\", 3], \"cls\": [\"c\", 2]}",
                   "2 A 3");
    check_template("{\"type\": \"RobertaProcessing\", \"sep\": [\"s\", 3], \"cls\": [\"c\", 2]}",
                   "2 A 3");
    check_template(
        "{\"type\": \"Sequence\", \"processors\": [{\"type\": \"ByteLevel\"}, "
        "{\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"x\"}}, "
        "{\"Sequence\": {\"id\": \"A\"}}, {\"SpecialToken\": {\"id\": \"x\"}}, "
        "{\"SpecialToken\": {\"id\": \"y\"}}], \"special_tokens\": {\"x\": {\"ids\": [7, 8]},"
        " \"y\": {\"ids\": []}}}]}",
        "7 8 A 7 8");
}

/* Matches as "START-STOP:ID", against texts. */
static void check_matches(const struct t2v_added *added, const struct t2v_matcher *matcher,
                          const char *text, const char *want)
{
    char got[256] = "";
    struct t2v_match match = {0};
    do {
        t2v_matcher_next(added, matcher, t2v_str_of(text), &match);
        if (match.id >= 0)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%zu-%zu:%d ", match.start,
                     match.stop, match.id);
    } while (match.id >= 0);
    assert_int_equal(match.start, strlen(text));
    if (strcmp(got, want) != 0)
        fail_msg("\"%s\": expected \"%s\", got \"%s\"", text, want, got);
}

static void test_added(void **state)
{
    (void)state;
    struct t2v_token_model *model =
        load_model("{\"unk_token\": \"?\", \"continuing_subword_prefix\": \"\", "
                   "\"max_input_chars_per_word\": 100, \"vocab\": {\"?\": 0, \"<b>\": 1}}");
    static const struct t2v_added_token tokens[] = {
        {.content = {"<a>", 3}, .lstrip = true},
        {.content = {"<b>", 3}, .rstrip = true},
        {.content = {"<a>x", 4}},
        {.content = {"word", 4}, .single_word = true},
        {.content = {"", 0}},
        {.content = {"Big", 3}, .normalized = true},
        {.content = {"<s>", 3}, .special = true},
    };
    static struct t2v_normalizer normalizer;
    memset(&normalizer, 0, sizeof normalizer);
    t2v_norm_bert(&normalizer.steps[normalizer.n++], true, true, NULL, true);
    for (int skip = 0; skip < 2; skip++) {
        struct t2v_added added;
        struct t2v_err err;
        assert_int_equal(t2v_added_init(&added), 0);
        assert_int_equal(t2v_added_add(&added, tokens, 7, model), 0);
        /* The same token once more, with another flag: the new flag counts, the place stays. */
        const struct t2v_added_token again = {.content = {"<a>x", 4}, .rstrip = true};
        assert_int_equal(t2v_added_add(&added, &again, 1, model), 0);
        if (t2v_added_build(&added, &normalizer, skip, &err) != 0)
            fail_msg("%s", err.msg);
        assert_int_equal(added.max_id, 6);
        assert_int_equal(t2v_added_id_of(&added, model, T2V_STR("<b>")), 1);
        check_matches(&added, &added.raw, "a <a>b", "1-5:2 ");
        check_matches(&added, &added.raw, "  <a>x  b", "2-8:3 "); /* the longest, rstrip */
        check_matches(&added, &added.raw, "<b> \xe3\x80\x80 <a>", "0-8:1 8-11:2 ");
        check_matches(&added, &added.raw, "word words sword _word wo\xcc\x81rd \xc3\xa9word word.",
                      "0-4:4 37-41:4 ");
        check_matches(&added, &added.raw, "Big <s>", skip ? "" : "4-7:6 ");
        check_matches(&added, &added.normalized, "a big Big", "2-5:5 ");
        check_matches(&added, &added.raw, "", "");
        t2v_added_deinit(&added);
    }
    t2v_token_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trie),      cmocka_unit_test(test_pretok),
        cmocka_unit_test(test_wordpiece), cmocka_unit_test(test_template),
        cmocka_unit_test(test_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
