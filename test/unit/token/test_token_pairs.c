/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two texts in one sequence: test/golden/heads/pairs.json holds what Transformers makes of them for
 * the models of test/golden (see make-pairs there). `test_token_pairs FILE DIR` checks others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"
#include "token/encode.h"
#include "token/tokenizer.h"

static const char *file = T2V_TEST_DIR "/golden/heads/pairs.json", *models = T2V_TEST_DIR "/golden";

static void expect(size_t at, const char *what, const struct t2v_ids *got, const t2v_json *want)
{
    for (size_t i = 0; i < got->len || i < t2v_json_len(want); i++) {
        int64_t id = -1;
        t2v_json_int(t2v_json_at(want, i), &id);
        if (i >= got->len || id != got->ptr[i])
            fail_msg("case %zu: %s %zu of %zu is %d, expected %d of %zu", at, what, i, got->len,
                     i < got->len ? got->ptr[i] : -1, (int)id, t2v_json_len(want));
    }
}

static void check(size_t at, const t2v_json *json, const t2v_tokenizer *tokenizer,
                  t2v_token_space *space)
{
    struct t2v_ids ids = {0}, types = {0};
    struct t2v_first_text first = {.max_tok = 0};
    struct t2v_err err = {0};
    const t2v_json *texts = t2v_json_get(json, "texts"), *want = t2v_json_get(json, "ids");
    bool second = t2v_str_is(t2v_json_str(t2v_json_get(json, "cut")), "only_second");
    int64_t max_tok = 0;
    assert_true(t2v_json_int(t2v_json_get(json, "max_tok"), &max_tok));
    struct t2v_text_pair pair = {t2v_json_str(t2v_json_at(texts, 0)),
                                 t2v_json_str(t2v_json_at(texts, 1)), (size_t)max_tok,
                                 second ? T2V_CUT_SECOND : T2V_CUT_LONGEST, NULL};
    for (int times = 0; times < 3; times++) { /* encoded, kept, found */
        int rc = t2v_tokenizer_encode_pair(tokenizer, space, &pair, &ids, &types, NULL, &err);
        if (rc != (want == NULL ? T2V_ETOOLARGE : 0))
            fail_msg("case %zu: got %d '%s'", at, rc, err.msg);
        if (rc == 0) {
            expect(at, "id", &ids, want);
            expect(at, "type", &types, t2v_json_get(json, "types"));
        }
        pair.first = &first;
    }
    t2v_first_text_deinit(&first);
    t2v_ids_deinit(&ids);
    t2v_ids_deinit(&types);
}

static void test_golden(void **state)
{
    (void)state;
    t2v_json *cases;
    struct t2v_err err = {0};
    struct t2v_str open = {NULL, 0};
    t2v_tokenizer *tokenizer = NULL;
    t2v_token_space *space;
    if (t2v_json_load(file, 1 << 26, &cases, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(t2v_token_space_new(&space), 0);
    assert_true(t2v_json_len(cases) > 0);
    for (size_t i = 0; i < t2v_json_len(cases); i++) {
        struct t2v_str name = t2v_json_str(t2v_json_get(t2v_json_at(cases, i), "model"));
        char path[512];
        snprintf(path, sizeof path, "%s/%.*s", models, T2V_STR_ARG(name));
        if (open.ptr == NULL || !t2v_str_eq(open, name)) {
            t2v_tokenizer_free(tokenizer);
            tokenizer = NULL;
            if (t2v_tokenizer_open(path, &tokenizer, &err) != 0)
                fail_msg("%s: %s", path, err.msg);
            open = name;
        }
        check(i, t2v_json_at(cases, i), tokenizer, space);
    }
    t2v_tokenizer_free(tokenizer);
    t2v_token_space_free(space);
    t2v_json_free(cases);
}

/* The first text is read once for pairs that follow each other: other bytes at its place are not
 * noticed. A text of another place or length is. */
static void test_first_is_kept(void **state)
{
    (void)state;
    char bytes[] = "the fox", other[] = "the fox";
    struct t2v_first_text first = {.max_tok = 0};
    struct t2v_ids want = {0}, ids = {0}, types = {0};
    struct t2v_text_pair pair = {{bytes, 7}, T2V_STR("a dog"), 64, T2V_CUT_LONGEST, &first};
    t2v_tokenizer *tokenizer;
    t2v_token_space *space;
    assert_int_equal(t2v_token_space_new(&space), 0);
    assert_int_equal(
        t2v_tokenizer_open(T2V_TEST_DIR "/golden/heads/cross-encoder", &tokenizer, NULL), 0);
    assert_int_equal(t2v_tokenizer_encode_pair(tokenizer, space, &pair, &want, &types, NULL, NULL),
                     0);
    memcpy(bytes, "and dog", 7);
    assert_int_equal(t2v_tokenizer_encode_pair(tokenizer, space, &pair, &ids, &types, NULL, NULL),
                     0);
    assert_int_equal(ids.len, want.len);
    assert_memory_equal(ids.ptr, want.ptr, want.len * sizeof *want.ptr);
    pair.a.len = 3;
    assert_int_equal(t2v_tokenizer_encode_pair(tokenizer, space, &pair, &ids, &types, NULL, NULL),
                     0);
    assert_true(ids.len != want.len || ids.ptr[1] != want.ptr[1]);
    pair.a = (struct t2v_str){other, 7};
    assert_int_equal(t2v_tokenizer_encode_pair(tokenizer, space, &pair, &ids, &types, NULL, NULL),
                     0);
    assert_int_equal(ids.len, want.len);
    assert_memory_equal(ids.ptr, want.ptr, want.len * sizeof *want.ptr);
    t2v_first_text_deinit(&first);
    t2v_ids_deinit(&want);
    t2v_ids_deinit(&ids);
    t2v_ids_deinit(&types);
    t2v_tokenizer_free(tokenizer);
    t2v_token_space_free(space);
}

int main(int argc, char **argv)
{
    if (argc > 2) {
        file = argv[1];
        models = argv[2];
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden),
                                       cmocka_unit_test(test_first_is_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
