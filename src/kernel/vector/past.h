/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_VECTOR_PAST_H
#define T2V_KERNEL_VECTOR_PAST_H
/*
 * Attention to keys and values in pages, for vector/f32.h. A tile of rows goes through the pages
 * once: the softmax is kept relative to the largest score so far (Milakov and Gimelshein, 2018).
 */
#include "kernel/c/approx.h"
#include "kernel/vector/tile.h"

const size_t RUNG(t2v_key_panel) = PANEL;

_Static_assert(T2V_PAGE_TOK % (WIDE * LANES) == 0 && T2V_PAGE_TOK % PANEL == 0, "pages");

/* A tile's rows on their way through the pages. */
struct past_tile {
    const struct t2v_past_attention *call;
    const struct tiles *tiles;
    size_t size;                                          /* bytes of a number in the pages */
    size_t first, n;                                      /* rows of the call */
    float top[TILE_ROWS], sum[TILE_ROWS], fix[TILE_ROWS]; /* fix: factor of what is summed so far */
    float *scores;                                        /* [n, T2V_PAGE_TOK] */
    float *part;                                          /* [n, dim]: output of a page */
    float *total;                                         /* [n, dim]: output so far */
    size_t dim;
    const char *next; /* what is to be prefetched of the next page; NULL: nothing */
};

/* Each of the next n_step steps prefetches as much of the next page as it reads of this one. */
static struct prefetch past_prefetch(struct past_tile *tile, size_t n_step)
{
    size_t line = PANEL * tile->size;
    if (tile->next == NULL)
        return (struct prefetch){NULL, 0};
    struct prefetch prefetch = {tile->next, line};
    tile->next += line * n_step;
    return prefetch;
}

/* The positions that row r of the tile attends to: *begin to *end - 1. */
INLINE void past_seen(const struct past_tile *tile, size_t r, size_t *begin, size_t *end)
{
    const struct t2v_past_attention *call = tile->call;
    size_t at = call->at + (tile->first + r) * call->step;
    *begin = at > call->before ? at - call->before : 0;
    *end = at + 1;
}

/* Scores of one page's keys, of which n_key count. */
static void past_scores(struct past_tile *tile, const char *keys, size_t n_key)
{
    const struct t2v_past_attention *call = tile->call;
    float scale[TILE_ROWS];
    struct tile_job job = {
        .x = call->q + tile->first * call->ld,
        .stride = call->ld * sizeof(float),
        .ldb = PANEL * tile->size,
        .n_step = call->head_dim,
        .ldy = T2V_PAGE_TOK,
        .width = PANEL,
        .row_scale = scale,
    };
    for (size_t r = 0; r < tile->n; r++)
        scale[r] = call->scale;
    for (size_t j = 0; j < n_key; j += PANEL) {
        job.prefetch = past_prefetch(tile, call->head_dim);
        job.b = keys + j * call->head_dim * tile->size;
        job.y = tile->scores + j;
        tile->tiles->of[tile->n](&job);
    }
}

static const float past_steps[T2V_PAGE_TOK] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
    22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
    44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
};

/* Adds slope * distance to the scores of a page that begins at `from` positions after the query. */
static void past_slope(float *row, float slope, float from)
{
    for (size_t j = 0; j < T2V_PAGE_TOK; j += LANES) {
        vf distance = vf_add(vf_set(from), vf_load(past_steps + j));
        vf_store(row + j, vf_fma(vf_set(slope), distance, vf_load(row + j)));
    }
}

/* Numerators of softmax in place, for the scores of keys begin to end - 1 of the page; the rest
 * become 0. */
static void past_softmax(struct past_tile *tile, size_t r, size_t begin, size_t end)
{
    const vf minus = vf_set(-INFINITY);
    float *row = tile->scores + r * T2V_PAGE_TOK;
    vf top = vf_set(tile->top[r]), sum = vf_zero();
    for (size_t j = 0; j < T2V_PAGE_TOK; j += LANES) {
        vf v = vf_load(row + j);
        if (j < begin || j + LANES > end) {
            vmask seen = mask_below(j < end ? end - j : 0);
            if (j < begin)
                seen = mask_less(seen, mask_below(begin - j));
            v = vf_select(seen, v, minus);
            vf_store(row + j, v);
        }
        top = vf_max(top, v);
    }
    float most = vf_lanes_max(top);
    vf base = vf_set(most > -INFINITY || most != most ? most : 0.0f);
    for (size_t j = 0; j < T2V_PAGE_TOK; j += WIDE * LANES) {
        struct wide v;
        EACH v.of[k] = vf_sub(vf_load(row + j + k * LANES), base);
        v = wide_exp(v);
        EACH vf_store(row + j + k * LANES, v.of[k]);
        EACH sum = vf_add(sum, v.of[k]);
    }
    tile->fix[r] = tile->top[r] < most ? approx_exp(tile->top[r] - most) : 1.0f;
    tile->sum[r] = tile->sum[r] * tile->fix[r] + vf_sum(sum);
    tile->top[r] = most;
}

