/* SPDX-License-Identifier: BSD-3-Clause */
/* Code points, normal forms, and every normalizer against what the library makes of hard strings.
 */
#include "dir.h"

#include "base/mem.h"
#include "token/normalize/normalize.h"
#include "unicode/code_point.h"

static void test_properties(void **state)
{
    (void)state;
    static const struct {
        uint32_t cp;
        unsigned flags;
    } cases[] = {
        {0, T2V_UNI_DROP},
        {'\t', 0},
        {'a', T2V_UNI_WORD},
        {'$', T2V_UNI_PUNCT},
        {'_', T2V_UNI_PUNCT | T2V_UNI_WORD},
        {0xad, T2V_UNI_DROP},
        {0xfffd, T2V_UNI_DROP},
        {0x301, T2V_UNI_MN | T2V_UNI_MARK | T2V_UNI_WORD | T2V_UNI_CCC},
        {0x9be, T2V_UNI_MARK | T2V_UNI_WORD},
        {0x34f, T2V_UNI_MN | T2V_UNI_MARK | T2V_UNI_WORD},
        {0x3001, T2V_UNI_PUNCT},
        {0x4e00, T2V_UNI_WORD},
        {0x24b6, T2V_UNI_WORD},
        {0xe000, T2V_UNI_DROP},
        {0x10ffff, 0}, /* not assigned is not dropped */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (t2v_unicode_flags(cases[i].cp) != cases[i].flags)
            fail_msg("U+%04X: expected %u, got %u", cases[i].cp, cases[i].flags,
                     t2v_unicode_flags(cases[i].cp));
    }
    /* The library's categories are older than U+08E2. */
    assert_false(t2v_unicode_flags(0x8e2) & T2V_UNI_DROP);
    uint32_t lower[2];
    assert_int_equal(t2v_unicode_lower(0x130, lower), 2);
    assert_int_equal(lower[1], 0x307);
    assert_int_equal(t2v_unicode_lower(0x3a3, lower), 1); /* never the final sigma */
    assert_int_equal(lower[0], 0x3c3);
    assert_int_equal(t2v_unicode_lower(0x16eb8, lower), 1);
    assert_int_equal(lower[0], 0x16ed3);
}

static void test_utf8(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp < 0x110000; cp += cp < 0x1000 ? 1 : 37) {
        char bytes[4];
        const char *end = bytes + t2v_utf8_encode(cp, bytes), *at = bytes;
        uint32_t got = t2v_utf8_next(&at, end);
        if (got != cp || at != end || t2v_utf8_back(bytes, end) != bytes)
            fail_msg("U+%04X came back as U+%04X", cp, got);
    }
    /* Cut short, at the end of what may be read: the sanitizer watches. */
    static const char *const cut[] = {"\xc3", "\xe3\x80", "\xf0\x9f\x98", "\xff", "\x80"};
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
        size_t n = strlen(cut[i]);
        char *copy = t2v_dup(cut[i], n);
        char *tight = t2v_resize(copy, n, 1);
        const char *at = tight;
        assert_int_equal(t2v_utf8_next(&at, tight + n), 0xfffd);
        assert_ptr_equal(at, tight + 1);
        t2v_free(tight);
    }
}

/* A million marks in the worst order: sorted by class in no time, and nothing lost. */
static void test_many_marks(void **state)
{
    (void)state;
    struct t2v_cps cps = {0};
    enum { N = 500000 };
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(t2v_cps_add(&cps, 0x301), 0); /* 230 */
        assert_int_equal(t2v_cps_add(&cps, 0x323), 0); /* 220 */
    }
    assert_int_equal(t2v_cps_order(&cps), 0);
    assert_int_equal(cps.len, 2 * N);
    assert_int_equal(cps.ptr[N - 1], 0x323);
    assert_int_equal(cps.ptr[N], 0x301);
    t2v_cps_deinit(&cps);
}

static void check_golden(const t2v_json *entry, size_t index)
{
    struct t2v_arena arena = {0};
    struct t2v_norm_space space;
    static struct t2v_normalizer normalizer;
    struct t2v_err err;
    memset(&normalizer, 0, sizeof normalizer);
    t2v_norm_space_init(&space);
    if (t2v_normalizer_load(t2v_json_get(entry, "normalizer"), "normalizer", &arena, &normalizer,
                            &err) != 0)
        fail_msg("normalizer %zu: %s", index, err.msg);
    const t2v_json *cases = t2v_json_get(entry, "cases");
    assert_true(t2v_json_len(cases) > 100);
    for (size_t i = 0; i < t2v_json_len(cases); i++) {
        struct t2v_str in = t2v_json_str(t2v_json_at(t2v_json_at(cases, i), 0));
        struct t2v_str want = t2v_json_str(t2v_json_at(t2v_json_at(cases, i), 1)), got;
        assert_int_equal(t2v_normalizer_run(&normalizer, &space, in, &got), 0);
        if (!t2v_str_eq(want, got))
            fail_msg("normalizer %zu, case %zu: \"%.*s\": expected \"%.*s\", got \"%.*s\"", index,
                     i, T2V_STR_ARG(in), T2V_STR_ARG(want), T2V_STR_ARG(got));
    }
    t2v_norm_space_deinit(&space);
    t2v_arena_free(&arena);
}

static void test_golden(void **state)
{
    (void)state;
    t2v_json *root = golden("token-normal/cases.json");
    assert_int_equal(t2v_json_len(root), 15);
    for (size_t i = 0; i < t2v_json_len(root); i++)
        check_golden(t2v_json_at(root, i), i);
    t2v_json_free(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_properties),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_many_marks),
        cmocka_unit_test(test_golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
