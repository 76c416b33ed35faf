/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/auth.h"

#include "base/banned.h"

static void test_tokens(void **state)
{
    (void)state;
    static const struct {
        const char *list, *header;
        bool may;
    } examples[] = {
        {"", NULL, true},
        {"", "nonsense", true},
        {"a", NULL, false},
        {"a", "", false},
        {"a", "Bearer", false},
        {"a", "Bearer ", false},
        {"a", "Bearer a", true},
        {"a", "bEARER a", true},
        {"a", "Bearer   a ", true},
        {"a", "Bearer \t a\t ", true},
        {"\t a b \t,", "Bearer a b", true},
        {" ,\t, a", "Bearer \t", false},
        {"a", "Bearer aa", false},
        {"a", "Bearer A", false},
        {"a", "Basic a", false},
        {"a", "Bearera", false},
        {"a", "a", false},
        {"one,two", "Bearer one", true},
        {"one,two", "Bearer two", true},
        {"one,two", "Bearer one,two", false},
        {"one,two", "Bearer on", false},
        {"one,two", "Bearer oneone", false},
        {" one , two ,", "Bearer two", true},
        {"one,,two", "Bearer ", false},
        {"ab", "Bearer abab", false},
        {"a\n", "Bearer a", true},
        {"one\r\n", "Bearer one", true},
        {"one\n,\ttwo\v\f\n\n", "Bearer one", true},
        {"one\n,\ttwo\v\f\n\n", "Bearer two", true},
        {"a\nb", "Bearer a", false},
        {"\n,\r\n,a", "Bearer ", false},
        {"\"a\"", "Bearer \"a\"", true},
        {"\"a\"", "Bearer a", false},
    };
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct t2v_auth auth;
        assert_int_equal(t2v_auth_init(&auth, examples[i].list, NULL), 0);
        const char *header = examples[i].header;
        struct t2v_str given = header != NULL ? t2v_str_of(header) : (struct t2v_str){NULL, 0};
        if (t2v_auth_allows(&auth, given) != examples[i].may)
            fail_msg("example %zu: list '%s', header '%s': expected %d", i, examples[i].list,
                     header != NULL ? header : "(none)", examples[i].may);
        t2v_auth_deinit(&auth);
    }
}

static void test_quotes(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        bool has;
    } examples[] = {{"", false},         {"a,b\"c", false}, {"\"a\"", true},
                    {"a, 'b' ,c", true}, {"\"a,b\"", true}, {"a'", true}};
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct t2v_auth auth;
        assert_int_equal(t2v_auth_init(&auth, examples[i].list, NULL), 0);
        assert_int_equal(t2v_auth_has_quotes(&auth), examples[i].has);
        t2v_auth_deinit(&auth);
    }
}

static void test_list_without_tokens(void **state)
{
    (void)state;
    struct t2v_auth auth;
    struct t2v_err err;
    assert_int_equal(t2v_auth_init(&auth, " , ,", &err), T2V_EUSAGE);
    assert_int_equal(t2v_auth_init(&auth, "\n", &err), T2V_EUSAGE);
    assert_int_equal(t2v_auth_init(&auth, NULL, &err), 0);
    t2v_auth_deinit(&auth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_list_without_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
