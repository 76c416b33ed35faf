/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/block/attention.h"

#include <math.h>
#include <stdint.h>

#include "base/banned.h"

/* One head's queries are cut into blocks where there are fewer than so many heads to a lane, so
 * that a long sequence occupies the whole team; but into none of fewer than so many rows, since its
 * keys are packed for each. */
enum { ITEMS_OF_LANE = 4, QUERY_BLOCK = 128 };

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
