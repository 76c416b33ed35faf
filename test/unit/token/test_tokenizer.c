/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole tokenizers: ids recorded from transformers, where a text is cut, and long texts in chunks.
 */
#include "dir.h"

#include "base/buf.h"
#include "base/mem.h"
#include "token/encode.h"
#include "token/parts.h"

static t2v_tokenizer *must_open(const char *dir)
{
    t2v_tokenizer *tokenizer = NULL;
    struct t2v_err err;
    if (t2v_tokenizer_open(dir, &tokenizer, &err) != 0)
        fail_msg("%s", err.msg);
    return tokenizer;
}

static void print_ids(char *to, size_t size, const struct t2v_ids *ids)
{
    to[0] = '\0';
    for (size_t i = 0; i < ids->len && i < 24; i++)
        snprintf(to + strlen(to), size - strlen(to), "%d ", ids->ptr[i]);
}

static void check_ids(const char *what, size_t index, struct t2v_str text,
                      const struct t2v_ids *got, const t2v_json *want)
{
    bool same = got->len == t2v_json_len(want);
    struct t2v_ids expected = {0};
    for (size_t i = 0; i < t2v_json_len(want); i++) {
        int64_t id = -1;
        assert_true(t2v_json_int(t2v_json_at(want, i), &id));
        assert_int_equal(t2v_ids_add(&expected, (int32_t)id), 0);
        same = same && got->ptr[i] == id;
    }
    if (!same) {
        char a[400], b[400];
        print_ids(a, sizeof a, &expected);
        print_ids(b, sizeof b, got);
        fail_msg("%s, text %zu \"%.*s\": expected %s(%zu), got %s(%zu)", what, index,
                 T2V_STR_ARG(text), a, expected.len, b, got->len);
    }
    t2v_ids_deinit(&expected);
}

/* The tiny models of golden/, with tokenizer.json and without. */
static void check_model(const char *name, const char *without)
{
    char dir[DIR_PATH], path[900];
    struct t2v_ids ids = {0};
    t2v_token_space *space;
    struct t2v_err err;
    dir_make(dir);
    snprintf(path, sizeof path, T2V_TEST_DIR "/golden/%s", name);
    dir_copy(dir, path, without);
    t2v_tokenizer *tokenizer = must_open(dir);
    assert_int_equal(t2v_token_space_new(&space), 0);
    assert_int_equal(t2v_tokenizer_n_special(tokenizer), 2);
    assert_int_equal(t2v_tokenizer_max_id(tokenizer), 1199);
    assert_int_equal(t2v_tokenizer_model_max(tokenizer), 512);
    snprintf(path, sizeof path, "%s/expected.json", name);
    t2v_json *root = golden(path);
    const t2v_json *texts = t2v_json_get(root, "texts"), *want = t2v_json_get(root, "ids");
    assert_true(t2v_json_len(texts) > 10);
    for (size_t i = 0; i < t2v_json_len(texts); i++) {
        struct t2v_str text = t2v_json_str(t2v_json_at(texts, i));
        assert_int_equal(t2v_tokenizer_encode(tokenizer, space, text, 500, &ids, &err), 0);
        check_ids(name, i, text, &ids, t2v_json_at(want, i));
    }
    t2v_json_free(root);
    t2v_ids_deinit(&ids);
    t2v_token_space_free(space);
    t2v_tokenizer_free(tokenizer);
    dir_remove(dir);
}

static void test_models(void **state)
{
    (void)state;
    static const char *const names[] = {"bert-uncased", "bert-bf16-sharded", "bert-cased-mlm-gamma",
                                        "bge-cls"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        check_model(names[i], NULL);
        check_model(names[i], "tokenizer.json");
    }
}

