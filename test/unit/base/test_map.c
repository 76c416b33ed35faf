/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/map.h"
#include "base/mem.h"

enum { N = 100000, KEY = 24 };
static char keys[N][KEY];

/* Key i: lengths from 1 to 20 bytes, so below, at and above the hash's words. */
static struct t2v_str key_of(size_t i)
{
    int n = snprintf(keys[i], KEY, "%zu%.*s", i, (int)(i % 16), "abcdefghijklmnop");
    return (struct t2v_str){keys[i], (size_t)n};
}

static void check(const struct t2v_map *map, struct t2v_str key, int32_t want)
{
    int32_t got = t2v_map_get(map, key);
    if (got != want)
        fail_msg("key \"%.*s\": expected %d, got %d", T2V_STR_ARG(key), want, got);
}

/* From room for `room` entries, so with and without growing. */
static void check_many(size_t room)
{
    struct t2v_map map;
    assert_int_equal(t2v_map_init(&map, room), 0);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(t2v_map_set(&map, key_of(i), (int32_t)i), 0);
    assert_int_equal(map.n, N);
    assert_true(map.n <= (map.mask + 1) / 2);
    for (size_t i = 0; i < N; i += 3)
        assert_int_equal(t2v_map_set(&map, key_of(i), (int32_t)(N + i)), 0);
    assert_int_equal(map.n, N);
    for (size_t i = 0; i < N; i++) {
        struct t2v_str key = key_of(i);
        check(&map, key, (int32_t)(i % 3 == 0 ? N + i : i));
        char other[KEY + 1];
        memcpy(other, key.ptr, key.len);
        other[key.len] = '!';
        check(&map, (struct t2v_str){other, key.len + 1}, -1);
    }
    t2v_map_deinit(&map);
}

static void test_many(void **state)
{
    (void)state;
    check_many(0);
    check_many(N);
}

static void test_odd_keys(void **state)
{
    (void)state;
    struct t2v_map map = {0};
    check(&map, T2V_STR("x"), -1); /* a zeroed one is empty */
    assert_int_equal(t2v_map_init(&map, 4), 0);
    check(&map, T2V_STR(""), -1);
    assert_int_equal(t2v_map_set(&map, (struct t2v_str){NULL, 0}, 1), 0);
    check(&map, T2V_STR(""), 1);
    assert_int_equal(t2v_map_get(&map, (struct t2v_str){NULL, 0}), 1);
    /* NULs count, at the end too. */
    assert_int_equal(t2v_map_set(&map, T2V_STR("a"), 2), 0);
    assert_int_equal(t2v_map_set(&map, T2V_STR("a\0"), 3), 0);
    assert_int_equal(t2v_map_set(&map, T2V_STR("\0\0\0\0\0\0\0\0"), 4), 0);
    assert_int_equal(t2v_map_set(&map, T2V_STR("\0\0\0\0\0\0\0\0\0"), 5), 0);
    assert_int_equal(t2v_map_set(&map, T2V_STR("\0"), INT32_MAX), 0);
    check(&map, T2V_STR("a"), 2);
    check(&map, T2V_STR("a\0"), 3);
    check(&map, T2V_STR("\0\0\0\0\0\0\0\0"), 4);
    check(&map, T2V_STR("\0\0\0\0\0\0\0\0\0"), 5);
    check(&map, T2V_STR("\0"), INT32_MAX);
    check(&map, T2V_STR("\0\0"), -1);
    assert_int_equal(map.n, 6);
    t2v_map_deinit(&map);
    t2v_map_deinit(&map);
}

/* What was set before memory ran out stays. */
static void test_no_memory(void **state)
{
    (void)state;
    struct t2v_map map;
    t2v_mem_fail_at(0);
    assert_int_equal(t2v_map_init(&map, 4), T2V_ENOMEM);
    t2v_mem_fail_at(-1);
    t2v_map_deinit(&map);
    assert_int_equal(t2v_map_init(&map, SIZE_MAX), T2V_ENOMEM);
    t2v_map_deinit(&map);

    assert_int_equal(t2v_map_init(&map, 0), 0);
    size_t n = 0;
    t2v_mem_fail_at(0);
    while (n < 100 && t2v_map_set(&map, key_of(n), (int32_t)n) == 0)
        n++;
    t2v_mem_fail_at(-1);
    assert_in_range(n, 1, 99);
    check(&map, key_of(n), -1);
    for (size_t i = 0; i < n; i++)
        check(&map, key_of(i), (int32_t)i);
    assert_int_equal(t2v_map_set(&map, key_of(n), 7), 0);
    check(&map, key_of(n), 7);
    t2v_map_deinit(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_odd_keys),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
