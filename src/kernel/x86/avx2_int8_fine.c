/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * int8_fine with AVX2: weights are widened to 16 bits, and vpmaddwd multiplies 16 of them by 16
 * values of a row and adds pairs of products in 32 bits. That is half as many products as
 * vpmaddubsw makes, but exact: no second vpmaddwd by ones, and no limit on pairs of weights.
 */
#include "kernel/x86/avx2.h"

enum { TILE_ROWS = 5, GROUP = 2 };
#define EACH_HEIGHT    HEIGHTS_5
#define FORM_INT8      t2v_form_int8_fine_avx2
#define WEIGHT         int8_t
#define ROWS_INT8      t2v_rows_int8_fine_avx2
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

/* top: the largest |q|. */
static void fine_rows(const struct t2v_linear *layer, const float *x, size_t ldx, size_t n_row,
                      float top, void *out)
{
    const struct t2v_outliers *outliers = &layer->outliers;
    const uint32_t *keep = outliers->keep;
    const size_t n = layer->n_in;
    char *to = out;
    for (size_t r = 0; r < n_row; r++, x += ldx, to += int8_fine_row_bytes(n)) {
        float min, max;
        row_range(x, keep, n, vf_set(int8_kept(outliers, x, 0)), &min, &max);
        float size = -min > max ? -min : max;
        struct int8_row row = {.scale = size / top + min * 0.0f};
        for (size_t k = 0; k < outliers->n; k++)
            row.outlier[k] = x[outliers->index[k]];
        memcpy(to, &row, sizeof row);
        int16_t *q = (int16_t *)(void *)(to + sizeof row);
        const vf by = vf_set(int8_fine_inverse(size, top));
        for (size_t i = 0; i < n; i += 2 * LANES)
            store_shorts(q + i, vf_mul(kept(x, keep, i, n), by),
                         vf_mul(kept(x, keep, i + LANES, n), by));
        memset(q + n, 0, (int8_padded(n) - n) * sizeof *q);
    }
}

void t2v_rows_int8_fine_avx2(const struct t2v_linear *layer, const float *x, size_t ldx,
                             size_t n_row, void *out)
{
    fine_rows(layer, x, ldx, n_row, int8_fine_max(layer->n_in), out);
}

void t2v_rows_int16_avx2(const struct t2v_linear *layer, const float *x, size_t ldx, size_t n_row,
                         void *out)
{
    fine_rows(layer, x, ldx, n_row, int16_max(layer->n_in), out);
}

INLINE vi load_weights(const char *p)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)p));
}

INLINE vi dot(vi acc, vi values, vi weights)
{
    return _mm256_add_epi32(acc, _mm256_madd_epi16(values, weights));
}

#include "kernel/x86/int8_mul.h"

#include "kernel/vector/int8.h"

#include "base/banned.h"
