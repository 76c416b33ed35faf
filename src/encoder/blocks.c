/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>

#include "encoder/family.h"

#include "base/banned.h"

/* Queries of one head are dealt out in blocks of so many rows, so that one long sequence occupies
 * the whole team and scores never take quadratic memory. */
enum { QUERY_BLOCK = 128 };

void t2v_block_rows(const struct t2v_run *run, size_t *begin, size_t *end)
{
    t2v_lane_share(run->lane, run->seqs->n_tok, 1, begin, end);
}

/* This lane's rows as the layer's form reads them, in the scratch. */
static void make_rows(const struct t2v_run *run, const struct t2v_linear *layer, const float *x,
                      size_t stride)
{
    size_t begin, end;
    t2v_block_rows(run, &begin, &end);
    layer->form->rows(layer, x + begin * layer->n_in, layer->n_in, end - begin,
                      run->scratch->rows + begin * stride);
    t2v_lane_barrier(run->lane);
}

void t2v_block_linear(const struct t2v_run *run, const struct t2v_linear *layer, enum t2v_act act,
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
    /* Packed weights are dealt out panel by panel; OpenBLAS wants few and large calls. */
    size_t n_panel = (layer->n_out + form->panel - 1) / form->panel;
    size_t n_item = form->plain ? (size_t)run->lane->n : n_panel, i;
    while (t2v_lane_take(run->lane, n_item, &i)) {
        size_t begin = n_panel * i / n_item * form->panel;
        size_t end = n_panel * (i + 1) / n_item * form->panel;
        end = end < layer->n_out ? end : layer->n_out;
        form->linear(layer, act, rows, stride, run->seqs->n_tok, begin, end, y, layer->n_out);
    }
    t2v_lane_barrier(run->lane);
}

void t2v_block_norm(const struct t2v_run *run, float *x, const float *add, size_t n,
                    const struct t2v_norm *norm, float eps, float *y)
{
    t2v_norm_fn *fn = norm->rms ? run->kernels->rms_norm : run->kernels->layer_norm;
    size_t begin, end;
    t2v_block_rows(run, &begin, &end);
    fn(x + begin * n, add != NULL ? add + begin * n : NULL, end - begin, n, norm->gamma, norm->beta,
       eps, y + begin * n);
    t2v_lane_barrier(run->lane);
}

void t2v_block_gate(const struct t2v_run *run, enum t2v_act act, const float *ab, size_t n,
                    float *y)
{
    size_t begin, end;
    t2v_block_rows(run, &begin, &end);
    run->kernels->gate(act, ab + begin * 2 * n, end - begin, n, y + begin * n);
    t2v_lane_barrier(run->lane);
}

void t2v_block_attention(const struct t2v_run *run, const float *qkv, size_t heads, size_t head_dim,
                         float scale, const struct t2v_relative *relative, float *out)
{
    const struct t2v_seqs *seqs = run->seqs;
    size_t hidden = heads * head_dim, turn = 0;
    struct t2v_attention call = {
        .ld = 3 * hidden,
        .head_dim = head_dim,
        .before = SIZE_MAX,
        .after = SIZE_MAX,
        .scale = scale,
        .ld_out = hidden,
        .scratch = run->scratch->lanes + (size_t)run->lane->rank * run->scratch->lane_len,
    };
    for (size_t s = 0; s < seqs->n_seq; s++) {
        size_t first = seqs->start[s], len = seqs->start[s + 1] - first;
        for (size_t block = 0; block < len; block += QUERY_BLOCK) {
            for (size_t h = 0; h < heads; h++) {
                if (turn++ % (size_t)run->lane->n != (size_t)run->lane->rank)
                    continue;
                const float *head = qkv + first * call.ld + h * head_dim;
                call.q = head + block * call.ld;
                call.k = head + hidden;
                call.v = head + 2 * hidden;
                call.n_query = len - block < QUERY_BLOCK ? len - block : QUERY_BLOCK;
                call.n_key = len;
                call.query_at = block;
                if (relative->bias != NULL)
                    call.bias = t2v_relative_at(relative, h) - block;
                call.out = out + (first + block) * hidden + h * head_dim;
                run->kernels->attention(&call);
            }
        }
    }
    t2v_lane_barrier(run->lane);
}
