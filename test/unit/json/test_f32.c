/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shortest decimals of floats. All 2^32 were compared once with std::to_chars of libstdc++ 12,
 * without a difference; the two hashes below come from that other implementation. Here: edges by
 * name, and samples against glibc's exact conversions.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json/f32.h"

static float from_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint32_t to_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* As t2v_f32_write, terminated. */
static int write_text(char text[T2V_F32_CHARS + 1], float x)
{
    int n = t2v_f32_write(text, x);
    assert_in_range(n, 3, T2V_F32_CHARS);
    text[n] = '\0';
    return n;
}

static void test_edges(void **state)
{
    (void)state;
    static const struct {
        float x;
        const char *want;
    } cases[] = {
        {0.0F, "0.0"},
        {-0.0F, "-0.0"},
        {1.0F, "1.0"},
        {-1.0F, "-1.0"},
        {3.0F, "3.0"},
        {0.0123F, "0.0123"},
        {0.1F, "0.1"},
        {0.3F, "0.3"},
        {1.0F / 3.0F, "0.33333334"},
        {1.5e-7F, "1.5e-07"},
        {-1.5e-7F, "-1.5e-07"},
        {1e-4F, "0.0001"},
        {9.999999e-5F, "9.999999e-05"},
        {1.0000001e-4F, "0.00010000001"},
        {123456.7F, "123456.7"},
        {16777216.0F, "16777216.0"},
        {16777218.0F, "16777218.0"},
        {33554432.0F, "33554432.0"},
        {123456792.0F, "123456790.0"},
        {1e10F, "10000000000.0"},
        {1e15F, "1000000000000000.0"},
        {9.999999e15F, "9999999000000000.0"},
        {-9.999999e15F, "-9999999000000000.0"},
        {1e16F, "1e+16"},
        {1e22F, "1e+22"},
        {FLT_MAX, "3.4028235e+38"},
        {-FLT_MAX, "-3.4028235e+38"},
        {FLT_MIN, "1.1754944e-38"},
        {FLT_TRUE_MIN, "1e-45"},
        {2 * FLT_TRUE_MIN, "3e-45"},
        {3 * FLT_TRUE_MIN, "4e-45"},
        {7 * FLT_TRUE_MIN, "1e-44"},
        {0x1.fffffcp-127F, "1.1754942e-38"},
        {0x1p-96F, "1.2621775e-29"}, /* powers of two: the interval is lopsided */
        {0x1p103F, "1.0141205e+31"},
        {33554448.0F, "33554450.0"}, /* an end of the interval counts when c is even */
        {33554468.0F, "33554468.0"}, /* and not when it is odd */
        {FLT_EPSILON, "1.1920929e-07"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[T2V_F32_CHARS + 1];
        write_text(got, cases[i].x);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("case %zu: expected %s, got %s", i, cases[i].want, got);
    }
}

struct hash {
    uint64_t value;
};

static void hash_add(struct hash *hash, uint32_t bits)
{
    float x = from_bits(bits);
    if (!isfinite(x))
        return;
    char text[T2V_F32_CHARS + 1];
    int n = write_text(text, x);
    text[n++] = '\n';
    for (int i = 0; i < n; i++) {
        hash->value ^= (uint8_t)text[i];
        hash->value *= UINT64_C(1099511628211);
    }
}

/* FNV-1a over the lines that std::to_chars gives for the same floats. */
static void test_hashes(void **state)
{
    (void)state;
    struct hash stride = {UINT64_C(1469598103934665603)};
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 65521)
        hash_add(&stride, (uint32_t)bits);
    assert_int_equal(stride.value, UINT64_C(0x7272dbc7e2ab2c30));

    struct hash powers = {UINT64_C(1469598103934665603)};
    for (int i = 0; i < 23; i++)
        hash_add(&powers, UINT32_C(1) << i);
    for (uint32_t exponent = 1; exponent < 255; exponent++)
        hash_add(&powers, exponent << 23);
    assert_int_equal(powers.value, UINT64_C(0xff700856477d305a));
}

/* Significant digits of a decimal in any notation, without zeros at its ends. */
static int significant(const char *text, char digits[32])
{
    int n = 0;
    for (; *text != '\0' && *text != 'e'; text++)
        if (*text >= '0' && *text <= '9' && (n != 0 || *text != '0'))
            digits[n++] = *text;
    while (n > 0 && digits[n - 1] == '0')
        n--;
    digits[n] = '\0';
    return n;
}

/* It reads back; no decimal with a digit less does; it is the nearest with that many digits. */
static void check_shortest(uint32_t bits)
{
    float x = from_bits(bits);
    char got[T2V_F32_CHARS + 1], digits[32], wanted[64], want_digits[32];
    write_text(got, x);
    if (to_bits(strtof(got, NULL)) != bits)
        fail_msg("%08x (%.9g): %s reads back as %.9g", (unsigned)bits, (double)x, got,
                 (double)strtof(got, NULL));
    if ((bits & 0x7fffff) == 0)
        return; /* zero, and powers of two, which the hash above covers */
    int n = significant(got, digits);
    if (n > 1) {
        snprintf(wanted, sizeof wanted, "%.*e", n - 2, (double)x);
        if (to_bits(strtof(wanted, NULL)) == bits)
            fail_msg("%08x: got %s, though %s does", (unsigned)bits, got, wanted);
    }
    snprintf(wanted, sizeof wanted, "%.*e", n - 1, (double)x);
    significant(wanted, want_digits);
    if (strcmp(digits, want_digits) != 0)
        fail_msg("%08x: expected the digits of %s, got %s", (unsigned)bits, wanted, got);
}

static void test_samples(void **state)
{
    (void)state;
    uint64_t random = 88172645463325252U; /* xorshift */
    for (int i = 0; i < 200000; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        uint32_t bits = (uint32_t)(random >> 16);
        if (isfinite(from_bits(bits)))
            check_shortest(bits);
        /* What vectors hold: |x| from 2^-15 to 1. */
        check_shortest((bits & 0x807fffff) | (112 + bits % 15) << 23);
    }
    for (uint32_t bits = 1; bits < 3000; bits++)
        check_shortest(bits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_hashes),
        cmocka_unit_test(test_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
