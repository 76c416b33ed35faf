/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"

enum { LEN = 5 * T2V_DIGEST_BLOCK + 13 };

static void fill(uint8_t bytes[LEN])
{
    for (size_t i = 0; i < LEN; i++)
        bytes[i] = (uint8_t)(i * 7 + 1);
}

static uint64_t digest_of(const uint8_t *bytes, size_t n)
{
    struct t2v_digest digest;
    t2v_digest_begin(&digest);
    t2v_digest_add(&digest, bytes, n);
    return t2v_digest_end(&digest);
}

/* The digest does not depend on how the bytes are divided among the calls. */
static void test_parts(void **state)
{
    uint8_t bytes[LEN];
    (void)state;
    fill(bytes);
    uint64_t whole = digest_of(bytes, LEN);
    for (size_t first = 0; first <= LEN; first += T2V_DIGEST_BLOCK) {
        struct t2v_digest digest;
        t2v_digest_begin(&digest);
        t2v_digest_add(&digest, bytes, first);
        t2v_digest_add(&digest, bytes + first, LEN - first);
        assert_true(t2v_digest_end(&digest) == whole);
    }
}

static void test_changed_bits(void **state)
{
    uint8_t bytes[LEN];
    (void)state;
    fill(bytes);
    uint64_t before = digest_of(bytes, LEN);
    for (size_t i = 0; i < 8 * LEN; i++) {
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        if (digest_of(bytes, LEN) == before)
            fail_msg("a change of bit %zu is not seen", i);
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    assert_true(digest_of(bytes, LEN) == before);
}

/* Zeros at the end count, although a part of a block is padded with zeros. */
static void test_length(void **state)
{
    static const uint8_t zeros[2 * T2V_DIGEST_BLOCK];
    uint64_t seen[sizeof zeros + 1];
    (void)state;
    for (size_t n = 0; n <= sizeof zeros; n++) {
        seen[n] = digest_of(zeros, n);
        for (size_t i = 0; i < n; i++)
            assert_true(seen[i] != seen[n]);
    }
}

/* Words that change places do not cancel out, within a block or between two. */
static void test_order(void **state)
{
    uint8_t bytes[LEN];
    (void)state;
    fill(bytes);
    uint64_t before = digest_of(bytes, LEN);
    for (size_t other = 8; other + 8 <= LEN; other += 8) {
        fill(bytes);
        memcpy(bytes, bytes + other, 8);
        for (size_t i = 0; i < 8; i++)
            bytes[other + i] = (uint8_t)(i * 7 + 1);
        if (digest_of(bytes, LEN) == before)
            fail_msg("words 0 and %zu are swapped and it is not seen", other / 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_changed_bits),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
