/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * int8 with the matrix products of i8mm: USMMLA multiplies eight bytes of each of two rows by eight
 * weights of each of two columns and adds the products to four 32-bit accumulators, exactly.
 * Weights are therefore in groups of eight. The code for dotprod quantises the rows. Six rows fit
 * the registers, too, but gcc 12 spills them.
 */
#include <string.h>

#include "kernel/arm/neon.h"

enum { TILE_ROWS = 4, GROUP = 8 };
#define EACH_HEIGHT HEIGHTS_4
#define FORM_INT8   t2v_form_int8_i8mm
#define WEIGHT      int8_t
#define ROWS_INT8   t2v_rows_int8_dotprod
#define PAIRS       false

#include "kernel/vector/tile.h"

enum { ROW_PAIRS = TILE_ROWS / 2, COLUMN_PAIRS = PANEL / 2 };

/* acc[p][c]: of rows 2p and 2p + 1 and columns 2c and 2c + 1; first the one row's, then the
 * other's. */
struct int8_tile {
    vi acc[ROW_PAIRS][COLUMN_PAIRS];
};

/* The accumulators of a row and four columns are halves of two vectors. */
INLINE vi int8_acc(const struct int8_tile *t, const int r, const int v)
{
    int64x2_t left = vreinterpretq_s64_s32(t->acc[r / 2][2 * v]);
    int64x2_t right = vreinterpretq_s64_s32(t->acc[r / 2][2 * v + 1]);
    return vreinterpretq_s32_s64(r % 2 == 0 ? vzip1q_s64(left, right) : vzip2q_s64(left, right));
}

/* acc = the bytes of the rows times the panel b. q: the bytes of the first row. The last of an odd
 * number of rows is paired with itself. */
INLINE void int8_mul(struct int8_tile *t, const int rows, const char *q_, size_t stride,
                     const char *b, size_t n_group, struct prefetch prefetch)
{
    const uint8_t *q = (const uint8_t *)q_;
    const int pairs = (rows + 1) / 2;
    UNROLL
    for (int p = 0; p < pairs; p++) {
        UNROLL
        for (int c = 0; c < COLUMN_PAIRS; c++)
            t->acc[p][c] = vdupq_n_s32(0);
    }
    for (size_t g = 0; g < n_group; g++, b += PANEL * GROUP, q += GROUP) {
        uint8x16_t x[ROW_PAIRS];
        UNROLL
        for (int p = 0; p < pairs; p++) {
            int second = 2 * p + 1 < rows ? 2 * p + 1 : 2 * p;
            x[p] = vcombine_u8(vld1_u8(q + (size_t)(2 * p) * stride),
                               vld1_u8(q + (size_t)second * stride));
        }
        prefetch_step(&prefetch, b, PANEL * GROUP, rows, false);
        UNROLL
        for (int c = 0; c < COLUMN_PAIRS; c++) {
            int8x16_t column = vld1q_s8((const int8_t *)b + c * 16);
            UNROLL
            for (int p = 0; p < pairs; p++)
                t->acc[p][c] = vusmmlaq_s32(t->acc[p][c], x[p], column);
        }
    }
}

#include "kernel/vector/int8.h"

#include "base/banned.h"
