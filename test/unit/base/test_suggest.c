/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/suggest.h"

static const char *suggest(struct t2v_str typed)
{
    static const char *const names[] = {"model",     "listen",    "max-body", "max-memory",
                                        "max-queue", "log-level", "bench",    "cpu"};
    struct t2v_suggest s = t2v_suggest_for(typed);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        t2v_suggest_try(&s, names[i], names[i]);
    return s.answer;
}

static void test_names(void **state)
{
    static const struct {
        const char *typed, *want; /* NULL: nothing is close */
    } cases[] = {
        {"model", "model"},
        {"modle", "model"},  /* two neighbours swapped */
        {"mdel", "model"},   /* one missing */
        {"moodel", "model"}, /* one too many */
        {"nodel", "model"},  /* one replaced */
        {"MODEL", "model"},  /* in capitals */
        {"max_body", "max-body"},
        {"MAX_MEMROY", "max-memory"},
        {"loglevel", "log-level"},
        {"model-path", "model"}, /* another word after it */
        {"benchmark", "bench"},  /* more after it */
        {"max", "max-body"},     /* the beginning of three: the first wins */
        {"cup", "cpu"},
        {"xy", NULL},
        {"", NULL},
        {"precision", NULL},
        {"completely-different", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = suggest(t2v_str_of(cases[i].typed));
        if ((got == NULL) != (cases[i].want == NULL) ||
            (got != NULL && strcmp(got, cases[i].want) != 0))
            fail_msg("%s: expected %s, got %s", cases[i].typed,
                     cases[i].want != NULL ? cases[i].want : "nothing",
                     got != NULL ? got : "nothing");
    }
}

/* Long names are not compared, however close; nothing beyond the length is read. */
static void test_long(void **state)
{
    char name[100];
    (void)state;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    struct t2v_suggest s = t2v_suggest_for((struct t2v_str){name, sizeof name - 1});
    t2v_suggest_try(&s, name, name);
    assert_null(s.answer);
    s = t2v_suggest_for((struct t2v_str){name, 48});
    t2v_suggest_try(&s, name, name);
    assert_null(s.answer);
    t2v_suggest_try(&s, name + sizeof name - 1 - 48, name);
    assert_ptr_equal(s.answer, name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
