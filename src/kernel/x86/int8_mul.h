/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_X86_INT8_MUL_H
#define T2V_KERNEL_X86_INT8_MUL_H
/* How the tiles of x86 multiply int8: four bytes of a row meet four weights of each column. A file
 * that includes this has said dot(sum, bytes, weights), which adds the products of each four
 * unsigned bytes and signed weights to a 32-bit sum. */
#include <string.h>

#include "kernel/vector/tile.h"

enum { GROUP = 4 };

struct int8_tile {
    vi sum[TILE_ROWS][VECTORS];
};

INLINE vi int8_sums(const struct int8_tile *t, const int r, const int v)
{
    return t->sum[r][v];
}

/* sum[r] = the bytes of row r times the panel b. q: the bytes of the first row. */
INLINE void int8_mul(struct int8_tile *t, const int rows, const char *q, size_t stride,
                     const char *b, size_t n_group, struct ahead ahead)
{
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < VECTORS; v++)
            t->sum[r][v] = vi_zero();
    }
    UNROLL_STEPS
    for (size_t g = 0; g < n_group; g++, b += PANEL * GROUP, q += GROUP) {
        vi column[VECTORS];
        UNROLL
        for (int v = 0; v < VECTORS; v++)
            column[v] = vi_load(b + v * (int)sizeof(vi));
        ask(&ahead, b, PANEL * GROUP);
        UNROLL
        for (int r = 0; r < rows; r++) {
            int32_t four;
            memcpy(&four, q + (size_t)r * stride, sizeof four);
            vi x = vi_set(four);
            UNROLL
            for (int v = 0; v < VECTORS; v++)
                t->sum[r][v] = dot(t->sum[r][v], x, column[v]);
        }
    }
}

#endif
