/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_C_INT8_H
#define T2V_KERNEL_C_INT8_H
/*
 * The form int8: what a row and a panel look like, and the arithmetic that every rung of it must
 * do. Rungs differ in the width of a panel, and in what a pair of weights may be.
 *
 * A column of weights has one scale: w = weight * q, q from -127 to 127. A row of activations has a
 * scale and a least value: x = least + scale * q, q from 0 to 255. Hence
 *     y = weight * (scale * sum(q q') + least * sum(q')) + bias + the outliers' products,
 * where sum(q q') is exact, in 32 bits. Outliers (kernel.h) are 0 in what is quantised.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernel/kernel.h"

enum {
    INT8_MAX_IN = 65536, /* 255 * 127 * 65536 is below 2^31 */
    INT8_GROUP = 4,      /* inputs whose weights stand together */
    INT8_ROW_ALIGN = 32
};

/* A row, before its n_in bytes and what fills them up to INT8_ROW_ALIGN. */
struct int8_row {
    float scale, least;
    float outlier[T2V_OUTLIERS]; /* their values; 0 where there are fewer */
    float unused[2];
};

static inline size_t int8_row_bytes(size_t n_in)
{
    return sizeof(struct int8_row) + (n_in + INT8_ROW_ALIGN - 1) / INT8_ROW_ALIGN * INT8_ROW_ALIGN;
}

/* A panel: weights [n_group, width, INT8_GROUP] as int8, and behind them floats: scale [width], of
 * each column; sum [width], of its weights as they are quantised; outlier [T2V_OUTLIERS, width],
 * its weights for them. */
static inline size_t int8_n_group(size_t n_in)
{
    return (n_in + INT8_GROUP - 1) / INT8_GROUP;
}
static inline size_t int8_panel_bytes(size_t n_in, size_t width)
{
    return int8_n_group(n_in) * width * INT8_GROUP + (2 + T2V_OUTLIERS) * width * sizeof(float);
}
static inline const float *int8_panel_scales(const void *panel, size_t n_in, size_t width)
{
    return (const void *)((const char *)panel + int8_n_group(n_in) * width * INT8_GROUP);
}

/* x rounded to the nearest integer, ties to even; |x| is below 2^22. */
static inline int32_t int8_round(float x)
{
    float shifted = x + 12582912.0f; /* 1.5 * 2^23 */
    int32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    return bits - 0x4b400000;
}

/* What makes bytes of a row whose values lie in [least, most]. A row that is all one value, or not
 * finite, is all zeros. */
static inline float int8_row_inverse(float least, float most)
{
    float range = most - least;
    return range > 1e-30f && range <= FLT_MAX ? 255.0f / range : 0.0f;
}

/* w, where it is no outlier's. */
static inline float int8_kept(const struct t2v_outliers *outliers, const float *w, size_t i)
{
    if (outliers->keep == NULL)
        return w[i];
    uint32_t bits;
    memcpy(&bits, &w[i], sizeof bits);
    bits &= outliers->keep[i];
    float kept;
    memcpy(&kept, &bits, sizeof kept);
    return kept;
}

/* The largest |w| of a column, outliers left out. With pairs of weights that may add up to 128 at
 * most, of one sign, also what that asks for: so many 127ths. */
static inline float int8_column_most(const struct t2v_outliers *outliers, const float *w, size_t n,
                                     bool pairs)
{
    float most = 0.0f;
    for (size_t i = 0; i < n; i++)
        most = fmaxf(most, fabsf(int8_kept(outliers, w, i)));
    for (size_t i = 0; pairs && i + 1 < n; i += 2) {
        float both = fabsf(int8_kept(outliers, w, i) + int8_kept(outliers, w, i + 1));
        most = fmaxf(most, both * (127.0f / 127.5f));
    }
    return most;
}

/* Makes a panel of width columns. pairs: no two neighbours of one sign add up to more than 128, so
 * that vpmaddubsw cannot saturate. */
static inline void int8_pack(const struct t2v_linear *layer, const float *plain, size_t n_col,
                             void *panel, size_t width, bool pairs)
{
    size_t n_in = layer->n_in, n_group = int8_n_group(n_in);
    const struct t2v_outliers *outliers = &layer->outliers;
    int8_t *q = panel;
    memset(panel, 0, int8_panel_bytes(n_in, width));
    float *scale = (float *)(void *)(q + n_group * width * INT8_GROUP), *sum = scale + width;
    for (size_t j = 0; j < n_col; j++) {
        const float *w = plain + j * n_in;
        float most = int8_column_most(outliers, w, n_in, pairs);
        float inverse = most > 1e-30f && most <= FLT_MAX ? 127.0f / most : 0.0f;
        int32_t total = 0;
        for (size_t i = 0; i < n_in; i++) {
            int32_t v = int8_round(int8_kept(outliers, w, i) * inverse);
            total += v;
            q[(i / INT8_GROUP * width + j) * INT8_GROUP + i % INT8_GROUP] = (int8_t)v;
        }
        scale[j] = most / 127.0f;
        sum[j] = scale[j] * (float)total;
        for (size_t k = 0; k < outliers->n; k++)
            sum[(1 + k) * width + j] = w[outliers->index[k]];
    }
}

#endif
