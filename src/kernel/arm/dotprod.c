/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * int8 with NEON's dot product: SDOT multiplies four signed bytes by four weights of each of four
 * columns and adds the products to 32-bit accumulators, exactly. Bytes of rows are unsigned: 128 is
 * subtracted from each, and an accumulator starts at 128 times the sum of its column's weights.
 */
#include <string.h>

#include "kernel/arm/neon.h"

enum { TILE_ROWS = 5, GROUP = 4 };
#define EACH_HEIGHT HEIGHTS_5
#define RUNG(NAME)  NAME##_dotprod
#define FORM_INT8   t2v_form_int8_dotprod
#define WEIGHT      int8_t
#define ROWS_INT8   t2v_rows_int8_dotprod
#define PAIRS       false

INLINE void store_bytes(uint8_t *q, const vf v[4])
{
    int16x8_t low =
        vcombine_s16(vqmovn_s32(vcvtnq_s32_f32(v[0])), vqmovn_s32(vcvtnq_s32_f32(v[1])));
    int16x8_t high =
        vcombine_s16(vqmovn_s32(vcvtnq_s32_f32(v[2])), vqmovn_s32(vcvtnq_s32_f32(v[3])));
    vst1q_u8(q, vcombine_u8(vqmovun_s16(low), vqmovun_s16(high)));
}

#include "kernel/vector/rows_int8.h"
#include "kernel/vector/tile.h"

struct int8_tile {
    vi acc[TILE_ROWS][VECTORS];
};

INLINE vi int8_acc(const struct int8_tile *t, const int r, const int v)
{
    return t->acc[r][v];
}

/* One group of inputs: lane `lane` of x, each row's bytes minus 128. */
INLINE void group_mul(struct int8_tile *t, const int rows, const int8x16_t *x, const int lane,
                      const char *b)
{
    const int8_t *weights = (const int8_t *)b + lane * PANEL * GROUP;
    UNROLL
    for (int v = 0; v < VECTORS; v++) {
        int8x16_t column = vld1q_s8(weights + v * 16);
        UNROLL
        for (int r = 0; r < rows; r++) {
            int32x4_t four = vdupq_n_s32(vreinterpretq_s32_s8(x[r])[lane]);
            t->acc[r][v] = vdotq_s32(t->acc[r][v], column, vreinterpretq_s8_s32(four));
        }
    }
}

/* acc[r] = the bytes of row r times the panel b. q: the bytes of the first row; rows are padded to
 * full vectors. */
INLINE void int8_mul(struct int8_tile *t, const int rows, const char *q, size_t stride,
                     const char *b, size_t n_group, struct prefetch prefetch)
{
    const int32_t *total = (const int32_t *)(const void *)(b + n_group * PANEL * GROUP);
    int8x16_t x[TILE_ROWS];
    UNROLL
    for (int v = 0; v < VECTORS; v++) {
        vi start = vshlq_n_s32(vld1q_s32(total + INT8_TOTAL * PANEL + v * LANES), 7);
        UNROLL
        for (int r = 0; r < rows; r++)
            t->acc[r][v] = start;
    }
    for (size_t g = 0; g < n_group; g += 4, b += 4 * PANEL * GROUP, q += 16) {
        UNROLL
        for (int r = 0; r < rows; r++) {
            uint8x16_t bytes = vld1q_u8((const uint8_t *)q + (size_t)r * stride);
            x[r] = vreinterpretq_s8_u8(veorq_u8(bytes, vdupq_n_u8(128)));
        }
        UNROLL
        for (int lane = 0; lane < 4; lane++) {
            if (g + (size_t)lane < n_group) {
                prefetch_step(&prefetch, b, PANEL * GROUP, rows, false);
                group_mul(t, rows, x, lane, b);
            }
        }
    }
}

#include "kernel/vector/int8.h"

#include "base/banned.h"
