/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_X86_F32_MUL_H
#define T2V_KERNEL_X86_F32_MUL_H
/* The float tile of x86: each input of a row is broadcast and multiplied by the panel's columns. */
#include "kernel/vector/tile.h"

/* acc[r] = row r of A times B, [n_step, PANEL]. `rows` and `source` are compile-time constants in
 * every caller. */
INLINE void tile_mul(struct tile *t, const int rows, const enum source source,
                     const struct tile_job *job)
{
    const float *a = job->x;
    const char *b = job->b;
    const size_t lda = job->stride / sizeof *a, ldb = tile_ldb(source, job), n_in = job->n_step;
    struct prefetch prefetch = job->prefetch;
    tile_clear(t, rows);
    UNROLL_STEPS
    for (size_t i = 0; i < n_in; i++, b += ldb) {
        vf column[VECTORS];
        load_b(source, b, column);
        if (in_scratch(source))
            prefetch_page(&prefetch, line_of(source));
        else
            prefetch_step(&prefetch, b, line_of(source), rows, true);
        UNROLL
        for (int r = 0; r < rows; r++) {
            vf x = vf_set(a[(size_t)r * lda + i]);
            UNROLL
            for (int v = 0; v < VECTORS; v++)
                t->acc[r][v] = vf_fma(x, column[v], t->acc[r][v]);
        }
    }
}

#endif