/* total = total * fix + scores * values, over the page's first n_key values. */
static void past_mix(struct past_tile *tile, const char *values, size_t n_key)
{
    float ones[TILE_ROWS];
    struct tile_job job = {
        .x = tile->scores,
        .stride = T2V_PAGE_TOK * sizeof(float),
        .ldb = tile->dim * tile->size,
        .n_step = n_key,
        .ldy = tile->dim,
        .width = PANEL,
        .row_scale = ones,
    };
    for (size_t r = 0; r < tile->n; r++)
        ones[r] = 1.0f;
    for (size_t d = 0; d < tile->call->head_dim; d += PANEL) {
        job.prefetch = past_prefetch(tile, n_key);
        job.b = values + d * tile->size;
        job.y = tile->part + d;
        tile->tiles->of[tile->n](&job);
    }
    for (size_t r = 0; r < tile->n; r++) {
        float *total = tile->total + r * tile->dim;
        const float *part = tile->part + r * tile->dim;
        for (size_t d = 0; d < tile->call->head_dim; d += LANES)
            vf_store(total + d,
                     vf_fma(vf_load(total + d), vf_set(tile->fix[r]), vf_load(part + d)));
    }
}

static void past_page(struct past_tile *tile, size_t page, size_t n_key)
{
    const struct t2v_past_attention *call = tile->call;
    const char *keys = call->pages[page] + call->offset;
    size_t from = page * T2V_PAGE_TOK;
    past_scores(tile, keys, n_key);
    for (size_t r = 0; r < tile->n; r++) {
        size_t begin, end;
        past_seen(tile, r, &begin, &end);
        if (call->slopes != NULL)
            past_slope(tile->scores + r * T2V_PAGE_TOK,
                       call->slopes[call->step == 0 ? tile->first + r : 0],
                       (float)from - (float)(end - 1));
        begin = begin > from ? begin - from : 0;
        end = end > from ? end - from : 0;
        past_softmax(tile, r, begin, end < T2V_PAGE_TOK ? end : T2V_PAGE_TOK);
    }
    past_mix(tile, keys + T2V_PAGE_TOK * call->head_dim * tile->size, n_key);
}

static void past_store(const struct past_tile *tile)
{
    const struct t2v_past_attention *call = tile->call;
    for (size_t r = 0; r < tile->n; r++) {
        const float *total = tile->total + r * tile->dim;
        float *out = call->out + (tile->first + r) * call->ld_out;
        vf scale = vf_set(1.0f / tile->sum[r]);
        for (size_t d = 0; d < call->head_dim; d += LANES)
            vf_store_n(out + d, call->head_dim - d, vf_mul(vf_load(total + d), scale));
    }
}

void RUNG(t2v_past_attention_f32)(const struct t2v_past_attention *call)
{
    struct past_tile tile = {
        .call = call,
        .tiles = call->half ? &tiles_SCRATCH_F16 : &tiles_SCRATCH,
        .size = call->half ? sizeof(uint16_t) : sizeof(float),
        .dim = t2v_page_value_len(call->head_dim),
    };
    tile.scores = call->scratch;
    tile.part = tile.scores + TILE_ROWS * T2V_PAGE_TOK;
    tile.total = tile.part + TILE_ROWS * tile.dim;
    for (; tile.first < call->n_row; tile.first += tile.n) {
        size_t begin, end, unused;
        tile.n = next_height(call->n_row - tile.first);
        for (size_t r = 0; r < tile.n; r++) {
            tile.top[r] = -INFINITY;
            tile.sum[r] = 0.0f;
        }
        memset(tile.total, 0, tile.n * tile.dim * sizeof *tile.total);
        past_seen(&tile, 0, &begin, &unused);
        past_seen(&tile, tile.n - 1, &unused, &end);
        for (size_t page = begin / T2V_PAGE_TOK; page * T2V_PAGE_TOK < end; page++) {
            size_t left = end - page * T2V_PAGE_TOK;
            tile.next = left > T2V_PAGE_TOK ? call->pages[page + 1] + call->offset : NULL;
            past_page(&tile, page, left < T2V_PAGE_TOK ? left : T2V_PAGE_TOK);
        }
        past_store(&tile);
    }
}

#endif
