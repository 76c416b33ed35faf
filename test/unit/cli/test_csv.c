/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/files/csv.h"

/* The length of data's first record when data arrives a byte at a time, from `step` bytes on. */
static size_t end_by_steps(struct t2v_str data, size_t step)
{
    struct t2v_csv_scan scan = {0};
    for (size_t n = 0; n <= data.len; n += step) {
        size_t end = t2v_csv_end(&scan, (struct t2v_str){data.ptr, n}, ',', n == data.len);
        if (end != 0)
            return end;
    }
    return 0;
}

static void test_end(void **state)
{
    static const struct {
        const char *data;
        size_t len; /* of the first record; 0: it does not end */
    } cases[] = {
        {"", 0},
        {"a,b", 0},
        {"\nb", 1},
        {"\r\nb", 2},
        {"\rb", 1},
        {"a,b\nc", 4},
        {"a,b\r\nc", 5},
        {"a,b\rc", 4},
        {"a\r", 2},
        {"\"a\nb\",c\nd", 8},
        {"\"a\"\"\n\"\nd", 7},
        {"\"a\" \"\nd", 6},   /* what follows a closing quote is not quoted */
        {"a\"b\nc\"\n", 4},   /* nor is a field with a quote inside */
        {"a, \"b\nc\"\n", 6}, /* or after a blank */
        {"\"a\nb", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct t2v_str data = t2v_str_of(cases[i].data);
        assert_int_equal(end_by_steps(data, data.len != 0 ? data.len : 1), cases[i].len);
        assert_int_equal(end_by_steps(data, 1), cases[i].len);
    }
}

static void test_fields(void **state)
{
    static const struct {
        const char *record;
        const char *fields[4]; /* NULL ends them */
    } cases[] = {
        {"", {""}},
        {",", {"", ""}},
        {"a;b,c", {"a;b", "c"}},
        {"\"a,\"\"b\"\"\n\", c", {"a,\"b\"\n", " c"}},
        {"\"a\"b\"c,d", {"ab\"c", "d"}},
        {"a \"b\",\"\",\"\"\"\"", {"a \"b\"", "", "\""}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct t2v_csv_fields fields = t2v_csv_first(t2v_str_of(cases[i].record), ',');
        struct t2v_buf buf;
        t2v_buf_init(&buf, 100);
        for (size_t k = 0; cases[i].fields[k] != NULL; k++, t2v_buf_clear(&buf)) {
            assert_true(t2v_csv_next(&fields, &buf));
            assert_true(t2v_str_is(t2v_buf_str(&buf), cases[i].fields[k]));
        }
        assert_false(t2v_csv_next(&fields, &buf));
        t2v_buf_deinit(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
