/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_X86_INT8_MUL_H
#define T2V_KERNEL_X86_INT8_MUL_H
/* The int8 tile of x86: four bytes of a row are broadcast and multiplied by four weights of each
 * column. The includer defines dot(acc, bytes, weights), which adds the products of four unsigned
 * bytes and four signed weights to each 32-bit accumulator. */
#include <string.h>

#include "kernel/vector/tile.h"

enum { GROUP = 4 };

struct int8_tile {
    vi acc[TILE_ROWS][VECTORS];
};

INLINE vi int8_acc(const struct int8_tile *t, const int r, const int v)
{
    return t->acc[r][v];
}

/* acc[r] = the bytes of row r times the panel b. q: the bytes of the first row. */
INLINE void int8_mul(struct int8_tile *t, const int rows, const char *q, size_t stride,
                     const char *b, size_t n_group, struct prefetch prefetch)
{
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < VECTORS; v++)
            t->acc[r][v] = vi_zero();
    }
    UNROLL_STEPS
    for (size_t g = 0; g < n_group; g++, b += PANEL * GROUP, q += GROUP) {
        vi column[VECTORS];
        UNROLL
        for (int v = 0; v < VECTORS; v++)
            column[v] = vi_load(b + v * (int)sizeof(vi));
        prefetch_step(&prefetch, b, PANEL * GROUP, rows, false);
        UNROLL
        for (int r = 0; r < rows; r++) {
            int32_t four;
            memcpy(&four, q + (size_t)r * stride, sizeof four);
            vi x = vi_set(four);
            UNROLL
            for (int v = 0; v < VECTORS; v++)
                t->acc[r][v] = dot(t->acc[r][v], x, column[v]);
        }
    }
}

#endif
