/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/block/attention.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "net/kv.h"

#include "base/banned.h"

/* Splits a head's queries into blocks when a lane would get fewer than ITEMS_OF_LANE items, so that
 * a long sequence occupies the whole team; but never below QUERY_BLOCK rows, since every block
 * packs the keys again. */
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

/* Rows of a block of queries, for a sequence of n_tok. With a limited `before` the order of sums
 * depends on where a block begins, so the size must not depend on the team. */
static size_t query_block(const struct t2v_run *run, const struct t2v_heads *heads, size_t n_tok)
{
    size_t wanted = ((size_t)run->lane->n * ITEMS_OF_LANE + heads->heads - 1) / heads->heads;
    size_t block = (n_tok + wanted - 1) / wanted;
    return heads->before == SIZE_MAX && block > QUERY_BLOCK ? block : QUERY_BLOCK;
}

/* ALiBi's bias of a call's scores, as t2v_attention.bias. It is written after the scratch that the
 * kernel uses. */
static const float *make_alibi(float slope, const struct t2v_attention *call,
                               const t2v_scratch *scratch)
{
    float *bias = call->scratch + scratch->alibi_at;
    size_t before = call->n_query - 1; /* offsets before that of query 0 and key 0 */
    for (size_t i = 0; i < before + call->n_key; i++)
        bias[i] = slope * ((float)i - (float)(before + call->query_at));
    return bias + before;
}

/* Queries `first` to first + n - 1 of one head. *sequence: the call for head 0 from the sequence's
 * first token. Queries that have no key of their own attend to every key. */
static void attend(const struct t2v_run *run, const struct t2v_heads *heads, size_t head,
                   size_t first, size_t n, const struct t2v_attention *sequence)
{
    size_t dim = heads->head_dim;
    struct t2v_attention call = *sequence;
    call.q += first * call.ld + head * dim;
    call.k += head / (heads->heads / heads->kv_heads) * dim;
    call.v = call.k + heads->kv_heads * dim;
    call.n_query = n;
    call.query_at += first;
    if (call.query_at >= call.n_key) {
        call.query_at = 0;
        call.before = call.after = SIZE_MAX;
    }
    if (heads->slopes != NULL)
        call.bias = make_alibi(heads->slopes[head], &call, run->scratch);
    else if (heads->relative != NULL)
        call.bias = t2v_relative_at(heads->relative, head) - first;
    call.out += first * call.ld_out + head * dim;
    run->kernels->attention(&call);
}

/* Stores keys and values of this lane's rows in the pages of their sequences. */
static void store_rows(const struct t2v_run *run, const struct t2v_heads *heads, size_t layer,
                       const float *qkv)
{
    const struct t2v_seqs *seqs = run->seqs;
    size_t dim = heads->head_dim, ld = (heads->heads + 2 * heads->kv_heads) * dim;
    size_t begin, end, s = 0;
    t2v_block_rows(run, &begin, &end);
    for (size_t t = begin; t < end; t++) {
        size_t at = t2v_block_position(run, t, &s);
        const struct t2v_kv *kv = seqs->past[s];
        const float *key = qkv + t * ld + heads->heads * dim, *value = key + heads->kv_heads * dim;
        for (size_t h = 0; h < heads->kv_heads && kv != NULL; h++) {
            const struct t2v_kv_head head = {
                .offset = t2v_page_offset(layer, heads->kv_heads, h, dim, run->half_kv),
                .head_dim = dim,
                .key_panel = run->kernels->key_panel,
                .half = run->half_kv,
            };
            t2v_kv_store(kv, &head, at, key + h * dim, value + h * dim);
        }
    }
    t2v_lane_barrier(run->lane);
}

/* Queries `first` to first + n - 1 of a sequence with a past, of one head; one query: of all heads
 * from that one on that share its keys. */
static void attend_past(const struct t2v_run *run, const struct t2v_heads *heads, size_t layer,
                        size_t head, struct t2v_past_attention call, size_t first, size_t n)
{
    size_t dim = heads->head_dim, group = heads->heads / heads->kv_heads;
    bool one = n == 1;
    call.q += first * call.ld + head * dim;
    call.out += first * call.ld_out + head * dim;
    call.offset = t2v_page_offset(layer, heads->kv_heads, head / group, dim, run->half_kv);
    call.at += first;
    call.step = one ? 0 : 1;
    call.n_row = one ? group : n;
    call.ld = one ? dim : call.ld;
    call.ld_out = one ? dim : call.ld_out;
    call.slopes = heads->slopes != NULL ? heads->slopes + head : NULL;
    run->kernels->past_attention(&call);
}

