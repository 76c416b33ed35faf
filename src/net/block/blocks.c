/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdint.h>

#include "net/family.h"

#include "base/banned.h"

/* One head's queries are cut into blocks where there are fewer than so many heads to a lane, so
 * that a long sequence occupies the whole team; but into none of fewer than so many rows, since its
 * keys are packed for each. */
enum { ITEMS_OF_LANE = 4, QUERY_BLOCK = 128 };

void t2v_block_rows(const struct t2v_run *run, size_t *begin, size_t *end)
{
    t2v_lane_share(run->lane, run->seqs->n_tok, 1, begin, end);
}

void t2v_block_embed(const struct t2v_run *run, const struct t2v_tensor *table, size_t n, float *y)
{
    size_t begin, end;
    t2v_block_rows(run, &begin, &end);
    for (size_t t = begin; t < end; t++)
        t2v_tensor_f32(table, (size_t)run->seqs->ids[t] * n, n, y + t * n);
    t2v_lane_barrier(run->lane);
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
    if (run->packing != NULL)
        t2v_pack_on_the_way(run, layer, x);
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

void t2v_block_feed(const struct t2v_run *run, const struct t2v_linear *up,
                    const struct t2v_linear *down, enum t2v_act act, bool gated, const float *x,
                    float *y)
{
    t2v_scratch *s = run->scratch;
    size_t n_tok = run->seqs->n_tok;
    for (size_t at = 0; at < n_tok; at += T2V_FEED_TOK) {
        /* The blocks below look at nothing of the sequences but how many rows there are. */
        struct t2v_seqs part = {.n_tok = n_tok - at < T2V_FEED_TOK ? n_tok - at : T2V_FEED_TOK};
        struct t2v_run some = *run;
        some.seqs = &part;
        t2v_block_linear(&some, up, gated ? T2V_ACT_NONE : act, x + at * up->n_in,
                         gated ? s->gate : s->inter);
        if (gated)
            t2v_block_gate(&some, act, s->gate, down->n_in, s->inter);
        t2v_block_linear(&some, down, T2V_ACT_NONE, s->inter, y + at * down->n_out);
    }
}

struct t2v_heads t2v_heads_plain(const struct t2v_shape *shape)
{
    return (struct t2v_heads){
        .heads = shape->heads,
        .kv_heads = shape->heads,
        .head_dim = shape->head_dim,
        .before = SIZE_MAX,
        .after = SIZE_MAX,
        .scale = 1.0f / sqrtf((float)shape->head_dim),
    };
}

/* Rows of a block of queries, for a sequence of n_tok. Where they see few keys before them, the
 * order of their sums depends on where the block begins, so that must not depend on the team. */
static size_t query_block(const struct t2v_run *run, const struct t2v_heads *how, size_t n_tok)
{
    size_t wanted = ((size_t)run->lane->n * ITEMS_OF_LANE + how->heads - 1) / how->heads;
    size_t block = (n_tok + wanted - 1) / wanted;
    return how->before == SIZE_MAX && block > QUERY_BLOCK ? block : QUERY_BLOCK;
}

/* One head of the sequence that begins in qkv and has call->n_key tokens: n queries from `first`
 * on. */
static void attend(const struct t2v_run *run, const struct t2v_heads *how, size_t head,
                   size_t first, size_t n, const float *qkv, float *out, struct t2v_attention *call)
{
    size_t dim = how->head_dim;
    call->q = qkv + first * call->ld + head * dim;
    call->k = qkv + (how->heads + head / (how->heads / how->kv_heads)) * dim;
    call->v = call->k + how->kv_heads * dim;
    call->n_query = n;
    call->query_at = first;
    if (how->relative != NULL)
        call->bias = t2v_relative_at(how->relative, head) - first;
    call->out = out + first * call->ld_out + head * dim;
    run->kernels->attention(call);
}

void t2v_block_attention(const struct t2v_run *run, const struct t2v_heads *how, const float *qkv,
                         float *out)
{
    const struct t2v_seqs *seqs = run->seqs;
    size_t turn = 0;
    struct t2v_attention call = {
        .ld = (how->heads + 2 * how->kv_heads) * how->head_dim,
        .head_dim = how->head_dim,
        .before = how->before,
        .after = how->after,
        .scale = how->scale,
        .ld_out = how->heads * how->head_dim,
        .scratch = run->scratch->lanes + (size_t)run->lane->rank * run->scratch->lane_len,
    };
    for (size_t s = 0; s < seqs->n_seq; s++) {
        size_t start = seqs->start[s], n_tok = seqs->start[s + 1] - start, n;
        size_t block = query_block(run, how, n_tok);
        call.n_key = n_tok;
        for (size_t first = 0; first < n_tok; first += n) {
            n = n_tok - first < block ? n_tok - first : block;
            for (size_t h = 0; h < how->heads; h++) {
                if (turn++ % (size_t)run->lane->n == (size_t)run->lane->rank)
                    attend(run, how, h, first, n, qkv + start * call.ld, out + start * call.ld_out,
                           &call);
            }
        }
    }
    t2v_lane_barrier(run->lane);
}
