/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_C_INT8_H
#define T2V_KERNEL_C_INT8_H
/*
 * The forms int8, int8_fine and int16: the layout of rows and panels, and the arithmetic that every
 * instruction set must do. They differ in the width of a panel and in the limit on pairs of
 * weights.
 *
 * A column of weights has one scale: w = weight * q, q from -127 to 127. A row of activations has a
 * scale and a minimum: x = min + scale * q, q from 0 to 255. Hence
 *     y = weight * (scale * sum(q q') + min * sum(q')) + bias + the outliers' products,
 * where sum(q q') is exact in 32 bits. Outliers (kernel.h) are quantised as 0.
 *
 * The form int8_fine differs in the rows: x = scale * q, q of 16 bits with its sign, and min is 0.
 * The form int16 has such rows too, and weights of 16 bits.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernel/rungs.h"

enum {
    INT8_MAX_IN = 65536, /* 255 * 127 * 65536 is below 2^31; 181 * 181 * 65536, too */
    INT8_ROW_ALIGN = 32
};

/* The head of a row; n_in bytes follow, padded to INT8_ROW_ALIGN. */
struct int8_row {
    float scale, min;
    float outlier[T2V_OUTLIERS]; /* values of the outliers; 0 past n */
    float unused[2];
};

static inline size_t int8_padded(size_t n_in)
{
    return (n_in + INT8_ROW_ALIGN - 1) / INT8_ROW_ALIGN * INT8_ROW_ALIGN;
}
static inline size_t int8_row_bytes(size_t n_in)
{
    return sizeof(struct int8_row) + int8_padded(n_in);
}
static inline size_t int8_fine_row_bytes(size_t n_in)
{
    return sizeof(struct int8_row) + int8_padded(n_in) * sizeof(int16_t);
}

/* The largest |q| of a row of int8_fine, so that sums fit 32 bits: 32767 up to 516 inputs, 258 with
 * the most inputs. */
static inline float int8_fine_max(size_t n_in)
{
    size_t max = INT32_MAX / (127 * n_in);
    return (float)(max < INT16_MAX ? max : INT16_MAX);
}

/* The largest |q| of a row and of a weight of int16, so that sums fit 32 bits: 32767 up to 2
 * inputs, 1930 of 576, 724 of 4096, 181 with the most. */
static inline float int16_max(size_t n_in)
{
    size_t max = n_in <= 2 ? INT16_MAX : (size_t)sqrt((double)INT32_MAX / (double)n_in);
    return (float)max;
}

/* The panel layout of an instruction set. */
struct int8_layout {
    size_t bytes; /* of a weight: 1, or 2 in int16 */
    size_t width; /* columns of a panel */
    size_t group; /* consecutive inputs of a column stored together: 2, 4 or 8 */
    bool pairs;   /* |q[2i] + q[2i + 1]| <= 128 must hold, see int8_column_max */
};

/* A panel: weights [n_group, width, group] as int8 or int16, then these arrays of [width] each. */
enum {
    INT8_SCALE,   /* float: the column's scale */
    INT8_SUM,     /* float: scale times the sum of its quantised weights */
    INT8_OUTLIER, /* float: its weights of the outliers, one array each */
    INT8_TOTAL = INT8_OUTLIER + T2V_OUTLIERS, /* int32: sum of its quantised weights */
    INT8_N_OF_COLUMN
};

static inline size_t int8_weight_bytes(const struct int8_layout *layout, size_t n_in)
{
    size_t n_group = (n_in + layout->group - 1) / layout->group;
    return n_group * layout->group * layout->width * layout->bytes;
}
static inline size_t int8_panel_bytes(const struct int8_layout *layout, size_t n_in)
{
    return int8_weight_bytes(layout, n_in) + INT8_N_OF_COLUMN * layout->width * sizeof(float);
}

/* x rounded to the nearest integer, ties to even; |x| is below 2^22. */
static inline int32_t int8_round(float x)
{
    float shifted = x + 12582912.0f; /* 1.5 * 2^23 */
    int32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    return bits - 0x4b400000;
}

/* 1 / scale of a row with values in [min, max]. 0 if the row is constant or not finite: it is then
 * quantised as zeros. */
static inline float int8_row_inverse(float min, float max)
{
    float range = max - min;
    return range > 1e-30f && range <= FLT_MAX ? 255.0f / range : 0.0f;
}

/* The same for rows of 16 bits whose largest |x| is size, and largest |q| is max. */
static inline float int8_fine_inverse(float size, float max)
{
    return size > 1e-30f && size <= FLT_MAX ? max / size : 0.0f;
}

/* w[i], or 0 for an outlier. */
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

/* Weights are packed in chunks, by loops that compilers vectorise: packing is most of the time it
 * takes to open a model. */
