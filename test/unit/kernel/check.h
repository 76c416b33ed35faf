/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEST_KERNEL_CHECK_H
#define T2V_TEST_KERNEL_CHECK_H
/* What tests of kernels share: random numbers, operands before an unmapped page, all rungs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/kernel.h"

static uint64_t seed;

/* From T2V_SEED, which replays a run; printed. */
static inline void set_seed(void)
{
    const char *given = getenv("T2V_SEED");
    seed = given != NULL ? strtoull(given, NULL, 0) : 0x9e3779b97f4a7c15u;
    print_message("T2V_SEED=%llu\n", (unsigned long long)seed);
}

static inline uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* Mostly around 0; now and then large or exactly 0. */
static inline float draw(void)
{
    uint64_t r = next_random();
    float x = (float)(int64_t)(r >> 40) / (float)(1 << 23) - 1.0f;
    if (r % 61 == 0)
        return x * 40.0f;
    return r % 67 == 0 ? 0.0f : x;
}

/* n floats that end at an unmapped page. */
struct guarded {
    float *ptr;
    void *map;
    size_t bytes;
};

static inline struct guarded guarded_new(size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t body = (n * sizeof(float) + page - 1) / page * page;
    struct guarded g = {.bytes = body + page};
    g.map = mmap(NULL, g.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(g.map != MAP_FAILED);
    assert_int_equal(mprotect((char *)g.map + body, page, PROT_NONE), 0);
    g.ptr = (float *)((char *)g.map + body) - n;
    for (size_t i = 0; i < n; i++)
        g.ptr[i] = draw();
    return g;
}

static inline void guarded_free(struct guarded *g)
{
    munmap(g->map, g->bytes);
}

static inline void expect_near(double got, double want, double bound, const char *what, size_t a,
                               size_t b, size_t c)
{
    if (!(fabs(got - want) <= bound)) {
        print_error("%s (%zu, %zu, %zu): got %.9g, expected %.9g, bound %.3g\n", what, a, b, c, got,
                    want, bound);
        fail();
    }
}

/* Calls check with the table of every rung that this processor has; with those that are emulated,
 * where it has none of them. */
static inline void each_rung(void (*check)(const struct t2v_kernels *kernels))
{
#if defined(T2V_TEST_EMULATED)
    static const char *const rungs[] = {"avx512", "avx512bf16"};
#else
    static const char *const rungs[] = {"c", "blas", "avx2", "avx512", "avx512bf16", "neon"};
#endif
    const char *last = "";
    for (size_t i = 0; i < sizeof rungs / sizeof rungs[0]; i++) {
        struct t2v_kernels kernels;
        if (t2v_kernels_init(&kernels, rungs[i], NULL) != 0 || strcmp(kernels.name, last) == 0)
            continue;
        last = kernels.name;
#if defined(T2V_TEST_EMULATED)
        assert_string_equal(kernels.name, rungs[i]);
#endif
        check(&kernels);
    }
}

#endif
