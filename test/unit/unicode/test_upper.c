/* SPDX-License-Identifier: BSD-3-Clause */
/* str.upper, title, capitalize and swapcase of Python 3.11, which gave what is wanted here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unicode/letter.h"
#include "unicode/upper.h"

static void check(int (*change)(struct t2v_str, struct t2v_buf *), struct t2v_str text,
                  const char *want)
{
    struct t2v_buf out;
    t2v_buf_init(&out, SIZE_MAX);
    assert_int_equal(change(text, &out), 0);
    t2v_buf_addc(&out, '\0');
    assert_string_equal(out.ptr, want);
    t2v_buf_deinit(&out);
}

static void test_cases(void **state)
{
    (void)state;
    static const struct t2v_str text = T2V_STR("aZ ß ŉ ﬁx ΑΣ ΑΣΑ ǆ İ ŽEŇ's ⓐ 1b");
    check(t2v_upper, text, "AZ SS ʼN FIX ΑΣ ΑΣΑ Ǆ İ ŽEŇ'S Ⓐ 1B");
    check(t2v_upper_title, text, "Az Ss ʼN Fix Ας Ασα ǅ İ Žeň'S Ⓐ 1B");
    check(t2v_upper_capitalize, text, "Az ß ŉ ﬁx ας ασα ǆ i\u0307 žeň's ⓐ 1b");
    check(t2v_upper_swapcase, text, "Az SS ʼN FIX ας ασα Ǆ i\u0307 žeň'S Ⓐ 1B");
    check(t2v_upper_capitalize, T2V_STR("ŉΣ"), "ʼNς");
    check(t2v_upper, T2V_STR(""), "");
}

static void test_printable(void **state)
{
    (void)state;
    assert_true(t2v_letter_is_printable(' ') && t2v_letter_is_printable(0xe9));
    assert_false(t2v_letter_is_printable('\n') || t2v_letter_is_printable(0x7f) ||
                 t2v_letter_is_printable(0xa0) || t2v_letter_is_printable(0x200b) ||
                 t2v_letter_is_printable(0xe000) || t2v_letter_is_printable(0x2028));
    assert_true(t2v_letter_is_alpha(0xaa) && !t2v_letter_is_alpha('1'));
    assert_true(t2v_letter_is_number(0x2167) && !t2v_letter_is_number('a'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases),
                                       cmocka_unit_test(test_printable)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
