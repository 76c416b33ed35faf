/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bf16 with AVX512_BF16: vdpbf16ps multiplies two adjacent inputs of a row by two weights of each
 * of sixteen columns, exactly, and adds both products to a float. Weights and rows are rounded to
 * bf16.
 */
#include <string.h>

#include "kernel/c/half.h"
#include "kernel/x86/avx512.h"

enum { TILE_ROWS = 14 };
#define EACH_HEIGHT HEIGHTS_14

#include "kernel/vector/tile.h"

#include "base/banned.h"

enum { PAIR = 2 * sizeof(uint16_t), LINE = PANEL * PAIR };

static size_t panel_bytes(size_t n_in)
{
    return (n_in + 1) / 2 * LINE;
}

/* [n_in / 2 rounded up, PANEL, 2], with a zero after an odd n_in. */
static void pack(const struct t2v_linear *layer, const float *plain, size_t n_col, void *panel)
{
    uint16_t *to = panel;
    for (size_t i = 0; i < layer->n_in; i += 2, to += 2 * PANEL) {
        for (size_t j = 0; j < PANEL; j++) {
            const float *w = plain + j * layer->n_in + i;
            to[2 * j] = j < n_col ? bf16_near(w[0]) : 0;
            to[2 * j + 1] = j < n_col && i + 1 < layer->n_in ? bf16_near(w[1]) : 0;
        }
    }
}

/* Rows are padded to full vectors. */
static size_t row_bytes(size_t n_in)
{
    return (n_in + LANES - 1) / LANES * LANES * sizeof(uint16_t);
}

/* As bf16_near, in the lower 16 bits of each lane. */
INLINE __m512i near16(vf v)
{
    __m512i bits = _mm512_castps_si512(v);
    __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    __m512i up = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
    __mmask16 nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
    return _mm512_mask_mov_epi32(_mm512_srli_epi32(up, 16), nan, _mm512_set1_epi32(0x7fc0));
}

static void rows(const struct t2v_linear *layer, const float *x, size_t ldx, size_t n_row,
                 void *out)
{
    uint16_t *to = out;
    for (size_t r = 0; r < n_row; r++, x += ldx) {
        for (size_t i = 0; i < layer->n_in; i += LANES, to += LANES) {
            __m512i v = near16(vf_load_n(x + i, layer->n_in - i));
            _mm256_storeu_si256((void *)to, _mm512_cvtepi32_epi16(v));
        }
    }
}

/* acc[r] = row r times the panel. */
INLINE void bf16_mul(struct tile *t, const int n_row, const char *x, size_t stride, const char *b,
                     size_t n_pair, struct prefetch prefetch)
{
    tile_clear(t, n_row);
    for (size_t i = 0; i < n_pair; i++, b += LINE, x += PAIR) {
        vi b0 = vi_load(b), b1 = vi_load(b + 64);
        prefetch_step(&prefetch, b, LINE, n_row, true);
        UNROLL
        for (int r = 0; r < n_row; r++) {
            int32_t pair;
            memcpy(&pair, x + (size_t)r * stride, sizeof pair);
            __m512bh both = (__m512bh)vi_set(pair);
            t->acc[r][0] = _mm512_dpbf16_ps(t->acc[r][0], both, (__m512bh)b0);
            t->acc[r][1] = _mm512_dpbf16_ps(t->acc[r][1], both, (__m512bh)b1);
        }
    }
}

#define TILE(KIND, ROWS)                                                                           \
    static void tile_##ROWS(const struct tile_job *job)                                            \
    {                                                                                              \
        struct tile t;                                                                             \
        bf16_mul(&t, ROWS, job->x, job->stride, job->b, job->n_step, job->prefetch);               \
        tile_store(&t, ROWS, false, job);                                                          \
    }
#define TILE_NAME(KIND, ROWS) tile_##ROWS,
EACH_HEIGHT(TILE, )
static const struct tiles tiles = {2, LINE, {NULL, EACH_HEIGHT(TILE_NAME, )}};

static void linear(const struct t2v_linear_call *call)
{
    over_panels(&tiles, call);
}

const struct t2v_form t2v_form_bf16_avx512bf16 = {
    .name = "bf16",
    .panel = PANEL,
    .panel_bytes = panel_bytes,
    .max_in = SIZE_MAX,
    .pack = pack,
    .row_bytes = row_bytes,
    .rows = rows,
    .linear = linear,
};
