/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory, its fault injection, and the arenas and buffers that live on it. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"

static void test_alloc(void **state)
{
    (void)state;
    char *a = t2v_alloc(0), *z = t2v_alloc_zero(10, 10), *d = t2v_dup("ab\0cd", 5);
    assert_true(a != NULL && z != NULL && d != NULL);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(z[i], 0);
    assert_memory_equal(d, "ab\0cd", 6);
    a = t2v_resize(a, 3, 7);
    assert_non_null(a);
    memset(a, 1, 21);
    for (size_t n = 0; n < 200; n += 13) {
        void *aligned = t2v_alloc_aligned(n, 3);
        assert_non_null(aligned);
        assert_int_equal((uintptr_t)aligned % 64, 0);
        memset(aligned, 1, 3 * n);
        t2v_free(aligned);
    }
    t2v_free(a);
    t2v_free(z);
    t2v_free(d);
    t2v_free(NULL);
    d = t2v_dup(NULL, 0);
    assert_string_equal(d, "");
    t2v_free(d);
}

static void test_overflow(void **state)
{
    (void)state;
    size_t out = 7;
    char *kept = t2v_alloc(4);
    assert_null(t2v_alloc_zero(SIZE_MAX / 2, 3));
    assert_null(t2v_alloc_aligned(SIZE_MAX / 2, 3));
    assert_null(t2v_alloc_aligned(SIZE_MAX, 1));
    assert_null(t2v_resize(kept, SIZE_MAX / 2, 3));
    assert_null(t2v_dup("x", SIZE_MAX));
    kept[3] = 1; /* still there */
    t2v_free(kept);
    assert_false(t2v_mul(SIZE_MAX / 2 + 1, 2, &out) || t2v_add(SIZE_MAX, 1, &out));
    assert_int_equal(out, 7);
    assert_true(t2v_mul(SIZE_MAX / 2, 2, &out) && out == SIZE_MAX - 1);
    assert_true(t2v_add(SIZE_MAX - 1, 1, &out) && out == SIZE_MAX);
}

static void test_grow(void **state)
{
    (void)state;
    size_t cap = 0;
    int *list = t2v_grow(NULL, &cap, 3, sizeof *list);
    assert_non_null(list);
    assert_int_equal(cap, 3);
    list[2] = 7;
    int *grown = t2v_grow(list, &cap, 3, sizeof *list);
    assert_non_null(grown);
    assert_int_equal(cap, 6);
    assert_int_equal(grown[2], 7);
    t2v_mem_fail_at(0);
    assert_null(t2v_grow(grown, &cap, 3, sizeof *list));
    t2v_mem_fail_at(-1);
    assert_int_equal(cap, 6);
    size_t huge = SIZE_MAX / 2 + 1;
    assert_null(t2v_grow(grown, &huge, 3, 1));
    assert_int_equal(huge, SIZE_MAX / 2 + 1);
    t2v_free(grown);
}

static void test_fail_at(void **state)
{
    (void)state;
    t2v_mem_fail_at(2);
    void *first = t2v_alloc(1), *second = t2v_alloc_zero(1, 1);
    assert_true(first != NULL && second != NULL);
    assert_null(t2v_resize(first, 100, 1)); /* the third; first stays */
    void *fourth = t2v_alloc_aligned(1, 1);
    assert_non_null(fourth);
    assert_int_equal(t2v_mem_fail_at(LONG_MAX), 3);
    t2v_free(first);
    t2v_free(second);
    t2v_free(fourth);
    t2v_free(t2v_alloc(1));
    t2v_free(t2v_dup("a", 1));
    assert_int_equal(t2v_mem_fail_at(0), 2);
    assert_null(t2v_dup("a", 1));
    t2v_mem_fail_at(0);
    assert_null(t2v_alloc_aligned(1, 1));
    t2v_mem_fail_at(0);
    assert_null(t2v_alloc_zero(1, 1));
    t2v_mem_fail_at(-1);
}

