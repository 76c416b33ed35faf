/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * int8 with AVX-512 VNNI: vpdpbusd multiplies four bytes of a row with four weights of each of
 * sixteen columns and adds them to 32-bit sums, exactly; weights have their full range. Rows are
 * quantised as by AVX2.
 */
#include "kernel/c/int8.h"
#include "kernel/x86/avx512.h"

#include "base/banned.h"

static size_t panel_bytes(size_t n_in)
{
    return int8_panel_bytes(n_in, PANEL);
}

static void pack(const struct t2v_linear *layer, const float *plain, size_t n_col, void *panel)
{
    int8_pack(layer, plain, n_col, panel, PANEL, false);
}

/* GCC 12 spills the sums of a large tile around the intrinsic, at half the speed. */
INLINE __m512i dot(__m512i sum, __m512i bytes, __m512i weights)
{
#if defined(__AVX512VNNI__) && !defined(__clang__)
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(bytes), "v"(weights));
    return sum;
#else
    return _mm512_dpbusd_epi32(sum, bytes, weights);
#endif
}

struct int8_tile {
    __m512i sum[TILE_ROWS][2];
};

/* sum[r] = the bytes of row r times the panel. q: the bytes of the first row. */
INLINE void tile_mul(struct int8_tile *t, const int rows, const char *q, size_t stride,
                     const char *w, size_t n_group)
{
    UNROLL
    for (int r = 0; r < rows; r++)
        t->sum[r][0] = t->sum[r][1] = _mm512_setzero_si512();
    for (size_t g = 0; g < n_group; g++, w += PANEL * INT8_GROUP, q += INT8_GROUP) {
        __m512i w0 = _mm512_loadu_si512(w), w1 = _mm512_loadu_si512(w + 64);
        _mm_prefetch(w + AHEAD, _MM_HINT_T0);
        _mm_prefetch(w + AHEAD + 64, _MM_HINT_T0);
        UNROLL
        for (int r = 0; r < rows; r++) {
            int32_t four;
            memcpy(&four, q + (size_t)r * stride, sizeof four);
            __m512i x = _mm512_set1_epi32(four);
            t->sum[r][0] = dot(t->sum[r][0], x, w0);
            t->sum[r][1] = dot(t->sum[r][1], x, w1);
        }
    }
}

/* Half a row of a tile: sixteen columns, whose constants are at `scale`. */
INLINE __m512 half_value(const struct int8_row *row, __m512i sum, const float *scale, __m512 bias)
{
    __m512 y = _mm512_fmadd_ps(_mm512_set1_ps(row->least), _mm512_loadu_ps(scale + PANEL), bias);
    __m512 by = _mm512_mul_ps(_mm512_set1_ps(row->scale), _mm512_loadu_ps(scale));
    y = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), by, y);
#pragma GCC unroll 4
    for (size_t k = 0; k < T2V_OUTLIERS; k++)
        y = _mm512_fmadd_ps(_mm512_set1_ps(row->outlier[k]),
                            _mm512_loadu_ps(scale + (2 + k) * PANEL), y);
    return y;
}

INLINE void int8_tile_store(const struct int8_tile *t, const int rows, const char *row,
                            size_t stride, const struct out_tile *out)
{
    size_t left = out->width, right = right_of(left);
    __m512 bias0 = _mm512_setzero_ps(), bias1 = bias0;
    if (out->bias != NULL) {
        bias0 = load_first(out->bias, left);
        bias1 = load_first(out->bias + LANES, right);
    }
    UNROLL
    for (int r = 0; r < rows; r++) {
        const struct int8_row *head = (const void *)(row + (size_t)r * stride);
        float *y = out->y + (size_t)r * out->ldy;
        store_first(y, left, half_value(head, t->sum[r][0], out->scale, bias0));
        store_first(y + LANES, right, half_value(head, t->sum[r][1], out->scale + LANES, bias1));
    }
}

/* One function for each number of rows: the tile must know it at compile time. */
typedef void tile_fn(const char *row, size_t stride, const char *w, size_t n_group,
                     const struct out_tile *out);
#define TILE(KIND, ROWS)                                                                           \
    static void tile_##ROWS(const char *row, size_t stride, const char *w, size_t n_group,         \
                            const struct out_tile *out)                                            \
    {                                                                                              \
        struct int8_tile t;                                                                        \
        tile_mul(&t, ROWS, row + sizeof(struct int8_row), stride, w, n_group);                     \
        int8_tile_store(&t, ROWS, row, stride, out);                                               \
    }
#define TILE_NAME(KIND, ROWS) tile_##ROWS,
EACH_HEIGHT(TILE, )
static tile_fn *const tiles[TILE_ROWS + 1] = {NULL, EACH_HEIGHT(TILE_NAME, )};

/* Panels outside, rows inside, as linear of avx512.c. */
static void linear_int8(const struct t2v_linear *layer, enum t2v_act act, const void *x,
                        size_t stride, size_t n_row, size_t begin, size_t end, float *y, size_t ldy)
{
    for (size_t c = begin; c < end; c += PANEL) {
        const char *panel = t2v_linear_panel(layer, c);
        struct out_tile out = {
            .ldy = ldy,
            .width = end - c < PANEL ? end - c : PANEL,
            .scale = int8_panel_scales(panel, layer->n_in, PANEL),
            .bias = layer->bias != NULL ? layer->bias + c : NULL,
        };
        for (size_t row = 0, rows; row < n_row; row += rows) {
            rows = next_height(n_row - row);
            out.y = y + row * ldy + c;
            tiles[rows]((const char *)x + row * stride, stride, panel, int8_n_group(layer->n_in),
                        &out);
            if (act != T2V_ACT_NONE)
                tile_act(act, rows, &out);
        }
    }
}

const struct t2v_form t2v_form_int8_avx512vnni = {
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
