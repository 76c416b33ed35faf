/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "batch/cache.h"

#include "base/banned.h"

static struct t2v_cache_key key(const char *text)
{
    return (struct t2v_cache_key){.text = t2v_str_of(text)};
}

static t2v_cache *new_cache(size_t max_entries, size_t max_bytes)
{
    const struct t2v_cache_limits limits = {max_entries, max_bytes, 600};
    t2v_cache *cache = NULL;
    assert_int_equal(t2v_cache_new(&limits, &cache), 0);
    return cache;
}

static void put(t2v_cache *cache, struct t2v_cache_key k, float x, uint64_t now)
{
    const float vector[3] = {x, x + 1, x + 2};
    t2v_cache_put(cache, &k, vector, 3, now);
}

/* The first component of what is kept, which must be whole; -1 when nothing is. */
static int get(t2v_cache *cache, struct t2v_cache_key k, uint64_t now)
{
    size_t dim = 0;
    const float *vector = t2v_cache_get(cache, &k, now, &dim);
    if (vector == NULL)
        return -1;
    assert_int_equal(dim, 3);
    assert_true(vector[1] == vector[0] + 1 && vector[2] == vector[0] + 2);
    return (int)vector[0];
}

static void test_whole_key_counts(void **state)
{
    (void)state;
    t2v_cache *cache = new_cache(100, 1 << 20);
    const struct t2v_str none = {NULL, 0};
    const struct t2v_cache_key keys[] = {
        {T2V_STR("a"), {none, none, 0, {0}}},
        {T2V_STR("ab"), {none, none, 0, {0}}},
        {T2V_STR("a\0"), {none, none, 0, {0}}},
        {T2V_STR(""), {none, none, 0, {0}}},
        {T2V_STR("a"), {T2V_STR("cls"), none, 0, {0}}},
        {T2V_STR("acls"), {none, none, 0, {0}}},
        {T2V_STR("a"), {none, T2V_STR("cls"), 0, {0}}},
        {T2V_STR("a"), {none, T2V_STR(""), 0, {0}}}, /* given, and empty */
        {T2V_STR("a"), {none, none, 5, {0}}},
        {T2V_STR("a"), {none, none, 6, {0}}},
    };
    enum { N = sizeof keys / sizeof *keys };
    for (int i = 0; i < N; i++) {
        assert_int_equal(get(cache, keys[i], 1), -1);
        put(cache, keys[i], (float)(10 * i), 1);
    }
    for (int i = 0; i < N; i++)
        assert_int_equal(get(cache, keys[i], 2), 10 * i);
    assert_int_equal(t2v_cache_len(cache), N);
    t2v_cache_free(cache);
}

/* What encode asks for is no answer of /vectors. */
static void test_encode_is_not_kept(void **state)
{
    (void)state;
    t2v_cache *cache = new_cache(100, 1 << 20);
    struct t2v_cache_key of_encode = key("a");
    of_encode.params.encode.given = true;
    put(cache, of_encode, 1, 1);
    assert_int_equal(t2v_cache_len(cache), 0);
    put(cache, key("a"), 2, 1);
    assert_int_equal(get(cache, of_encode, 1), -1);
    assert_int_equal(get(cache, key("a"), 1), 2);
    t2v_cache_free(cache);
}

static void test_replaced(void **state)
{
    (void)state;
    t2v_cache *cache = new_cache(100, 1 << 20);
    put(cache, key("a"), 1, 0);
    size_t bytes = t2v_cache_bytes(cache);
    put(cache, key("a"), 2, 500);
    assert_int_equal(get(cache, key("a"), 700), 2);
    assert_int_equal(t2v_cache_len(cache), 1);
    assert_int_equal(t2v_cache_bytes(cache), bytes);
    t2v_cache_free(cache);
}

static void test_time(void **state)
{
    (void)state;
    t2v_cache *cache = new_cache(100, 1 << 20);
    put(cache, key("a"), 1, 1000);
    assert_int_equal(get(cache, key("a"), 1599), 1);
    assert_int_equal(get(cache, key("a"), 1600), -1); /* asking does not prolong it */
    assert_int_equal(t2v_cache_len(cache), 0);
    assert_int_equal(t2v_cache_bytes(cache), 0);
    t2v_cache_free(cache);
}

static void test_longest_unasked_goes(void **state)
{
    (void)state;
    t2v_cache *cache = new_cache(3, 1 << 20);
    put(cache, key("a"), 1, 0);
    put(cache, key("b"), 2, 0);
    put(cache, key("c"), 3, 0);
    assert_int_equal(get(cache, key("a"), 1), 1);
    put(cache, key("d"), 4, 1);
    assert_int_equal(get(cache, key("b"), 2), -1);
    assert_int_equal(get(cache, key("a"), 2), 1);
    assert_int_equal(get(cache, key("c"), 2), 3);
    assert_int_equal(get(cache, key("d"), 2), 4);
    t2v_cache_free(cache);
}

static void test_ceiling_of_bytes(void **state)
{
    (void)state;
    enum { MAX = 64 * 1024 };
    t2v_cache *cache = new_cache(1000, MAX);
    static char text[MAX];
    memset(text, 'x', sizeof text);
    struct t2v_cache_key k = {.text = {text, MAX / 8}};
    put(cache, k, 1, 0);
    assert_int_equal(get(cache, k, 0), -1); /* larger than an eighth */
    for (int i = 0; i < 5000; i++) {
        text[0] = (char)i;
        text[1] = (char)(i >> 8);
        k.text.len = (size_t)(2 + i * 37 % 8000);
        put(cache, k, (float)i, 0);
        assert_true(t2v_cache_bytes(cache) <= MAX);
        if (k.text.len < 7000)
            assert_int_equal(get(cache, k, 0), i);
    }
    t2v_cache_free(cache);
}

/* Against a plain list of what was put, with many keys in few buckets. */
static void test_many(void **state)
{
    (void)state;
    enum { N = 300 };
    t2v_cache *cache = new_cache(N, 1 << 20);
    char names[N][16];
    int kept[N];
    for (int i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "text %d", i);
        kept[i] = -1;
    }
    uint64_t random = 42;
    for (int step = 0; step < 20000; step++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407U;
        int i = (int)(random >> 33) % N;
        int got = get(cache, key(names[i]), 0);
        if (got != kept[i])
            fail_msg("step %d, key %d: expected %d, got %d", step, i, kept[i], got);
        kept[i] = step % 100000;
        put(cache, key(names[i]), (float)kept[i], 0);
    }
    t2v_cache_free(cache);
}

static void test_no_memory(void **state)
{
    (void)state;
    const struct t2v_cache_limits limits = {16, 1 << 20, 600};
    t2v_cache *cache = NULL;
    for (long n = 0; n < 2; n++) {
        t2v_mem_fail_at(n);
        assert_int_equal(t2v_cache_new(&limits, &cache), T2V_ENOMEM);
        assert_null(cache);
    }
    t2v_mem_fail_at(-1);
    cache = new_cache(16, 1 << 20);
    t2v_mem_fail_at(0);
    put(cache, key("a"), 1, 0);
    t2v_mem_fail_at(-1);
    assert_int_equal(get(cache, key("a"), 0), -1);
    put(cache, key("a"), 1, 0);
    assert_int_equal(get(cache, key("a"), 0), 1);
    t2v_cache_free(cache);
    t2v_cache_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_key_counts),
        cmocka_unit_test(test_encode_is_not_kept),
        cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_longest_unasked_goes),
        cmocka_unit_test(test_ceiling_of_bytes),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
