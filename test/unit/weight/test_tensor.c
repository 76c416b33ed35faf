/* SPDX-License-Identifier: BSD-3-Clause */
/* Conversion to f32: every f16 and bf16 against the arithmetic of its definition, data unaligned.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "weight/store.h"

enum { N = 65536 };

/* sign * 2^(exponent - bias) * 1.mantissa, and so on, as IEEE 754 has it, in double. */
static double decode(unsigned bits, int n_exponent, int n_mantissa)
{
    int bias = (1 << (n_exponent - 1)) - 1;
    int exponent = (int)(bits >> n_mantissa) & ((1 << n_exponent) - 1);
    double mantissa = ldexp(bits & ((1U << n_mantissa) - 1), -n_mantissa);
    double sign = bits >> 15 ? -1.0 : 1.0;
    if (exponent == (1 << n_exponent) - 1)
        return mantissa == 0 ? sign * HUGE_VAL : (double)NAN;
    if (exponent == 0)
        return sign * ldexp(mantissa, 1 - bias);
    return sign * ldexp(1.0 + mantissa, exponent - bias);
}

/* All 65536 items at once, lying at an odd address. */
static void check_all(enum t2v_dtype dtype, int n_exponent, int n_mantissa)
{
    uint8_t *bytes = malloc(1 + 2 * N);
    float *got = malloc(N * sizeof *got);
    assert_non_null(bytes);
    assert_non_null(got);
    for (unsigned i = 0; i < N; i++) {
        bytes[1 + 2 * i] = (uint8_t)i;
        bytes[2 + 2 * i] = (uint8_t)(i >> 8);
    }
    const struct t2v_tensor t = {.dtype = dtype, .n = N, .data = bytes + 1};
    t2v_tensor_f32(&t, 0, N, got);
    for (unsigned i = 0; i < N; i++) {
        double want = decode(i, n_exponent, n_mantissa);
        bool same = isnan(want) ? isnan(got[i])
                                : (double)got[i] == want && !signbit(got[i]) == !signbit(want);
        if (!same)
            fail_msg("%s 0x%04x: expected %a, got %a", t2v_dtype_name(dtype), i, want,
                     (double)got[i]);
    }
    free(bytes);
    free(got);
}

static void test_f16(void **state)
{
    (void)state;
    check_all(T2V_F16, 5, 10);
}

static void test_bf16(void **state)
{
    (void)state;
    check_all(T2V_BF16, 8, 7);
}

static void test_f64(void **state)
{
    (void)state;
    const double x[] = {0.0,   -0.0,         1.0 / 3.0, -1e-50,  1e300,    -1e300,   0x1.000001p0,
                        1e-40, 0x1.000003p0, DBL_MIN,   FLT_MAX, HUGE_VAL, -HUGE_VAL};
    enum { N_X = sizeof x / sizeof *x };
    uint8_t bytes[1 + sizeof x];
    float got[N_X];
    memcpy(bytes + 1, x, sizeof x);
    const struct t2v_tensor t = {.dtype = T2V_F64, .n = N_X, .data = bytes + 1};
    t2v_tensor_f32(&t, 0, N_X, got);
    for (size_t i = 0; i < N_X; i++)
        if (got[i] != (float)x[i] || !signbit(got[i]) != !signbit(x[i]))
            fail_msg("item %zu: expected %a, got %a", i, (double)(float)x[i], (double)got[i]);
}

/* Ranges of every short length, from any item on: the vector loops and their tails. Bits of an f32,
 * NaNs too, stay as they are. */
static void test_ranges(void **state)
{
    (void)state;
    static const enum t2v_dtype dtypes[] = {T2V_F32, T2V_F16, T2V_BF16, T2V_F64};
    enum { ITEMS = 80 };
    for (size_t d = 0; d < 4; d++) {
        uint8_t bytes[1 + 8 * ITEMS];
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)(i * 37 + 11);
        const struct t2v_tensor t = {.dtype = dtypes[d], .n = ITEMS, .data = bytes + 1};
        for (size_t first = 0; first < 9; first++) {
            for (size_t n = 0; first + n <= ITEMS; n++) {
                float got[ITEMS + 1], one = 0;
                memset(got, 0x5a, sizeof got);
                t2v_tensor_f32(&t, first, n, got);
                for (size_t i = 0; i < n; i++) {
                    t2v_tensor_f32(&t, first + i, 1, &one);
                    if (memcmp(&got[i], &one, sizeof one) != 0)
                        fail_msg("%s, items %zu + %zu: %zu differs", t2v_dtype_name(dtypes[d]),
                                 first, n, i);
                    if (dtypes[d] == T2V_F32)
                        assert_memory_equal(&one, bytes + 1 + 4 * (first + i), 4);
                }
                const uint8_t beyond[4] = {0x5a, 0x5a, 0x5a, 0x5a};
                assert_memory_equal(&got[n], beyond, 4);
            }
        }
    }
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        enum t2v_dtype dtype;
        const char *name;
        size_t bits;
    } cases[] = {
        {T2V_F32, "F32", 32},
        {T2V_F16, "F16", 16},
        {T2V_BF16, "BF16", 16},
        {T2V_F64, "F64", 64},
        {T2V_I64, "I64", 64},
        {T2V_I32, "I32", 32},
        {T2V_I16, "I16", 16},
        {T2V_I8, "I8", 8},
        {T2V_U8, "U8", 8},
        {T2V_BOOL, "BOOL", 8},
        {T2V_U64, "U64", 64},
        {T2V_U32, "U32", 32},
        {T2V_U16, "U16", 16},
        {T2V_C64, "C64", 64},
        {T2V_F8_E5M2, "F8_E5M2", 8},
        {T2V_F8_E4M3, "F8_E4M3", 8},
        {T2V_F8_E8M0, "F8_E8M0", 8},
        {T2V_F8_E4M3FNUZ, "F8_E4M3FNUZ", 8},
        {T2V_F8_E5M2FNUZ, "F8_E5M2FNUZ", 8},
        {T2V_F6_E2M3, "F6_E2M3", 6},
        {T2V_F6_E3M2, "F6_E3M2", 6},
        {T2V_F4, "F4", 4},
    };
    assert_int_equal(sizeof cases / sizeof *cases, T2V_N_DTYPE);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(t2v_dtype_name(cases[i].dtype), cases[i].name);
        assert_int_equal(t2v_dtype_bits(cases[i].dtype), cases[i].bits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_f16),    cmocka_unit_test(test_bf16),  cmocka_unit_test(test_f64),
        cmocka_unit_test(test_ranges), cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
