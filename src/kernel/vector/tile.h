/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_VECTOR_TILE_H
#define T2V_KERNEL_VECTOR_TILE_H
/*
 * One tile does all the multiplying: up to TILE_ROWS rows of A times a panel of PANEL columns of B,
 * every sum in a register over the whole inner dimension. Here is how rows are cut into tiles,
 * where a tile goes, and the loop over panels, which is the same for whatever is multiplied. A file
 * that includes this has said TILE_ROWS, and EACH_HEIGHT, which is its HEIGHTS_n.
 */
#include "kernel/vector/act.h"

/* Weights are asked for before they are needed. With AHEAD > 0 tiles ask for what is AHEAD bytes
 * behind what they are multiplying with; otherwise a panel's first tiles ask for the next panel,
 * each for its part and evenly, some lines more than once: the processor forgets what it has no
 * room for at the moment. */
enum { TILES_THAT_ASK = 4 };
struct ahead {
    const char *ptr;
    size_t step; /* bytes for each of a tile's steps; 0: nothing is wanted */
};

/* Bytes of a panel for one input. */
INLINE size_t line_of(const enum source source)
{
    return PANEL * (source == F16 || source == BF16 ? sizeof(uint16_t) : sizeof(float));
}

/* line: the bytes of B, at b, in this step. */
INLINE void ask(struct ahead *ahead, const char *b, size_t line)
{
    if (AHEAD > 0) {
        for (size_t at = 0; at < line; at += 64)
            __builtin_prefetch(b + AHEAD + at, 0, 3);
    } else if (ahead->step != 0) {
        __builtin_prefetch(ahead->ptr, 0, 2);
        ahead->ptr += ahead->step;
    }
}

/* What a tile multiplies, and where it goes. */
struct tile_job {
    const void *x; /* the tile's first row */
    size_t stride; /* bytes from one to the next */
    const char *b;
    size_t ldb; /* bytes from a step's part of B to the next */
    size_t n_step;
    struct ahead ahead;
    float *y;
    size_t ldy;
    size_t width;      /* columns of the panel that are wanted */
    const float *bias; /* of these columns, or NULL */
    const float *by;   /* of NEAR: what each row is multiplied by, instead */
};

/* How many of a panel's first n columns the vector v and those behind it have; no branch. */
INLINE size_t from_vector(size_t n, int v)
{
    size_t before = (size_t)v * LANES;
    return (n > before ? n : before) - before;
}

/* What a tile's rows have in common when they are stored: of each vector, the columns that are
 * wanted, and the bias or 0. */
struct edge {
    size_t left[VECTORS];
    vf bias[VECTORS];
};

/* width: job->width, as a constant where the compiler is to know it. */
INLINE struct edge edge_of(const struct tile_job *job, size_t width)
{
    struct edge edge;
    UNROLL
    for (int v = 0; v < VECTORS; v++) {
        edge.left[v] = from_vector(width, v);
        edge.bias[v] = vf_zero();
        if (job->bias != NULL)
            edge.bias[v] = vf_load_n(job->bias + v * LANES, edge.left[v]);
    }
    return edge;
}

/* A tile of float sums. */
struct tile {
    vf sum[TILE_ROWS][VECTORS];
};

INLINE void tile_clear(struct tile *t, const int rows)
{
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < VECTORS; v++)
            t->sum[r][v] = vf_zero();
    }
}

INLINE void store_columns(const struct tile *t, const int rows, const bool near,
                          const struct tile_job *job, size_t width)
{
    const struct edge edge = edge_of(job, width);
    UNROLL
    for (int r = 0; r < rows; r++) {
        float *y = job->y + (size_t)r * job->ldy;
        UNROLL
        for (int v = 0; v < VECTORS; v++) {
            vf sum = t->sum[r][v];
            vf_store_n(y + v * LANES, edge.left[v],
                       near ? vf_mul(sum, vf_set(job->by[r])) : vf_add(sum, edge.bias[v]));
        }
    }
}

/* Nearly all panels are whole: then nothing is asked of a column. */
INLINE void tile_store(const struct tile *t, const int rows, const bool near,
                       const struct tile_job *job)
{
    if (job->width == PANEL)
        store_columns(t, rows, near, job, PANEL);
    else
        store_columns(t, rows, near, job, job->width);
}

/* The activation over a tile that has just been stored, and is still in the first cache. The last
 * row may come twice in one group: it is stored twice alike. */
static void activate(enum t2v_act act, size_t rows, const struct tile_job *job)
{
    for (size_t r = 0; r < rows; r += WIDE / VECTORS) {
        float *at[WIDE];
        struct wide x;
        EACH
        {
            size_t row = r + (size_t)(k / VECTORS), last = rows - 1;
            at[k] = job->y + (row < last ? row : last) * job->ldy + k % VECTORS * LANES;
            x.of[k] = vf_load_n(at[k], from_vector(job->width, k % VECTORS));
        }
        x = wide_act(act, x);
        EACH vf_store_n(at[k], from_vector(job->width, k % VECTORS), x.of[k]);
    }
}

/* A tile of so many rows. */
typedef void tile_fn(const struct tile_job *job);

/* The tiles of a form, by their rows. */
struct tiles {
    size_t inputs; /* that a step multiplies */
    size_t line;   /* bytes of a panel for them */
    tile_fn *of[TILE_ROWS + 1];
};

/* The height of the next tile: rows are cut into as few as can be, of nearly equal height (of at
 * most six, 8 are cut into 4 + 4, not 6 + 2). */
static inline size_t next_height(size_t rows_left)
{
    size_t n_tile = (rows_left + TILE_ROWS - 1) / TILE_ROWS;
    return (rows_left + n_tile - 1) / n_tile;
}

/* t2v_linear_fn by a form's tiles. Panels outside, rows inside: a panel's weights are read from
 * afar once. */
static void over_panels(const struct tiles *tiles, const struct t2v_linear *layer, enum t2v_act act,
                        const void *x, size_t stride, size_t n_row, size_t begin, size_t end,
                        float *y, size_t ldy)
{
    size_t n_tile = (n_row + TILE_ROWS - 1) / TILE_ROWS;
    size_t n_ask = n_tile < TILES_THAT_ASK ? n_tile : TILES_THAT_ASK;
    size_t n_step = (layer->n_in + tiles->inputs - 1) / tiles->inputs;
    size_t panel_bytes = layer->form->panel_bytes(layer->n_in);
    for (size_t c = begin; c < end; c += PANEL) {
        const char *panel = t2v_linear_panel(layer, c);
        struct tile_job job = {
            .stride = stride,
            .b = panel,
            .ldb = tiles->line,
            .n_step = n_step,
            .ahead = {panel + panel_bytes, tiles->line / n_ask},
            .ldy = ldy,
            .width = end - c < PANEL ? end - c : PANEL,
            .bias = layer->bias != NULL ? layer->bias + c : NULL,
        };
        for (size_t row = 0, rows, n = 0; row < n_row; row += rows, n++) {
            rows = next_height(n_row - row);
            if (n == n_ask)
                job.ahead.step = 0;
            job.x = (const char *)x + row * stride;
            job.y = y + row * ldy + c;
            tiles->of[rows](&job);
            job.ahead.ptr += job.ahead.step * n_step;
            if (act != T2V_ACT_NONE)
                activate(act, rows, &job);
        }
    }
}

#endif
