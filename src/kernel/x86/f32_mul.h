/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_X86_F32_MUL_H
#define T2V_KERNEL_X86_F32_MUL_H
/* How the tiles of x86 multiply floats: each value of a row meets a panel's columns. */
#include "kernel/vector/tile.h"

/* sum[r] = a[r, 0..n_in) times b[0..n_in, PANEL], ldb bytes from row to row; `rows` and `source`
 * are constants wherever it is called. */
INLINE void tile_mul(struct tile *t, const int rows, const enum source source, const float *a,
                     size_t lda, const char *b, size_t ldb, size_t n_in, struct ahead ahead)
{
    tile_clear(t, rows);
    UNROLL_STEPS
    for (size_t i = 0; i < n_in; i++, b += ldb) {
        vf column[VECTORS];
        load_b(source, b, column);
        if (source != NEAR)
            ask(&ahead, b, line_of(source));
        UNROLL
        for (int r = 0; r < rows; r++) {
            vf x = vf_set(a[(size_t)r * lda + i]);
            UNROLL
            for (int v = 0; v < VECTORS; v++)
                t->sum[r][v] = vf_fma(x, column[v], t->sum[r][v]);
        }
    }
}

#endif
