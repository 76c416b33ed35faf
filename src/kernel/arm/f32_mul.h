/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_ARM_F32_MUL_H
#define T2V_KERNEL_ARM_F32_MUL_H
/* How the tiles of NEON multiply floats. Unlike x86's: a product takes its factor from a lane,
 * since to load one value to all lanes takes an arithmetic unit's time here. */
#include "kernel/vector/tile.h"

/* sum[r] += x[r]'s lane times a row of B; `rows`, `source` and `lane` are constants wherever it is
 * called. */
INLINE void step_mul(struct tile *t, const int rows, const enum source source, const vf *x,
                     const int lane, const char *b)
{
    vf column[VECTORS];
    load_b(source, b, column);
    UNROLL
    for (int v = 0; v < VECTORS; v++) {
        UNROLL
        for (int r = 0; r < rows; r++)
            t->sum[r][v] = vfmaq_n_f32(t->sum[r][v], column[v], x[r][lane]);
    }
}

/* As in x86/f32_mul.h. */
INLINE void tile_mul(struct tile *t, const int rows, const enum source source, const float *a,
                     size_t lda, const char *b, size_t ldb, size_t n_in, struct ahead ahead)
{
    vf x[TILE_ROWS];
    tile_clear(t, rows);
    size_t i = 0;
    for (; i + LANES <= n_in; i += LANES, b += LANES * ldb) {
        UNROLL
        for (int r = 0; r < rows; r++)
            x[r] = vld1q_f32(a + (size_t)r * lda + i);
        UNROLL
        for (int lane = 0; lane < LANES; lane++) {
            if (source != NEAR)
                ask(&ahead, b, line_of(source));
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