/* The tokenizers of golden/FOLDER/cases.json, made of files and perhaps a SentencePiece model. */
static void check_file(const char *folder, const char *file, const char *model, size_t n)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    t2v_json *root = golden(path);
    const t2v_json *tokenizers = t2v_json_get(root, "tokenizers");
    t2v_token_space *space;
    struct t2v_ids ids = {0};
    struct t2v_err err;
    assert_int_equal(t2v_token_space_new(&space), 0);
    assert_int_equal(t2v_json_len(tokenizers), n);
    for (size_t i = 0; i < t2v_json_len(tokenizers); i++) {
        char dir[DIR_PATH], what[64], from[1024];
        const t2v_json *one = t2v_json_at(tokenizers, i);
        const t2v_json *files = t2v_json_get(one, "files"), *cases = t2v_json_get(one, "cases");
        struct t2v_str copy = t2v_json_str(t2v_json_get(one, "model"));
        dir_make(dir);
        for (struct t2v_json_member m = t2v_json_first(files); m.value != NULL;
             m = t2v_json_next(files, m))
            dir_write(dir, m.key.ptr, t2v_json_str(m.value));
        if (copy.ptr != NULL) {
            snprintf(from, sizeof from, T2V_TEST_DIR "/golden/%s/%s", folder, model);
            dir_add(dir, copy.ptr, from);
        }
        t2v_tokenizer *tokenizer = must_open(dir);
        snprintf(what, sizeof what, "%s %zu", folder, i);
        for (size_t j = 0; j < t2v_json_len(cases); j++) {
            const t2v_json *case_ = t2v_json_at(cases, j);
            struct t2v_str text = t2v_json_str(t2v_json_get(case_, "text"));
            int64_t max = 60;
            t2v_json_int(t2v_json_get(case_, "max"), &max);
            const t2v_json *want = t2v_json_get(case_, "ids");
            bool fails = t2v_json_type(want) == T2V_JSON_NULL;
            assert_int_equal(t2v_tokenizer_encode(tokenizer, space, text, (size_t)max, &ids, &err),
                             fails ? T2V_EUNSUPPORTED : 0);
            if (!fails)
                check_ids(what, j, text, &ids, want);
        }
        t2v_tokenizer_free(tokenizer);
        dir_remove(dir);
    }
    t2v_ids_deinit(&ids);
    t2v_token_space_free(space);
    t2v_json_free(root);
}

static void check_cases(const char *folder, const char *model, size_t n)
{
    check_file(folder, "cases.json", model, n);
}

/* Every class of tokenizer, with the settings that it heeds. */
static void test_classes(void **state)
{
    (void)state;
    check_cases("token-classes", NULL, 60);
    check_file("token-classes", "cases-5.json", NULL, 12);
}

/* Small tokenizers with every flag and setting. */
static void test_settings(void **state)
{
    (void)state;
    check_cases("token-added", NULL, 30);
}

/* golden/token-bpe: BPE with every setting, from both layouts. */
static void test_bpe(void **state)
{
    (void)state;
    check_cases("token-bpe", NULL, 36);
}

/* Unigram of every kind, from tokenizer.json and without it. */
static void test_unigram(void **state)
{
    (void)state;
    check_cases("token-unigram", "tiny.model", 21);
    check_cases("token-spm", "sentencepiece.bpe.model", 4);
}

/* Models that say no type, WordLevel, what needs an unknown token that is not there, and the
 * pre-tokenizers FixedLength and UnicodeScripts. */
static void test_kinds(void **state)
{
    (void)state;
    check_cases("token-models", NULL, 36);
}

/* A long text, read in chunks, has the ids of its lines; and any cut is the beginning of all. */
static void test_long(void **state)
{
    (void)state;
    t2v_tokenizer *tokenizer = must_open(T2V_TEST_DIR "/golden/bert-uncased");
    t2v_token_space *space;
    struct t2v_ids all = {0}, part = {0}, joined = {0};
    struct t2v_err err;
    assert_int_equal(t2v_token_space_new(&space), 0);
    t2v_json *root = golden("bert-uncased/expected.json");
    const t2v_json *texts = t2v_json_get(root, "texts");
    struct t2v_buf buf;
    t2v_buf_init(&buf, SIZE_MAX / 2);
    for (size_t i = 0; i < 40 * t2v_json_len(texts); i++) {
        struct t2v_str text = t2v_json_str(t2v_json_at(texts, i % t2v_json_len(texts)));
        assert_int_equal(t2v_tokenizer_encode(tokenizer, space, text, SIZE_MAX, &part, &err), 0);
        for (size_t j = 1; j + 1 < part.len; j++)
            assert_int_equal(t2v_ids_add(&joined, part.ptr[j]), 0);
        t2v_buf_add(&buf, text.ptr, text.len);
        t2v_buf_addc(&buf, "\n \t\r"[i % 4]);
    }
    assert_int_equal(buf.fail, 0);
    assert_int_equal(
        t2v_tokenizer_encode(tokenizer, space, t2v_buf_str(&buf), SIZE_MAX, &all, &err), 0);
    assert_int_equal(all.len, joined.len + 2);
    for (size_t i = 0; i < joined.len; i++) {
        if (all.ptr[i + 1] != joined.ptr[i])
            fail_msg("id %zu: expected %d, got %d", i, joined.ptr[i], all.ptr[i + 1]);
    }
    static const size_t cuts[] = {2, 3, 4, 500, 2000};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        assert_int_equal(
            t2v_tokenizer_encode(tokenizer, space, t2v_buf_str(&buf), cuts[i], &part, &err), 0);
        assert_int_equal(part.len, cuts[i]);
        assert_memory_equal(part.ptr, all.ptr, (cuts[i] - 1) * sizeof *part.ptr);
        assert_int_equal(part.ptr[cuts[i] - 1], all.ptr[all.len - 1]);
    }
    t2v_buf_deinit(&buf);
    t2v_json_free(root);
    t2v_ids_deinit(&all);
    t2v_ids_deinit(&part);
    t2v_ids_deinit(&joined);
    t2v_token_space_free(space);
    t2v_tokenizer_free(tokenizer);
}

