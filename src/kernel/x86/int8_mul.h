/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_X86_INT8_MUL_H
#define T2V_KERNEL_X86_INT8_MUL_H
/* The int8 tiles of x86: a group of a row's values, four bytes, is broadcast and multiplied by as
 * many weights of each column. The includer defines GROUP, the values of a group; WEIGHT, the type
 * of a weight; load_weights(p), LANES * GROUP weights; and dot(acc, values, weights), which adds a
 * group's products to each 32-bit accumulator. */
#include <string.h>

#include "kernel/vector/tile.h"

struct int8_tile {
    vi acc[TILE_ROWS][VECTORS];
};

INLINE vi int8_acc(const struct int8_tile *t, const int r, const int v)
{
    return t->acc[r][v];
}

/* acc[r] = the values of row r times the panel b. q: the values of the first row. */
INLINE void int8_mul(struct int8_tile *t, const int rows, const char *q, size_t stride,
                     const char *b, size_t n_group, struct prefetch prefetch)
{
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < VECTORS; v++)
            t->acc[r][v] = vi_zero();
    }
    const size_t line = PANEL * GROUP * sizeof(WEIGHT);
    UNROLL_STEPS
    for (size_t g = 0; g < n_group; g++, b += line, q += sizeof(int32_t)) {
        vi column[VECTORS];
        UNROLL
        for (int v = 0; v < VECTORS; v++)
            column[v] = load_weights(b + v * LANES * GROUP * sizeof(WEIGHT));
        prefetch_step(&prefetch, b, line, rows, false);
        UNROLL
        for (int r = 0; r < rows; r++) {
            int32_t group;
            memcpy(&group, q + (size_t)r * stride, sizeof group);
            vi x = vi_set(group);
            UNROLL
            for (int v = 0; v < VECTORS; v++)
                t->acc[r][v] = dot(t->acc[r][v], x, column[v]);
        }
    }
}

#endif