enum { INT8_CHUNK = 512, INT8_LANES = 16 };

/* Copies the chunk of w that begins at i, with 0 for outliers and past the end. Returns its length
 * before the padding. */
static inline size_t int8_chunk(const struct t2v_linear *layer, const float *w, size_t i,
                                float chunk[INT8_CHUNK])
{
    size_t n = layer->n_in - i < INT8_CHUNK ? layer->n_in - i : INT8_CHUNK;
    const uint32_t *keep = layer->outliers.keep;
    uint32_t bits[INT8_CHUNK];
    memset(bits, 0, sizeof bits);
    memcpy(bits, w + i, n * sizeof *bits);
    for (size_t j = 0; keep != NULL && j < n; j++)
        bits[j] &= keep[i + j];
    memcpy(chunk, bits, sizeof bits);
    return n;
}

/* The value that quantises to the largest |q|: the largest |w| of a column, or more with `pairs`,
 * to keep the sum of a pair within 128. 127.5 leaves room for rounding both up. */
static inline float int8_column_max(const struct t2v_linear *layer, const float *w, bool pairs)
{
    float chunk[INT8_CHUNK], lanes[INT8_LANES] = {0}, max = 0.0f;
    for (size_t i = 0; i < layer->n_in; i += INT8_CHUNK) {
        size_t n = int8_chunk(layer, w, i, chunk);
        for (size_t j = 0; j < n; j += INT8_LANES) {
            for (size_t k = 0; k < INT8_LANES; k++) {
                float size = fabsf(chunk[j + k]);
                lanes[k] = size > lanes[k] ? size : lanes[k];
            }
            for (size_t k = 0; pairs && k < INT8_LANES / 2; k++) {
                float both = fabsf(chunk[j + 2 * k] + chunk[j + 2 * k + 1]) * (127.0f / 127.5f);
                lanes[k] = both > lanes[k] ? both : lanes[k];
            }
        }
    }
    for (size_t k = 0; k < INT8_LANES; k++)
        max = lanes[k] > max ? lanes[k] : max;
    return max;
}

/* Writes a column's groups from q on, one every width groups. Returns the sum of its quantised
 * weights. */
static inline int32_t int8_pack_column(const struct int8_layout *layout,
                                       const struct t2v_linear *layer, const float *w,
                                       float inverse, char *q)
{
    const size_t group = layout->group, apart = layout->width * group * layout->bytes;
    float chunk[INT8_CHUNK];
    int32_t bits[INT8_CHUNK], total = 0;
    int8_t bytes[INT8_CHUNK];
    int16_t shorts[INT8_CHUNK];
    const char *from = layout->bytes == 1 ? (const char *)bytes : (const char *)shorts;
    for (size_t i = 0; i < layer->n_in; i += INT8_CHUNK) {
        size_t n = int8_chunk(layer, w, i, chunk);
        for (size_t j = 0; j < INT8_CHUNK; j++)
            chunk[j] = chunk[j] * inverse + 12582912.0f; /* as int8_round */
        memcpy(bits, chunk, sizeof bits);
        for (size_t j = 0; j < INT8_CHUNK; j++) {
            shorts[j] = (int16_t)bits[j]; /* the low half of 0x4b400000 is 0 */
            bytes[j] = (int8_t)bits[j];
            total += shorts[j];
        }
        for (size_t j = 0; j < n; j += group, q += apart)
            memcpy(q, from + j * layout->bytes, group * layout->bytes);
    }
    return total;
}

/* As t2v_form.pack. */
static inline void int8_pack(const struct int8_layout *layout, const struct t2v_linear *layer,
                             const float *plain, size_t n_col, void *panel)
{
    const size_t n_in = layer->n_in, width = layout->width;
    const struct t2v_outliers *outliers = &layer->outliers;
    const float top = layout->bytes == 1 ? 127.0f : int16_max(n_in);
    char *q = panel;
    memset(panel, 0, int8_panel_bytes(layout, n_in));
    float *scale = (float *)(void *)(q + int8_weight_bytes(layout, n_in));
    float *sum = scale + INT8_SUM * width, *outlier = scale + INT8_OUTLIER * width;
    for (size_t j = 0; j < n_col; j++) {
        const float *w = plain + j * n_in;
        float max = int8_column_max(layer, w, layout->pairs);
        float inverse = max > 1e-30f && max <= FLT_MAX ? top / max : 0.0f;
        char *column = q + j * layout->group * layout->bytes;
        int32_t total = int8_pack_column(layout, layer, w, inverse, column);
        scale[j] = max / top;
        sum[j] = scale[j] * (float)total;
        for (size_t k = 0; k < outliers->n; k++)
            outlier[k * width + j] = w[outliers->index[k]];
        memcpy(scale + INT8_TOTAL * width + j, &total, sizeof total);
    }
}

#endif
