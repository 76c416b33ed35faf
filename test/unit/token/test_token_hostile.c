/* SPDX-License-Identifier: BSD-3-Clause */
/* Files and texts that were made to take long, or much memory: each test is over within a moment,
 * where it would take minutes if time went with the square of the size. */
#include "dir.h"

#include <time.h>

#include "token/added.h"
#include "token/model/bpe.h"
#include "token/model/unigram.h"
#include "token/model/wordpiece.h"
#include "token/template.h"
#include "token/tokenizer.h"
#include "token/trie.h"

enum { MOMENT = 10 }; /* seconds of this processor; with sanitizers, too */

static void check_time(const char *what, clock_t begin)
{
    double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    if (!(seconds < MOMENT))
        fail_msg("%s: expected less than %d s, got %.1f s", what, MOMENT, seconds);
}

/* n bytes, freed by the caller. */
static char *repeat(const char *unit, size_t n)
{
    size_t len = strlen(unit);
    char *text = malloc(n * len + 1);
    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        memcpy(text + i * len, unit, len);
    text[n * len] = '\0';
    return text;
}

/* Nodes have known numbers, so a file can choose edges that a hash without a seed would put side by
 * side. */
static void test_trie_collisions(void **state)
{
    (void)state;
    struct t2v_trie trie;
    clock_t begin = clock();
    assert_int_equal(t2v_trie_init(&trie, 0), 0);
    char key[3];
    for (uint32_t i = 0; i < 65536; i++) {
        key[0] = (char)(i >> 8);
        key[1] = (char)i;
        assert_int_equal(t2v_trie_set(&trie, (struct t2v_str){key, 2}, 0), 0);
    }
    int32_t n = 0;
    for (uint32_t i = 0; i < 65536u * 256; i++) {
        uint32_t node = 2 + (i >> 16) * 257 + (i >> 8 & 255);
        if ((node << 8 | (i & 255)) * UINT32_C(0x9e3779b1) >> 25 != 0)
            continue;
        memcpy(key, (const char[3]){(char)(i >> 16), (char)(i >> 8), (char)i}, 3);
        assert_int_equal(t2v_trie_set(&trie, (struct t2v_str){key, 3}, n), 0);
        assert_int_equal(t2v_trie_get(&trie, (struct t2v_str){key, 3}), n);
        n++;
    }
    assert_in_range(n, 120000, 140000);
    check_time("collisions", begin);
    t2v_trie_deinit(&trie);
}

/* A walk from every byte of a text may not go on for ever. */
static void test_long_tokens(void **state)
{
    (void)state;
    struct t2v_trie trie;
    char *text = repeat("a", T2V_TRIE_MAX_KEY + 1);
    assert_int_equal(t2v_trie_init(&trie, 0), 0);
    assert_int_equal(t2v_trie_set(&trie, (struct t2v_str){text, T2V_TRIE_MAX_KEY}, 1), 0);
    assert_int_equal(t2v_trie_set(&trie, (struct t2v_str){text, T2V_TRIE_MAX_KEY + 1}, 2),
                     T2V_ETOOLARGE);
    t2v_trie_deinit(&trie);

    struct t2v_token_model *model;
    assert_int_equal(t2v_unigram_new(0, &model), 0);
    assert_int_equal(t2v_unigram_add(model, (struct t2v_str){text, T2V_TRIE_MAX_KEY + 1}, 0),
                     T2V_ETOOLARGE);
    t2v_token_model_free(model);
    assert_int_equal(t2v_wordpiece_new(0, &model), 0);
    assert_int_equal(t2v_wordpiece_add(model, (struct t2v_str){text, T2V_TRIE_MAX_KEY + 1}, 0),
                     T2V_ETOOLARGE);
    t2v_token_model_free(model);
    free(text);
}

