/* SPDX-License-Identifier: BSD-3-Clause */
/* Which Accept fields ask for the page at GET /. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/api/page.h"

#include "base/banned.h"

static void test_wanted(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        bool wanted;
    } examples[] = {
        {"text/html", true},
        {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true},
        {"application/json , TEXT/HTML ; q=0.1", true},
        {"text/html;level=1;q=0.001", true},
        {"text/html;level=1", true},
        {"", false},
        {",;,", false},
        {"*/*", false},
        {"text/*", false},
        {"application/json", false},
        {"text/htmlx", false},
        {"text/htm", false},
        {"application/x;a=text/html", false},
        {"text/html;q=0", false},
        {"text/html; Q = 0.000, */*", false},
    };
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        if (t2v_page_is_wanted(t2v_str_of(examples[i].accept)) != examples[i].wanted)
            fail_msg("Accept: %s", examples[i].accept);
    }
    assert_false(t2v_page_is_wanted((struct t2v_str){NULL, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_wanted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
