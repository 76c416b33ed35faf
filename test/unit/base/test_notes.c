/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/notes.h"

static void test_list(void **state)
{
    struct t2v_notes notes = {""}, more = {""};
    (void)state;
    t2v_notes_add(NULL, "a.json", "x");
    t2v_notes_join(NULL, &more);
    t2v_notes_join(&notes, &more);
    assert_string_equal(notes.text, "");
    t2v_notes_add(&notes, "a.json", "x");
    t2v_notes_add(&more, "b.json", "y");
    t2v_notes_add(&more, "b.json", "z");
    t2v_notes_join(&notes, &more);
    assert_string_equal(notes.text, "a.json: x, b.json: y, b.json: z");
}

/* What does not fit is left out whole. */
static void test_full(void **state)
{
    struct t2v_notes notes = {""};
    char key[120];
    (void)state;
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    for (int i = 0; i < 10; i++)
        t2v_notes_add(&notes, "f", key);
    assert_int_equal(strlen(notes.text), 4 * 124 - 2);
    assert_int_equal(notes.text[strlen(notes.text) - 1], 'k');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