/* Tokens of white space that take in the white space around them. */
static void test_added_space(void **state)
{
    (void)state;
    enum { N = 500000 };
    static const struct {
        const char *unit;
        bool lstrip[2], rstrip[2];
        size_t n; /* tokens: one of which all is taken is none */
    } cases[] = {
        {" \t", {true, true}, {false, false}, 2 * N},
        {" \t", {false, false}, {true, true}, 2 * N},
        {" \t", {true, false}, {false, true}, N + 1},
        {"  \t", {false, true}, {true, false}, 2 * N},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct t2v_added added;
        struct t2v_token_model *model;
        struct t2v_normalizer none = {.n = 0};
        struct t2v_err err;
        clock_t begin = clock();
        const struct t2v_added_token tokens[2] = {
            {T2V_STR(" "), .lstrip = cases[i].lstrip[0], .rstrip = cases[i].rstrip[0]},
            {T2V_STR("\t"), .lstrip = cases[i].lstrip[1], .rstrip = cases[i].rstrip[1]},
        };
        assert_int_equal(t2v_wordpiece_new(0, &model), 0);
        assert_int_equal(t2v_added_init(&added), 0);
        assert_int_equal(t2v_added_add(&added, tokens, 2, model), 0);
        assert_int_equal(t2v_added_build(&added, &none, false, &err), 0);
        char *text = repeat(cases[i].unit, N);
        struct t2v_match match = {0};
        size_t n = 0, len = strlen(text);
        do {
            t2v_matcher_next(&added, &added.raw, (struct t2v_str){text, len}, &match);
            n += match.id >= 0;
        } while (match.id >= 0);
        assert_int_equal(n, cases[i].n);
        check_time(cases[i].unit, begin);
        free(text);
        t2v_added_deinit(&added);
        t2v_token_model_free(model);
    }
}

static const struct t2v_str two[] = {{"a", 1}, {"aa", 2}};

static struct t2v_token_model *make_bpe(void)
{
    const struct t2v_bpe_settings none = {.unk_token = {NULL, 0}};
    struct t2v_token_model *model;
    struct t2v_err err;
    assert_int_equal(t2v_bpe_new(2, 1, &none, &model), 0);
    assert_int_equal(t2v_bpe_add(model, two[0], 0) | t2v_bpe_add(model, two[1], 1), 0);
    assert_int_equal(t2v_bpe_merge(model, two[0], two[0], 0, &err), 0);
    assert_int_equal(t2v_bpe_merge(model, two[0], two[0], 1 << 25, &err), T2V_ETOOLARGE);
    assert_int_equal(t2v_bpe_finish(model, &err), 0);
    return model;
}

static struct t2v_token_model *make_unigram(void)
{
    struct t2v_token_model *model;
    struct t2v_err err;
    assert_int_equal(t2v_unigram_new(8, &model), 0);
    assert_int_equal(t2v_unigram_add(model, two[0], -1) | t2v_unigram_add(model, two[1], -1), 0);
    assert_int_equal(t2v_unigram_finish(model, 0, false, &err), 0);
    return model;
}

/* A word that nothing cuts may take so much of each scratch buffer, and no more. */
static void test_ceilings(void **state)
{
    (void)state;
    struct t2v_token_model *models[] = {make_bpe(), make_unigram()};
    const size_t n_buf[] = {2, 1};
    char *text = repeat("a", 1000);
    for (size_t m = 0; m < 2; m++) {
        struct t2v_buf scratch[T2V_MODEL_SCRATCH];
        struct t2v_ids ids = {0};
        for (size_t i = 0; i < T2V_MODEL_SCRATCH; i++)
            t2v_buf_init(&scratch[i], 1 << 20);
        for (size_t i = 0; i <= n_buf[m]; i++) {
            scratch[i].max = i < n_buf[m] ? 640 : 1 << 20;
            ids.len = 0;
            int rc = models[m]->ops->encode(models[m], scratch, (struct t2v_str){text, 1000}, &ids,
                                            NULL);
            int want = i < n_buf[m] ? T2V_ETOOLARGE : 0;
            if (rc != want || (rc == 0 && ids.len != 500))
                fail_msg("%s, buffer %zu: expected %d, got %d, %zu ids", models[m]->ops->name, i,
                         want, rc, ids.len);
            scratch[i].max = 1 << 20;
        }
        for (size_t i = 0; i < T2V_MODEL_SCRATCH; i++)
            t2v_buf_deinit(&scratch[i]);
        t2v_ids_deinit(&ids);
        t2v_token_model_free(models[m]);
    }
    free(text);
}

