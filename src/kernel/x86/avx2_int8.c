/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * int8 with AVX2: vpmaddubsw multiplies 32 bytes of a row with 32 weights and adds neighbours to 16
 * bits, saturating, which pairs of weights that are limited when they are packed cannot bring
 * about; vpmaddwd by ones adds neighbours again, to the 32-bit sum of a group of four inputs.
 */
#include "kernel/c/int8.h"
#include "kernel/x86/avx2.h"

#include "base/banned.h"

enum { TILE_ROWS = 5, PANEL = 16 };

static size_t panel_bytes(size_t n_in)
{
    return int8_panel_bytes(n_in, PANEL);
}

static void pack(const struct t2v_linear *layer, const float *plain, size_t n_col, void *panel)
{
    int8_pack(layer, plain, n_col, panel, PANEL, true);
}

/* Eight values from i on, those that do not exist and outliers being 0. */
INLINE __m256 kept8(const float *x, const uint32_t *keep, size_t i, size_t n)
{
    size_t left = i < n ? n - i : 0;
    __m256 v = load_first(x + i, left);
    if (keep == NULL)
        return v;
    return _mm256_and_ps(v, load_first((const float *)(const void *)(keep + i), left));
}

/* The same for the least and the most of a row: what does not exist is its first value. */
INLINE void row_range(const float *x, const uint32_t *keep, size_t n, float *least, float *most)
{
    __m256 first = _mm256_broadcastss_ps(_mm256_castps256_ps128(kept8(x, keep, 0, n)));
    __m256 low = first, high = first;
    for (size_t i = 0; i < n; i += 8) {
        __m256 v = kept8(x, keep, i, n);
        if (n - i < 8)
            v = _mm256_blendv_ps(first, v, _mm256_castsi256_ps(lanes_below(n - i)));
        low = _mm256_min_ps(v, low);
        high = _mm256_max_ps(v, high);
    }
    *least = min8(low);
    *most = max8(high);
}

INLINE __m256i bytes_of(__m256i a, __m256i b, __m256i c, __m256i d)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i packed = _mm256_packus_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
    return _mm256_permutevar8x32_epi32(packed, order);
}

INLINE void quantise(const float *x, const uint32_t *keep, size_t n, float least, float inverse,
                     uint8_t *q)
{
    __m256 base = _mm256_set1_ps(least), by = _mm256_set1_ps(inverse);
    for (size_t i = 0; i < n; i += 32) {
        __m256i v[4];
#pragma GCC unroll 4
        for (size_t j = 0; j < 4; j++) {
            __m256 d = _mm256_sub_ps(kept8(x, keep, i + 8 * j, n), base);
            v[j] = _mm256_cvtps_epi32(_mm256_mul_ps(d, by));
        }
        _mm256_storeu_si256((__m256i *)(void *)(q + i), bytes_of(v[0], v[1], v[2], v[3]));
    }
    size_t padded = (n + INT8_ROW_ALIGN - 1) / INT8_ROW_ALIGN * INT8_ROW_ALIGN;
    memset(q + n, 0, padded - n);
}

void t2v_rows_int8_avx2(const struct t2v_linear *layer, const float *x, size_t ldx, size_t n_row,
                        void *out)
{
    const struct t2v_outliers *outliers = &layer->outliers;
    size_t n = layer->n_in;
    char *to = out;
    for (size_t r = 0; r < n_row; r++, x += ldx, to += int8_row_bytes(n)) {
        struct int8_row row = {.unused = {0}};
        float most;
        row_range(x, outliers->keep, n, &row.least, &most);
        row.scale = (most - row.least) / 255.0f;
        for (size_t k = 0; k < outliers->n; k++)
            row.outlier[k] = x[outliers->index[k]];
        memcpy(to, &row, sizeof row);
        quantise(x, outliers->keep, n, row.least, int8_row_inverse(row.least, most),
                 (uint8_t *)to + sizeof row);
    }
}

struct tile {
    __m256i sum[TILE_ROWS][2];
};

/* sum[r] = the bytes of row r times the panel. rows: the bytes of the first row. */
INLINE void tile_mul(struct tile *t, const int rows, const char *q, size_t stride, const char *w,
                     size_t n_group, struct ahead ahead)
{
    const __m256i ones = _mm256_set1_epi16(1);
#pragma GCC unroll 5
    for (int r = 0; r < rows; r++)
        t->sum[r][0] = t->sum[r][1] = _mm256_setzero_si256();
    for (size_t g = 0; g < n_group; g++, w += 64, q += INT8_GROUP) {
        __m256i w0 = _mm256_loadu_si256((const __m256i *)(const void *)w);
        __m256i w1 = _mm256_loadu_si256((const __m256i *)(const void *)(w + 32));
        if (ahead.step != 0) {
            _mm_prefetch(ahead.ptr, _MM_HINT_T1);
            ahead.ptr += ahead.step;
        }
#pragma GCC unroll 5
        for (int r = 0; r < rows; r++) {
            int32_t four;
            memcpy(&four, q + (size_t)r * stride, sizeof four);
            __m256i x = _mm256_set1_epi32(four);
            __m256i p0 = _mm256_madd_epi16(_mm256_maddubs_epi16(x, w0), ones);
            __m256i p1 = _mm256_madd_epi16(_mm256_maddubs_epi16(x, w1), ones);
            t->sum[r][0] = _mm256_add_epi32(t->sum[r][0], p0);
            t->sum[r][1] = _mm256_add_epi32(t->sum[r][1], p1);
        }
    }
}

