/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_VECTOR_INT8_H
#define T2V_KERNEL_VECTOR_INT8_H
/*
 * Linear layers in int8, int8_fine or int16, see c/int8.h. The includer defines FORM_INT8, the
 * form's symbol; ROWS_INT8, the function that quantises rows, and ROW_BYTES_INT8 if these are not
 * those of int8; WEIGHT, the type of a weight; GROUP and PAIRS, see struct int8_layout; and the
 * tile: struct int8_tile, int8_mul, and int8_acc, the accumulators of row r and vector v
 * (x86/int8_mul.h is one such set).
 */
#include "kernel/c/int8.h"
#include "kernel/vector/tile.h"

#ifndef ROW_BYTES_INT8
#define ROW_BYTES_INT8 t2v_row_bytes_int8
#endif

static const struct int8_layout layout = {
    .bytes = sizeof(WEIGHT), .width = PANEL, .group = GROUP, .pairs = PAIRS};

/* LANES results of a row. scale: these columns' entries in the panel, from INT8_SCALE on. */
INLINE vf int8_value(const struct int8_row *row, vi sum, const float *scale, vf bias)
{
    vf y = vf_fma(vf_set(row->min), vf_load(scale + INT8_SUM * PANEL), bias);
    vf by = vf_mul(vf_set(row->scale), vf_load(scale + INT8_SCALE * PANEL));
    y = vf_fma(vf_of_ints(sum), by, y);
    UNROLL
    for (size_t k = 0; k < T2V_OUTLIERS; k++)
        y = vf_fma(vf_set(row->outlier[k]), vf_load(scale + (INT8_OUTLIER + k) * PANEL), y);
    return y;
}

INLINE void int8_store(const struct int8_tile *t, const int rows, const struct tile_job *job)
{
    const struct edge edge = edge_of(job, job->width);
    const float *scale = (const void *)(job->b + job->n_step * job->ldb);
    UNROLL
    for (int r = 0; r < rows; r++) {
        const struct int8_row *row = (const void *)((const char *)job->x + (size_t)r * job->stride);
        float *y = job->y + (size_t)r * job->ldy;
        UNROLL
        for (int v = 0; v < VECTORS; v++) {
            vf value = int8_value(row, int8_acc(t, r, v), scale + v * LANES, edge.bias[v]);
            vf_store_n(y + v * LANES, edge.left[v], value);
        }
    }
}

#define TILE(KIND, ROWS)                                                                           \
    static void tile_##ROWS(const struct tile_job *job)                                            \
    {                                                                                              \
        struct int8_tile t;                                                                        \
        int8_mul(&t, ROWS, (const char *)job->x + sizeof(struct int8_row), job->stride, job->b,    \
                 job->n_step, job->prefetch);                                                      \
        int8_store(&t, ROWS, job);                                                                 \
    }
#define TILE_NAME(KIND, ROWS) tile_##ROWS,
EACH_HEIGHT(TILE, )
static const struct tiles tiles = {
    GROUP, PANEL *GROUP * sizeof(WEIGHT), {NULL, EACH_HEIGHT(TILE_NAME, )}};

static void linear(const struct t2v_linear_call *call)
{
    over_panels(&tiles, call);
}

static size_t panel_bytes(size_t n_in)
{
    return int8_panel_bytes(&layout, n_in);
}

static void pack(const struct t2v_linear *layer, const float *plain, size_t n_col, void *panel)
{
    int8_pack(&layout, layer, plain, n_col, panel);
}

const struct t2v_form FORM_INT8 = {
    .name = sizeof(WEIGHT) == 1 ? "int8" : "int16",
    .panel = PANEL,
    .takes_outliers = true,
    .panel_bytes = panel_bytes,
    .max_in = INT8_MAX_IN,
    .pack = pack,
    .row_bytes = ROW_BYTES_INT8,
    .rows = ROWS_INT8,
    .linear = linear,
};

#endif