/* Appends to a text of at most `size` bytes. */
__attribute__((format(printf, 4, 5))) static void add(char *text, size_t size, size_t *n,
                                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    *n += (size_t)vsnprintf(text + *n, size - *n, format, args);
    va_end(args);
    assert_in_range(*n, 1, size - 1);
}

/* A hundred thousand special tokens, and as many added ones. */
static void test_many_tokens(void **state)
{
    (void)state;
    enum { N = 100000, SIZE = 16 << 20 };
    char dir[DIR_PATH], *text = malloc(SIZE);
    t2v_tokenizer *tokenizer = NULL;
    struct t2v_err err;
    size_t n = 0;
    assert_non_null(text);
    dir_make(dir);
    dir_write(dir, "vocab.txt", T2V_STR("[CLS]\n[SEP]\n[UNK]\n"));
    add(text, SIZE, &n,
        "{\"tokenizer_class\": \"BertTokenizer\", \"additional_special_tokens\": [");
    for (unsigned i = 0; i < N; i++)
        add(text, SIZE, &n, "\"s%06u\",", i);
    add(text, SIZE, &n, "\"\"]");
    size_t head = n;
    add(text, SIZE, &n, ", \"added_tokens_decoder\": {\"0\": {\"content\": \"[CLS]\"}");
    for (unsigned i = 10; i < N; i++)
        add(text, SIZE, &n, ", \"%u\": {\"content\": \"d%u\"}", i, i);
    text[n++] = '}';
    text[n++] = '}';
    clock_t begin = clock();
    dir_write(dir, "tokenizer_config.json", (struct t2v_str){text, n});
    if (t2v_tokenizer_open(dir, &tokenizer, &err) != 0)
        fail_msg("%s", err.msg);
    t2v_tokenizer_free(tokenizer);
    check_time("added_tokens_decoder", begin);

    begin = clock();
    text[head] = '}';
    dir_write(dir, "tokenizer_config.json", (struct t2v_str){text, head + 1});
    n = 0;
    add(text, SIZE, &n, "{\"s000007\": 3");
    for (unsigned i = 10; i < N; i++)
        add(text, SIZE, &n, ", \"a%06u\": 7", i);
    text[n++] = '}';
    dir_write(dir, "added_tokens.json", (struct t2v_str){text, n});
    if (t2v_tokenizer_open(dir, &tokenizer, &err) != 0)
        fail_msg("%s", err.msg);
    t2v_tokenizer_free(tokenizer);
    check_time("added_tokens.json", begin);
    dir_remove(dir);
    free(text);
}

/* A special token that is many ids, many times. */
static void test_template(void **state)
{
    (void)state;
    char text[32768], message[] = "post.special_tokens[\"x\"].ids[";
    struct t2v_template tmpl;
    struct t2v_err err;
    size_t n = 0;
    add(text, sizeof text, &n, "{\"type\": \"TemplateProcessing\", \"single\": [");
    for (unsigned i = 0; i < 100; i++)
        add(text, sizeof text, &n, "{\"SpecialToken\": {\"id\": \"x\"}},");
    add(text, sizeof text, &n, "{\"Sequence\": {\"id\": \"A\"}}], \"special_tokens\": ");
    add(text, sizeof text, &n, "{\"x\": {\"ids\": [0");
    for (unsigned i = 0; i < 99; i++)
        add(text, sizeof text, &n, ",%u", i);
    add(text, sizeof text, &n, "]}}}");
    t2v_json *root = NULL;
    assert_int_equal(t2v_json_parse((struct t2v_str){text, n}, &root, &err), 0);
    int rc = t2v_template_load(root, "post", &tmpl, &err);
    if (rc != T2V_ETOOLARGE || strncmp(err.msg, message, strlen(message)) != 0)
        fail_msg("expected %d \"%s...\", got %d \"%s\"", T2V_ETOOLARGE, message, rc, err.msg);
    t2v_template_deinit(&tmpl);
    t2v_json_free(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trie_collisions), cmocka_unit_test(test_long_tokens),
        cmocka_unit_test(test_added_space),     cmocka_unit_test(test_ceilings),
        cmocka_unit_test(test_many_tokens),     cmocka_unit_test(test_template),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