/* Half a row of a tile: eight columns, whose constants are at `scale`. */
INLINE __m256 half_value(const struct int8_row *row, __m256i sum, const float *scale, __m256 bias)
{
    __m256 y = _mm256_fmadd_ps(_mm256_set1_ps(row->least), _mm256_loadu_ps(scale + PANEL), bias);
    __m256 by = _mm256_mul_ps(_mm256_set1_ps(row->scale), _mm256_loadu_ps(scale));
    y = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), by, y);
#pragma GCC unroll 4
    for (size_t k = 0; k < T2V_OUTLIERS; k++)
        y = _mm256_fmadd_ps(_mm256_set1_ps(row->outlier[k]),
                            _mm256_loadu_ps(scale + (2 + k) * PANEL), y);
    return y;
}

INLINE void tile_store(const struct tile *t, const int rows, const char *row, size_t stride,
                       const struct out_tile *out)
{
    size_t left = out->width, right = left > 8 ? left - 8 : 0;
    __m256 bias0 = _mm256_setzero_ps(), bias1 = bias0;
    if (out->bias != NULL) {
        bias0 = load_first(out->bias, left);
        bias1 = load_first(out->bias + 8, right);
    }
#pragma GCC unroll 5
    for (int r = 0; r < rows; r++) {
        const struct int8_row *head = (const void *)(row + (size_t)r * stride);
        float *y = out->y + (size_t)r * out->ldy;
        store_first(y, left, half_value(head, t->sum[r][0], out->scale, bias0));
        store_first(y + 8, right, half_value(head, t->sum[r][1], out->scale + 8, bias1));
    }
}

#define LINEAR_TILE(ROWS)                                                                          \
    static void linear_tile_##ROWS(const char *row, size_t stride, const char *w, size_t n_group,  \
                                   struct ahead ahead, const struct out_tile *out)                 \
    {                                                                                              \
        struct tile t;                                                                             \
        tile_mul(&t, ROWS, row + sizeof(struct int8_row), stride, w, n_group, ahead);              \
        tile_store(&t, ROWS, row, stride, out);                                                    \
    }
LINEAR_TILE(1)
LINEAR_TILE(2)
LINEAR_TILE(3)
LINEAR_TILE(4)
LINEAR_TILE(5)

typedef void linear_tile_fn(const char *, size_t, const char *, size_t, struct ahead,
                            const struct out_tile *);
static linear_tile_fn *const linear_tiles[TILE_ROWS + 1] = {
    NULL, linear_tile_1, linear_tile_2, linear_tile_3, linear_tile_4, linear_tile_5,
};

/* Panels outside, rows inside, as linear of avx2.c. */
static void linear_int8(const struct t2v_linear *layer, enum t2v_act act, const void *x,
                        size_t stride, size_t n_row, size_t begin, size_t end, float *y, size_t ldy)
{
    size_t n_tile = (n_row + TILE_ROWS - 1) / TILE_ROWS, n_group = int8_n_group(layer->n_in);
    for (size_t c = begin; c < end; c += PANEL) {
        const char *panel = t2v_linear_panel(layer, c);
        struct ahead ahead = {panel + panel_bytes(layer->n_in), PANEL * INT8_GROUP / n_tile};
        struct out_tile out = {
            .ldy = ldy,
            .width = end - c < PANEL ? end - c : PANEL,
            .scale = int8_panel_scales(panel, layer->n_in, PANEL),
            .bias = layer->bias != NULL ? layer->bias + c : NULL,
        };
        for (size_t tile = 0, row = 0; tile < n_tile; tile++) {
            size_t rows = (n_row - row + n_tile - tile - 1) / (n_tile - tile);
            out.y = y + row * ldy + c;
            linear_tiles[rows]((const char *)x + row * stride, stride, panel, n_group, ahead, &out);
            ahead.ptr += ahead.step * n_group;
            if (act != T2V_ACT_NONE)
                tile_act(act, rows, &out);
            row += rows;
        }
    }
}

const struct t2v_form t2v_form_int8_avx2 = {
    .name = "int8",
    .panel = PANEL,
    .takes_outliers = true,
    .panel_bytes = panel_bytes,
    .max_in = INT8_MAX_IN,
    .pack = pack,
    .row_bytes = t2v_row_bytes_int8,
    .rows = t2v_rows_int8_avx2,
    .linear = linear_int8,
};