/* Texts that try to be expensive: a megabyte of each must not take seconds. */
static void check_hostile(const char *dir, int32_t first, int32_t last)
{
    static const char *const units[] = {"a",
                                        "[",
                                        "[MASK",
                                        "!",
                                        "\xcc\x81\xcc\xa3\xe3\x80\xae",
                                        "\xf0\x9f\x98\x80",
                                        "\xe4\xb8\x80",
                                        "\xe2\x80\x8b",
                                        " ",
                                        "##",
                                        "\xef\xbf\xbd",
                                        "[CLS] "};
    t2v_tokenizer *tokenizer = must_open(dir);
    t2v_token_space *space;
    struct t2v_ids ids = {0};
    struct t2v_err err;
    assert_int_equal(t2v_token_space_new(&space), 0);
    char *text = t2v_alloc(1 << 20);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t n = strlen(units[i]), len = 0;
        for (; len + n <= 1 << 20; len += n)
            memcpy(text + len, units[i], n);
        assert_int_equal(t2v_tokenizer_encode(tokenizer, space, (struct t2v_str){text, len},
                                              SIZE_MAX, &ids, &err),
                         0);
        assert_int_equal(ids.ptr[0], first);
        assert_int_equal(ids.ptr[ids.len - 1], last);
    }
    t2v_free(text);
    t2v_ids_deinit(&ids);
    t2v_token_space_free(space);
    t2v_tokenizer_free(tokenizer);
}

static void test_hostile(void **state)
{
    (void)state;
    char dir[DIR_PATH];
    check_hostile(T2V_TEST_DIR "/golden/bert-uncased", 2, 3);
    dir_make(dir);
    dir_write(dir, "config.json", T2V_STR("{\"model_type\": \"xlm-roberta\"}"));
    dir_add(dir, "sentencepiece.bpe.model",
            T2V_TEST_DIR "/golden/token-spm/sentencepiece.bpe.model");
    check_hostile(dir, 0, 2);
    dir_remove(dir);
}

/* Once its scratch has grown, encoding asks for no memory. */
static void test_no_allocation(void **state)
{
    (void)state;
    t2v_tokenizer *tokenizer = must_open(T2V_TEST_DIR "/golden/bert-uncased");
    t2v_token_space *space;
    struct t2v_ids ids = {0};
    struct t2v_err err;
    struct t2v_str text = T2V_STR("Caf\xc3\xa9 \xe3\x80\xae\xf0\x9d\x85\xa5 [MASK] \xe4\xb8\x80.");
    assert_int_equal(t2v_token_space_new(&space), 0);
    assert_int_equal(t2v_tokenizer_encode(tokenizer, space, text, 500, &ids, &err), 0);
    t2v_mem_fail_at(0);
    int rc = t2v_tokenizer_encode(tokenizer, space, text, 500, &ids, &err);
    size_t requests = t2v_mem_fail_at(-1);
    assert_int_equal(rc, 0);
    assert_int_equal(requests, 0);
    t2v_ids_deinit(&ids);
    t2v_token_space_free(space);
    t2v_tokenizer_free(tokenizer);
}

