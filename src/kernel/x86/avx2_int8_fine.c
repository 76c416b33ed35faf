/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * int8_fine with AVX2: weights are widened to 16 bits, and vpmaddwd multiplies 16 of them by 16
 * values of a row and adds pairs of products in 32 bits. That is half as many products as
 * vpmaddubsw makes, but exact: no second vpmaddwd by ones, and no limit on pairs of weights.
 */
#include "kernel/x86/avx2.h"

enum { TILE_ROWS = 5, GROUP = 2 };
#define EACH_HEIGHT    HEIGHTS_5
#define RUNG(NAME)     NAME##_fine_avx2
#define ROWS_INT8      fine_rows
#define ROW_BYTES_INT8 t2v_row_bytes_int8_fine
#define PAIRS          false

#include "kernel/vector/row_range.h"
#include "kernel/vector/tile.h"

/* Stores 2 vectors of floats as 16-bit integers, to the nearest, ties to even. */
INLINE void store_shorts(int16_t *q, vf a, vf b)
{
    __m256i both = _mm256_packs_epi32(_mm256_cvtps_epi32(a), _mm256_cvtps_epi32(b));
    _mm256_storeu_si256((__m256i *)(void *)q, _mm256_permute4x64_epi64(both, 0xd8));
}

static void fine_rows(const struct t2v_linear *layer, const float *x, size_t ldx, size_t n_row,
                      void *out)
{
    const struct t2v_outliers *outliers = &layer->outliers;
    const uint32_t *keep = outliers->keep;
    const size_t n = layer->n_in;
    char *to = out;
    for (size_t r = 0; r < n_row; r++, x += ldx, to += int8_fine_row_bytes(n)) {
        float min, max;
        row_range(x, keep, n, vf_set(int8_kept(outliers, x, 0)), &min, &max);
        float size = -min > max ? -min : max;
        struct int8_row row = {.scale = size / int8_fine_max(n) + min * 0.0f};
        for (size_t k = 0; k < outliers->n; k++)
            row.outlier[k] = x[outliers->index[k]];
        memcpy(to, &row, sizeof row);
        int16_t *q = (int16_t *)(void *)(to + sizeof row);
        const vf by = vf_set(int8_fine_inverse(size, n));
        for (size_t i = 0; i < n; i += 2 * LANES)
            store_shorts(q + i, vf_mul(kept(x, keep, i, n), by),
                         vf_mul(kept(x, keep, i + LANES, n), by));
        memset(q + n, 0, (int8_padded(n) - n) * sizeof *q);
    }
}

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
    UNROLL_STEPS
    for (size_t g = 0; g < n_group; g++, b += PANEL * GROUP, q += GROUP * sizeof(int16_t)) {
        vi column[VECTORS];
        UNROLL
        for (int v = 0; v < VECTORS; v++)
            column[v] =
                _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)(b + v * LANES * GROUP)));
        prefetch_step(&prefetch, b, PANEL * GROUP, rows, false);
        UNROLL
        for (int r = 0; r < rows; r++) {
            int32_t two;
            memcpy(&two, q + (size_t)r * stride, sizeof two);
            vi x = vi_set(two);
            UNROLL
            for (int v = 0; v < VECTORS; v++)
                t->acc[r][v] = _mm256_add_epi32(t->acc[r][v], _mm256_madd_epi16(x, column[v]));
        }
    }
}

#include "kernel/vector/int8.h"

#include "base/banned.h"
