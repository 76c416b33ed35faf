/* SPDX-License-Identifier: BSD-3-Clause */
/* Offsets against golden/token-offsets, which the tokenizers library has written. */
#include "dir.h"

#include "token/encode.h"

static int64_t number(const t2v_json *value)
{
    int64_t n = -1;
    assert_true(t2v_json_int(value, &n));
    return n;
}

/* The byte at which character n of text begins; its end for those behind it. */
static size_t byte_of(struct t2v_str text, size_t n)
{
    size_t i = 0;
    for (size_t begun = 0; i < text.len; i++) {
        begun += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
        if (begun > n)
            break;
    }
    return i;
}

static void check_offsets(const char *what, const struct t2v_offsets *got, const t2v_json *want,
                          struct t2v_str text)
{
    assert_int_equal(got->len, t2v_json_len(want));
    for (size_t i = 0; i < got->len; i++) {
        const struct t2v_offset *o = &got->ptr[i];
        int64_t begin = number(t2v_json_at(t2v_json_at(want, i), 0));
        int64_t end = number(t2v_json_at(t2v_json_at(want, i), 1));
        if (o->begin != begin || o->end != end)
            fail_msg("%s: token %zu has [%u, %u), expected [%d, %d)", what, i, o->begin, o->end,
                     (int)begin, (int)end);
        if (text.ptr == NULL)
            continue;
        assert_int_equal(o->byte_begin, byte_of(text, o->begin));
        assert_int_equal(o->byte_end, byte_of(text, o->end));
    }
}

static void check_ids(const char *what, const struct t2v_ids *got, const t2v_json *want)
{
    if (got->len != t2v_json_len(want))
        fail_msg("%s: %zu tokens, expected %zu", what, got->len, t2v_json_len(want));
    for (size_t i = 0; i < got->len; i++)
        assert_int_equal(got->ptr[i], number(t2v_json_at(want, i)));
}

/* One case: [text or [A, B], max_tok, ids, offsets, types]; ids null: the library fails. */
static void check_case(const char *what, const t2v_tokenizer *tokenizer, t2v_token_space *space,
                       const t2v_json *one)
{
    struct t2v_ids ids = {0}, types = {0}, plain = {0};
    struct t2v_offsets offsets = {0};
    struct t2v_err err = {0};
    const t2v_json *input = t2v_json_at(one, 0), *want = t2v_json_at(one, 2);
    struct t2v_str text = t2v_json_str(input);
    size_t max_tok = (size_t)number(t2v_json_at(one, 1));
    int rc;
    if (text.ptr != NULL) {
        rc = t2v_tokenizer_encode_offsets(tokenizer, space, text, max_tok, &ids, &offsets, &err);
        int plain_rc = t2v_tokenizer_encode(tokenizer, space, text, max_tok, &plain, &err);
        assert_int_equal(plain_rc, rc);
        if (rc == 0)
            check_ids(what, &plain, want);
    } else {
        struct t2v_text_pair pair = {t2v_json_str(t2v_json_at(input, 0)),
                                     t2v_json_str(t2v_json_at(input, 1)), max_tok, T2V_CUT_LONGEST,
                                     NULL};
        rc = t2v_tokenizer_encode_pair(tokenizer, space, &pair, &ids, &types, &offsets, &err);
        if (rc == 0)
            check_ids(what, &types, t2v_json_at(one, 4));
    }
    assert_int_equal(rc == 0, t2v_json_type(want) == T2V_JSON_ARRAY);
    if (rc == 0) {
        check_ids(what, &ids, want);
        check_offsets(what, &offsets, t2v_json_at(one, 3), text);
    }
    t2v_ids_deinit(&ids);
    t2v_ids_deinit(&types);
    t2v_ids_deinit(&plain);
    t2v_offsets_deinit(&offsets);
}

static void test_golden(void **state)
{
    (void)state;
    t2v_json *root = golden("token-offsets/cases.json");
    const t2v_json *list = t2v_json_get(root, "tokenizers");
    assert_true(t2v_json_len(list) > 60);
    for (size_t i = 0; i < t2v_json_len(list); i++) {
        const t2v_json *one = t2v_json_at(list, i), *cases = t2v_json_get(one, "cases");
        char dir[DIR_PATH], what[160];
        struct t2v_err err;
        t2v_tokenizer *tokenizer;
        t2v_token_space *space;
        dir_make(dir);
        dir_write(dir, "tokenizer.json", t2v_json_str(t2v_json_get(one, "tokenizer")));
        if (t2v_tokenizer_open_alone(dir, &tokenizer, &err) != 0)
            fail_msg("tokenizer %zu: %s", i, err.msg);
        assert_int_equal(t2v_token_space_new(&space), 0);
        for (size_t k = 0; k < t2v_json_len(cases); k++) {
            snprintf(what, sizeof what, "tokenizer %zu, case %zu", i, k);
            check_case(what, tokenizer, space, t2v_json_at(cases, k));
        }
        t2v_token_space_free(space);
        t2v_tokenizer_free(tokenizer);
        dir_remove(dir);
    }
    t2v_json_free(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