/* Pieces of many sizes: aligned, apart from each other, all as they were filled. */
static void test_arena(void **state)
{
    (void)state;
    enum { N = 2000 };
    static unsigned char *pieces[N];
    static size_t sizes[N];
    struct t2v_arena arena = {0};
    size_t bytes = 0;
    for (size_t i = 0; i < N; i++) {
        sizes[i] = i % 50 == 0 ? 4000 + 97 * i : i * 7 % 300;
        pieces[i] = t2v_arena_alloc(&arena, sizes[i], 1);
        assert_non_null(pieces[i]);
        size_t align = sizes[i] >= 4096 ? 64 : 16;
        if ((uintptr_t)pieces[i] % align != 0)
            fail_msg("piece %zu of %zu bytes: %p", i, sizes[i], (void *)pieces[i]);
        memset(pieces[i], (int)(i % 251), sizes[i]);
        bytes += sizes[i];
    }
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < sizes[i]; k++)
            if (pieces[i][k] != i % 251)
                fail_msg("piece %zu, byte %zu: expected %zu, got %d", i, k, i % 251, pieces[i][k]);
    assert_in_range(arena.bytes, bytes, bytes + 16 * N);

    assert_null(t2v_arena_alloc(&arena, SIZE_MAX / 2, 3));
    assert_null(t2v_arena_alloc(&arena, SIZE_MAX, 1));
    struct t2v_str copy = t2v_arena_dup(&arena, T2V_STR("a\0b"));
    assert_true(t2v_str_eq(copy, T2V_STR("a\0b")) && copy.ptr[3] == '\0');
    copy = t2v_arena_dup(&arena, (struct t2v_str){NULL, 0});
    assert_true(copy.ptr != NULL && copy.len == 0);
    t2v_mem_fail_at(0);
    assert_null(t2v_arena_alloc(&arena, 100000, 1));
    t2v_mem_fail_at(-1);
    assert_non_null(t2v_arena_alloc(&arena, 100000, 1));
    t2v_arena_free(&arena);
    assert_int_equal(arena.bytes, 0);
    t2v_arena_free(&arena);

    t2v_mem_fail_at(0);
    assert_null(t2v_arena_dup(&arena, T2V_STR("x")).ptr);
    t2v_mem_fail_at(-1);
}

static void test_buf(void **state)
{
    (void)state;
    struct t2v_buf buf;
    t2v_buf_init(&buf, SIZE_MAX);
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(t2v_buf_adds(&buf, "ab"), 0);
        assert_int_equal(t2v_buf_addc(&buf, '\0'), 0);
    }
    assert_int_equal(t2v_buf_add(&buf, NULL, 0), 0);
    assert_int_equal(t2v_buf_addf(&buf, "%03d%s", 7, "x"), 0);
    assert_int_equal(buf.len, 30004);
    for (size_t i = 0; i < 30000; i++)
        if (buf.ptr[i] != "ab"[i % 3])
            fail_msg("byte %zu: expected %d, got %d", i, "ab"[i % 3], buf.ptr[i]);
    assert_memory_equal(buf.ptr + 30000, "007x", 4);

    size_t len;
    char *taken = t2v_buf_take(&buf, &len);
    assert_int_equal(len, 30004);
    assert_int_equal(buf.len, 0);
    t2v_free(taken);
    assert_int_equal(t2v_buf_adds(&buf, "again"), 0);
    assert_true(t2v_str_is(t2v_buf_str(&buf), "again"));
    t2v_buf_deinit(&buf);
    t2v_buf_deinit(&buf);
}

static void test_buf_ceiling(void **state)
{
    (void)state;
    struct t2v_buf buf;
    t2v_buf_init(&buf, 5);
    assert_int_equal(t2v_buf_adds(&buf, "12345"), 0);
    assert_non_null(t2v_buf_room(&buf, 0));
    assert_int_equal(t2v_buf_addc(&buf, '6'), T2V_ETOOLARGE);
    assert_null(t2v_buf_room(&buf, 0)); /* it sticks */
    assert_int_equal(t2v_buf_add(&buf, "", 0), T2V_ETOOLARGE);
    assert_int_equal(t2v_buf_addf(&buf, "x"), T2V_ETOOLARGE);
    assert_true(t2v_str_is(t2v_buf_str(&buf), "12345"));
    t2v_buf_deinit(&buf);
    assert_int_equal(t2v_buf_add(&buf, "123456", 6), T2V_ETOOLARGE);
    t2v_buf_deinit(&buf);
    assert_null(t2v_buf_room(&buf, SIZE_MAX));
    assert_int_equal(buf.fail, T2V_ETOOLARGE);
    t2v_buf_deinit(&buf);
}

static void test_buf_no_memory(void **state)
{
    (void)state;
    struct t2v_buf buf;
    t2v_buf_init(&buf, 1 << 20);
    assert_int_equal(t2v_buf_adds(&buf, "kept"), 0);
    t2v_mem_fail_at(0);
    assert_null(t2v_buf_room(&buf, 100000));
    t2v_mem_fail_at(-1);
    assert_int_equal(buf.fail, T2V_ENOMEM);
    assert_int_equal(t2v_buf_adds(&buf, "more"), T2V_ENOMEM); /* though there would be memory now */
    assert_true(t2v_str_is(t2v_buf_str(&buf), "kept"));
    t2v_buf_deinit(&buf);
    assert_int_equal(buf.fail, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc),       cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_grow),        cmocka_unit_test(test_fail_at),
        cmocka_unit_test(test_arena),       cmocka_unit_test(test_buf),
        cmocka_unit_test(test_buf_ceiling), cmocka_unit_test(test_buf_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
