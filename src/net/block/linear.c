/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/block/linear.h"

#include "base/banned.h"

void t2v_block_embed(const struct t2v_run *run, const struct t2v_tensor *table, size_t n, float *y)
{
    size_t begin, end;
    t2v_block_rows(run, &begin, &end);
    for (size_t t = begin; t < end; t++)
        t2v_tensor_f32(table, (size_t)run->seqs->ids[t] * n, n, y + t * n);
    t2v_lane_barrier(run->lane);
}

void t2v_block_positions(const struct t2v_run *run, const struct t2v_tensor *table, size_t n,
                         float *y)
{
    size_t begin, end, s = 0;
    t2v_block_rows(run, &begin, &end);
    for (size_t t = begin; t < end; t++) {
        size_t at = t2v_block_position(run, t, &s);
        t2v_tensor_f32(table, at * n, n, y + t * n);
    }
    t2v_lane_barrier(run->lane);
}

/* Converts this lane's rows of x for the layer's form, into the scratch. */
static void make_rows(const struct t2v_run *run, const struct t2v_linear *layer, const float *x,
                      size_t stride)
{
    size_t begin, end;
    t2v_block_rows(run, &begin, &end);
    layer->form->rows(layer, x + begin * layer->n_in, layer->n_in, end - begin,
                      run->scratch->rows + begin * stride);
    t2v_lane_barrier(run->lane);
}

void t2v_linear_run(const struct t2v_run *run, const struct t2v_linear *layer, enum t2v_act act,
                    const float *x, float *y)
{
    const struct t2v_form *form = layer->form;
    const void *rows = x;
    size_t stride = layer->n_in * sizeof *x;
    if (form->rows != NULL) {
        rows = run->scratch->rows;
        stride = form->row_bytes(layer->n_in);
        make_rows(run, layer, x, stride);
    }
    /* Lanes take packed weights panel by panel; OpenBLAS is faster with few large calls. */
    size_t n_panel = (layer->n_out + form->panel - 1) / form->panel;
    size_t n_item = form->plain ? (size_t)run->lane->n : n_panel, i;
    while (t2v_lane_take(run->lane, n_item, &i)) {
        size_t begin = n_panel * i / n_item * form->panel;
        size_t end = n_panel * (i + 1) / n_item * form->panel;
        end = end < layer->n_out ? end : layer->n_out;
        const struct t2v_linear_call call = {
            .layer = layer,
            .act = act,
            .x = rows,
            .stride = stride,
            .n_row = run->seqs->n_tok,
            .begin = begin,
            .end = end,
            .y = y,
            .ldy = layer->n_out,
        };
        form->linear(&call);
    }
    t2v_lane_barrier(run->lane);
}
