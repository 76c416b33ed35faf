/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/files/npy.h"

/* What numpy.save of NumPy 2 writes for zeros((3, 384), "<f4"). */
static void test_header(void **state)
{
    static const char begin[] = "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, "
                                "'shape': (3, 384), }";
    char header[T2V_NPY_HEADER];
    (void)state;
    t2v_npy_header(header, 3, 384);
    assert_memory_equal(header, begin, sizeof begin - 1);
    for (size_t i = sizeof begin - 1; i < T2V_NPY_HEADER - 1; i++)
        assert_int_equal(header[i], ' ');
    assert_int_equal(header[T2V_NPY_HEADER - 1], '\n');
}

static void test_is(void **state)
{
    static const size_t rows[] = {0, 7, 1000000000000, SIZE_MAX};
    char header[T2V_NPY_HEADER];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        t2v_npy_header(header, rows[i], 384);
        for (size_t len = 0; len <= T2V_NPY_HEADER; len++)
            assert_true(t2v_npy_header_is(header, len, 384));
        assert_false(t2v_npy_header_is(header, T2V_NPY_HEADER, 38));
        for (size_t k = 0; k < T2V_NPY_HEADER; k++) {
            char old = header[k];
            header[k] = '}';
            assert_false(t2v_npy_header_is(header, T2V_NPY_HEADER, 384) && old != '}');
            assert_false(t2v_npy_header_is(header, k + 1, 384) && old != '}');
            header[k] = old;
        }
    }
    memset(header, '9', sizeof header);
    for (size_t len = 1; len <= T2V_NPY_HEADER; len++)
        assert_false(t2v_npy_header_is(header, len, 384));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
