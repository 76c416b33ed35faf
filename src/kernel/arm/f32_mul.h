/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_ARM_F32_MUL_H
#define T2V_KERNEL_ARM_F32_MUL_H
/* The float tile of NEON. Unlike on x86, a product takes its input from a lane of a vector, because
 * a broadcasting load takes time of an arithmetic unit here. */
#include "kernel/vector/tile.h"

/* acc[r] += lane `lane` of x[r], times a row of B. `rows`, `source` and `lane` are compile-time
 * constants in every caller. */
INLINE void step_mul(struct tile *t, const int rows, const enum source source, const vf *x,
                     const int lane, const char *b)
{
    vf column[VECTORS];
    load_b(source, b, column);
    UNROLL
    for (int v = 0; v < VECTORS; v++) {
        UNROLL
        for (int r = 0; r < rows; r++)
            t->acc[r][v] = vfmaq_n_f32(t->acc[r][v], column[v], x[r][lane]);
    }
}

/* As in x86/f32_mul.h. */
INLINE void tile_mul(struct tile *t, const int rows, const enum source source,
                     const struct tile_job *job)
{
    const float *a = job->x;
    const char *b = job->b;
    const size_t lda = job->stride / sizeof *a, ldb = tile_ldb(source, job), n_in = job->n_step;
    struct prefetch prefetch = job->prefetch;
    vf x[TILE_ROWS];
    tile_clear(t, rows);
    size_t i = 0;
    for (; i + LANES <= n_in; i += LANES, b += LANES * ldb) {
        UNROLL
        for (int r = 0; r < rows; r++)
            x[r] = vld1q_f32(a + (size_t)r * lda + i);
        UNROLL
        for (int lane = 0; lane < LANES; lane++) {
            if (!in_scratch(source))
                prefetch_step(&prefetch, b, line_of(source), rows, true);
            step_mul(t, rows, source, x, lane, b + (size_t)lane * ldb);
        }
    }
    for (; i < n_in; i++, b += ldb) {
        UNROLL
        for (int r = 0; r < rows; r++)
            x[r] = vld1q_dup_f32(a + (size_t)r * lda + i);
        step_mul(t, rows, source, x, 0, b);
    }
}

#endif