/* A text that grows beyond what the normalizer may make is told apart from missing memory. */
static void test_too_long(void **state)
{
    (void)state;
    t2v_tokenizer *tokenizer = must_open(T2V_TEST_DIR "/golden/bert-uncased");
    t2v_token_space *space;
    struct t2v_ids ids = {0};
    struct t2v_err err;
    assert_int_equal(t2v_token_space_new(&space), 0);
    space->norm.text[0].max = 8;
    int rc = t2v_tokenizer_encode(tokenizer, space, T2V_STR("nine byte"), 500, &ids, &err);
    assert_int_equal(rc, T2V_ETOOLARGE);
    assert_string_equal(
        err.msg, "a text of 9 bytes becomes too long when normalized, has too long a word, or "
                 "takes a pattern of the tokenizer too many steps");
    assert_int_equal(t2v_tokenizer_encode(tokenizer, space, T2V_STR("the next"), 500, &ids, &err),
                     0);
    t2v_ids_deinit(&ids);
    t2v_token_space_free(space);
    t2v_tokenizer_free(tokenizer);
}

static void check_kept(const char *what, size_t bytes)
{
    if (bytes > 1 << 20)
        fail_msg("%s: expected at most 1 MiB kept, got %zu bytes", what, bytes);
}

/* One huge text without white space leaves nothing large behind; a usual one leaves its scratch. */
static void test_shrinks(void **state)
{
    (void)state;
    enum { N = 3 << 20 };
    t2v_tokenizer *tokenizer = must_open(T2V_TEST_DIR "/golden/bert-uncased");
    t2v_token_space *space;
    struct t2v_ids ids = {0};
    struct t2v_err err;
    char *text = t2v_alloc(N);
    assert_non_null(text);
    for (size_t i = 0; i < N; i += 3)
        memcpy(text + i, "\xe3\x80\xae", 3); /* marks, which wait in cps for the end of their run */
    assert_int_equal(t2v_token_space_new(&space), 0);
    assert_int_equal(t2v_tokenizer_encode(tokenizer, space, T2V_STR("usual"), 500, &ids, &err), 0);
    size_t usual = space->norm.text[0].cap;
    assert_in_range(usual, 5, 4096);
    assert_int_equal(
        t2v_tokenizer_encode(tokenizer, space, (struct t2v_str){text, N}, 500, &ids, &err), 0);
    check_kept("text[0]", space->norm.text[0].cap);
    check_kept("text[1]", space->norm.text[1].cap);
    check_kept("cps", space->norm.cps[0].cap * sizeof *space->norm.cps[0].ptr);
    assert_true(space->norm.text[0].max > 1 << 20);
    t2v_free(text);
    t2v_ids_deinit(&ids);
    t2v_token_space_free(space);
    t2v_tokenizer_free(tokenizer);
}

static void spells(const char *dir, int32_t id, const char *want)
{
    t2v_tokenizer *tokenizer = must_open(dir);
    struct t2v_buf buf;
    t2v_buf_init(&buf, SIZE_MAX);
    assert_int_equal(t2v_tokenizer_spell(tokenizer, id, &buf), 0);
    if (!t2v_str_is(t2v_buf_str(&buf), want))
        fail_msg("%s: %d is '%.*s', not '%s'", dir, (int)id, T2V_STR_ARG(t2v_buf_str(&buf)), want);
    t2v_buf_deinit(&buf);
    t2v_tokenizer_free(tokenizer);
}

static void test_spell(void **state)
{
    (void)state;
    spells(T2V_TEST_DIR "/golden/bert-uncased", 3, "[SEP]");
    spells(T2V_TEST_DIR "/golden/bert-uncased", 700, "##\xe3\x82\xab");
    spells(T2V_TEST_DIR "/golden/bert-uncased", 1124, "##ient");
    spells(T2V_TEST_DIR "/golden/bert-uncased", 1200, "");
    spells(T2V_TEST_DIR "/golden/roberta", 3, "<unk>");
    spells(T2V_TEST_DIR "/golden/roberta", 700, "\xc3\x8f\xc4\xa2\xc3\x8e\xc2\xbf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models),        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_classes),       cmocka_unit_test(test_bpe),
        cmocka_unit_test(test_unigram),       cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_long),          cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_no_allocation), cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_shrinks),       cmocka_unit_test(test_spell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
