/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_VECTOR_TILE_H
#define T2V_KERNEL_VECTOR_TILE_H
/*
 * A tile is the product of up to TILE_ROWS rows of A and one panel of PANEL columns of B, with all
 * accumulators in registers over the whole inner dimension. This header divides rows into tiles,
 * stores a tile, and loops over panels; the multiplication itself is the includer's. The includer
 * defines TILE_ROWS and EACH_HEIGHT, the HEIGHTS_n of that number.
 */
#include "kernel/vector/act.h"

/* Weights are prefetched. With PREFETCH_BYTES > 0 each step prefetches the bytes that far ahead of
 * its own. Otherwise the first PREFETCH_TILES tiles of a panel prefetch the next panel, in equal
 * parts spread evenly over their steps. Some lines are fetched twice, since a processor drops
 * prefetches when its queue is full. */
enum { PREFETCH_TILES = 4 };
struct prefetch {
    const char *ptr;
    size_t step; /* bytes per step of a tile; 0: no prefetch */
};

/* Bytes of a panel per input. */
INLINE size_t line_of(const enum source source)
{
    return PANEL * (source == F32 || source == SCRATCH ? sizeof(float) : sizeof(uint16_t));
}

/* Prefetches for one step of a tile of `rows`, which reads `line` bytes at b. With PREFETCH_BYTES >
 * 0 it is best, on Zen 5, to prefetch half as far for 1 or 2 rows, where memory alone is the limit;
 * and for 3 to 5 rows to the first-level cache, else to the second. inner: whether the form gains
 * by the latter. */
INLINE void prefetch_step(struct prefetch *prefetch, const char *b, size_t line, const int rows,
                          const bool inner)
{
    if (PREFETCH_BYTES > 0) {
        const size_t ahead = rows <= 2 ? PREFETCH_BYTES / 2 : PREFETCH_BYTES;
        for (size_t at = 0; at < line; at += 64) {
            if (inner && rows >= 3 && rows <= 5)
                __builtin_prefetch(b + ahead + at, 0, 3);
            else
                __builtin_prefetch(b + ahead + at, 0, 2);
        }
    } else if (prefetch->step != 0) {
        __builtin_prefetch(prefetch->ptr, 0, 2);
        prefetch->ptr += prefetch->step;
    }
}

/* The same in attention to pages, whose steps prefetch the next page. */
INLINE void prefetch_page(struct prefetch *prefetch, size_t line)
{
    if (prefetch->step == 0)
        return;
    for (size_t at = 0; at < line; at += 64)
        __builtin_prefetch(prefetch->ptr + at, 0, 2);
    prefetch->ptr += prefetch->step;
}

/* Operands and result of a tile. */
struct tile_job {
    const void *x; /* the tile's first row */
    size_t stride; /* bytes between rows */
    const char *b;
    size_t ldb; /* bytes between the parts of B that two steps read */
    size_t n_step;
    struct prefetch prefetch;
    float *y;
    size_t ldy;
    size_t width;      /* columns to store, at most PANEL */
    const float *bias; /* [width], or NULL */
    const float
        *row_scale; /* [rows]: in_scratch: multiplies each row by it instead of adding a bias */
};

/* job->ldb, as a compile-time constant where the source determines it. */
INLINE size_t tile_ldb(const enum source source, const struct tile_job *job)
{
    return in_scratch(source) ? job->ldb : line_of(source);
}

/* How many of a panel's first n columns are in vector v or later ones. Branch-free. */
INLINE size_t lanes_left(size_t n, int v)
{
    size_t before = (size_t)v * LANES;
    return (n > before ? n : before) - before;
}

/* What storing needs and all rows share: for each vector, the number of columns to store, and the
 * bias or 0. */
struct edge {
    size_t left[VECTORS];
    vf bias[VECTORS];
};

/* width: job->width, passed separately so that it can be a compile-time constant. */
INLINE struct edge edge_of(const struct tile_job *job, size_t width)
{
    struct edge edge;
    UNROLL
    for (int v = 0; v < VECTORS; v++) {
        edge.left[v] = lanes_left(width, v);
        edge.bias[v] = vf_zero();
        if (job->bias != NULL)
            edge.bias[v] = vf_load_n(job->bias + v * LANES, edge.left[v]);
    }
    return edge;
}