/* Queries of a sequence with a past that are computed together: always from a multiple of this, so
 * that lanes get many. */
enum { PAST_BLOCK = 32 };

/* *item counts heads and blocks of queries, of which the lanes take turns. */
static void attend_sequence(const struct t2v_run *run, const struct t2v_heads *heads, size_t layer,
                            size_t s, const float *qkv, float *out, size_t *item)
{
    const struct t2v_seqs *seqs = run->seqs;
    const struct t2v_kv *kv = seqs->past[s];
    size_t start = seqs->start[s], n_tok = seqs->start[s + 1] - start, dim = heads->head_dim;
    const size_t ld = (heads->heads + 2 * heads->kv_heads) * dim, ld_out = heads->heads * dim;
    const struct t2v_past_attention call = {
        .q = qkv + start * ld,
        .ld = ld,
        .at = kv->n_tok,
        .head_dim = dim,
        .before = heads->before,
        .scale = heads->scale,
        .pages = kv->pages,
        .half = run->half_kv,
        .out = out + start * ld_out,
        .ld_out = ld_out,
        .scratch = run->scratch->lanes + (size_t)run->lane->rank * run->scratch->lane_len,
    };
    for (size_t first = 0; first < n_tok; first += PAST_BLOCK) {
        size_t n = n_tok - first < PAST_BLOCK ? n_tok - first : PAST_BLOCK;
        size_t together = n == 1 ? heads->heads / heads->kv_heads : 1;
        for (size_t head = 0; head < heads->heads; head += together) {
            if ((*item)++ % (size_t)run->lane->n == (size_t)run->lane->rank)
                attend_past(run, heads, layer, head, call, first, n);
        }
    }
}

/* The part of `call` that all heads and queries of sequence s, which has no past, share. */
static void set_sequence(const struct t2v_run *run, const struct t2v_heads *heads, size_t s,
                         const float *qkv, float *out, struct t2v_attention *call)
{
    const struct t2v_seqs *seqs = run->seqs;
    size_t start = seqs->start[s];
    call->q = qkv + start * call->ld;
    call->out = out + start * call->ld_out;
    call->k = call->q + heads->heads * heads->head_dim;
    call->ld_kv = call->ld;
    call->query_at = 0;
    call->n_key = seqs->start[s + 1] - start;
    if (seqs->unseen != NULL)
        call->n_key -= seqs->unseen[s];
}

/* How many queries from `first` on are computed together. */
static size_t next_queries(const struct t2v_attention *sequence, size_t first, size_t n_tok,
                           size_t block)
{
    size_t n_seen = sequence->n_key - sequence->query_at;
    size_t left = first < n_seen ? n_seen - first : n_tok - first;
    size_t most = first < n_seen || block < n_seen ? block : n_seen;
    return left < most ? left : most;
}

void t2v_block_attention(const struct t2v_run *run, const struct t2v_heads *heads, size_t layer,
                         const float *qkv, float *out)
{
    const struct t2v_seqs *seqs = run->seqs;
    size_t item = 0;
    struct t2v_attention call = {
        .ld = (heads->heads + 2 * heads->kv_heads) * heads->head_dim,
        .head_dim = heads->head_dim,
        .before = heads->before,
        .after = heads->after,
        .scale = heads->scale,
        .ld_out = heads->heads * heads->head_dim,
        .scratch = run->scratch->lanes + (size_t)run->lane->rank * run->scratch->lane_len,
    };
    if (seqs->past != NULL)
        store_rows(run, heads, layer, qkv);
    for (size_t s = 0; s < seqs->n_seq; s++) {
        size_t n_tok = seqs->start[s + 1] - seqs->start[s], n;
        size_t block = query_block(run, heads, n_tok);
        if (seqs->past != NULL && seqs->past[s] != NULL) {
            attend_sequence(run, heads, layer, s, qkv, out, &item);
            continue;
        }
        set_sequence(run, heads, s, qkv, out, &call);
        for (size_t first = 0; first < n_tok; first += n) {
            n = next_queries(&call, first, n_tok, block);
            for (size_t h = 0; h < heads->heads; h++) {
                if (item++ % (size_t)run->lane->n == (size_t)run->lane->rank)
                    attend(run, heads, h, first, n, &call);
            }
        }
    }
    t2v_lane_barrier(run->lane);
}
