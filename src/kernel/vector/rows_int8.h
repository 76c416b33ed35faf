/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_VECTOR_ROWS_INT8_H
#define T2V_KERNEL_VECTOR_ROWS_INT8_H
/* Quantises rows of activations to int8, see c/int8.h. The includer defines RUNG(NAME) and
 * store_bytes(q, v), which rounds 4 vectors to the nearest integer, ties to even, and stores them
 * as bytes. */
#include "kernel/vector/row_range.h"

INLINE void quantise(const float *x, const uint32_t *keep, size_t n, float min, float inverse,
                     uint8_t *q)
{
    const vf base = vf_set(min), by = vf_set(inverse);
    for (size_t i = 0; i < n; i += 4 * LANES) {
        vf v[4];
        UNROLL
        for (size_t j = 0; j < 4; j++)
            v[j] = vf_mul(vf_sub(kept(x, keep, i + j * LANES, n), base), by);
        store_bytes(q + i, v);
    }
    memset(q + n, 0, int8_padded(n) - n);
}

void RUNG(t2v_rows_int8)(const struct t2v_linear *layer, const float *x, size_t ldx, size_t n_row,
                         void *out)
{
    const struct t2v_outliers *outliers = &layer->outliers;
    const size_t n = layer->n_in;
    char *to = out;
    for (size_t r = 0; r < n_row; r++, x += ldx, to += int8_row_bytes(n)) {
        struct int8_row row = {.unused = {0}};
        float max;
        vf first = vf_set(int8_kept(outliers, x, 0));
        row_range(x, outliers->keep, n, first, &row.min, &max);
        row.scale = (max - row.min) / 255.0f;
        for (size_t k = 0; k < outliers->n; k++)
            row.outlier[k] = x[outliers->index[k]];
        memcpy(to, &row, sizeof row);
        quantise(x, outliers->keep, n, row.min, int8_row_inverse(row.min, max),
                 (uint8_t *)to + sizeof row);
    }
}

#endif
