/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exact.h"
#include "task/embed/sum.h"

/* Sums of random vectors. The second text's begins anew. */
static void test_random_vectors(void **state)
{
    (void)state;
    enum { MAX_ROW = 100000, WIDTH = 8 };
    static const size_t counts[] = {1, 2, 3, 25, 6000, MAX_ROW};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        float vectors[2 * WIDTH] = {0}, row[WIDTH];
        double store[WIDTH], sum[2][WIDTH] = {{0}};
        const struct t2v_pool pool = {.modes = {T2V_POOL_MEAN}, .n_mode = 1};
        struct t2v_sum total = {&pool, WIDTH, vectors, store, 0, 0};
        uint32_t seed = 5;
        for (size_t i = 0; i < 2 * counts[c]; i++) {
            size_t text = i / counts[c];
            for (size_t d = 0; d < WIDTH; d++) {
                seed = seed * 1664525U + 1013904223U;
                row[d] = (float)(seed >> 8) / (float)(1 << 23) - 0.9F;
                sum[text][d] += (double)row[d];
            }
            t2v_sum_add(&total, text, row);
        }
        t2v_sum_settle(&total);
        for (size_t text = 0; text < 2; text++)
            expect_exact(vectors + text * WIDTH, sum[text], WIDTH, 1, counts[c]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_vectors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