/* Float accumulators. */
struct tile {
    vf acc[TILE_ROWS][VECTORS];
};

INLINE void tile_clear(struct tile *t, const int rows)
{
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < VECTORS; v++)
            t->acc[r][v] = vf_zero();
    }
}

INLINE void store_columns(const struct tile *t, const int rows, const bool scaled,
                          const struct tile_job *job, size_t width)
{
    const struct edge edge = edge_of(job, width);
    UNROLL
    for (int r = 0; r < rows; r++) {
        float *y = job->y + (size_t)r * job->ldy;
        UNROLL
        for (int v = 0; v < VECTORS; v++) {
            vf sum = t->acc[r][v];
            vf_store_n(y + v * LANES, edge.left[v],
                       scaled ? vf_mul(sum, vf_set(job->row_scale[r])) : vf_add(sum, edge.bias[v]));
        }
    }
}

/* Nearly all panels are full; those are stored without a check per column. */
INLINE void tile_store(const struct tile *t, const int rows, const bool scaled,
                       const struct tile_job *job)
{
    if (job->width == PANEL)
        store_columns(t, rows, scaled, job, PANEL);
    else
        store_columns(t, rows, scaled, job, job->width);
}

/* Applies the activation to a tile just stored, still in the first-level cache. The last row may be
 * in a group twice; both copies have the same value. */
static void activate(enum t2v_act act, size_t rows, const struct tile_job *job)
{
    for (size_t r = 0; r < rows; r += WIDE / VECTORS) {
        float *at[WIDE];
        struct wide x;
        EACH
        {
            size_t row = r + (size_t)(k / VECTORS), last = rows - 1;
            at[k] = job->y + (row < last ? row : last) * job->ldy + k % VECTORS * LANES;
            x.of[k] = vf_load_n(at[k], lanes_left(job->width, k % VECTORS));
        }
        x = wide_act(act, x);
        EACH vf_store_n(at[k], lanes_left(job->width, k % VECTORS), x.of[k]);
    }
}

typedef void tile_fn(const struct tile_job *job);

/* The tile functions of a form, indexed by the number of rows. */
struct tiles {
    size_t inputs; /* inputs per step */
    size_t line;   /* bytes of a panel per step */
    tile_fn *of[TILE_ROWS + 1];
};

/* The height of the next tile: as few tiles as possible, of nearly equal height. With TILE_ROWS 6,
 * 8 rows become 4 + 4, not 6 + 2. */
static inline size_t next_height(size_t rows_left)
{
    size_t n_tile = (rows_left + TILE_ROWS - 1) / TILE_ROWS;
    return (rows_left + n_tile - 1) / n_tile;
}

/* A linear layer by a form's tiles. The outer loop is over panels, so that each panel is read from
 * memory once. */
static void over_panels(const struct tiles *tiles, const struct t2v_linear_call *call)
{
    const struct t2v_linear *layer = call->layer;
    size_t n_tile = (call->n_row + TILE_ROWS - 1) / TILE_ROWS;
    size_t n_prefetch = n_tile < PREFETCH_TILES ? n_tile : PREFETCH_TILES;
    size_t n_step = (layer->n_in + tiles->inputs - 1) / tiles->inputs;
    size_t panel_bytes = layer->form->panel_bytes(layer->n_in);
    for (size_t c = call->begin; c < call->end; c += PANEL) {
        const char *panel = t2v_linear_panel(layer, c);
        struct tile_job job = {
            .stride = call->stride,
            .b = panel,
            .ldb = tiles->line,
            .n_step = n_step,
            .prefetch = {panel + panel_bytes, tiles->line / n_prefetch},
            .ldy = call->ldy,
            .width = call->end - c < PANEL ? call->end - c : PANEL,
            .bias = layer->bias != NULL ? layer->bias + c : NULL,
        };
        for (size_t row = 0, rows, n = 0; row < call->n_row; row += rows, n++) {
            rows = next_height(call->n_row - row);
            if (n == n_prefetch)
                job.prefetch.step = 0;
            job.x = (const char *)call->x + row * call->stride;
            job.y = call->y + row * call->ldy + c;
            tiles->of[rows](&job);
            job.prefetch.ptr += job.prefetch.step * n_step;
            if (call->act != T2V_ACT_NONE)
                activate(call->act, rows, &job);
        }
    }
}

#endif
